"""What looks wrong and is right: no error and no warning. Each script is one way people write it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SWITCHES = {
    "train(False) and train(True)": """
        def fit(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(9):
                model.train(True)
                for batch in loader:
                    step(model, batch, optimizer)
                model.train(False)
                with torch.no_grad():
                    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader)
                print(hits)
    """,
    "train(mode=flag)": """
        def run(model, loader, optimizer, learn):
            model.train(mode=learn)
            for x, y in loader:
                with torch.set_grad_enabled(learn):
                    loss = F.cross_entropy(model(x), y)
                if learn:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()

        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                run(model, loader, optimizer, learn=True)
                run(model, val_loader, optimizer, learn=False)
    """,
    "saved and given back": """
        def validate(model, loader):
            was_training = model.training
            model.eval()
            with torch.no_grad():
                hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
            model.train(was_training)
            return hits

        def main(loader, val_loader, optimizer):
            model = Net()
            for number, batch in enumerate(loader):
                step(model, batch, optimizer)
                if number % 100 == 0:
                    print(validate(model, val_loader))
    """,
    "given back where it was on": """
        def validate(model, loader):
            was_training = model.training
            model.eval()
            with torch.no_grad():
                hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
            if was_training:
                model.train()
            return hits

        def main(loader, val_loader, optimizer):
            model = Net()
            for batch in loader:
                step(model, batch, optimizer)
                print(validate(model, val_loader))
    """,
    "several given back by what a list keeps": """
        def validate(parts, loader):
            kept = []
            for part in parts:
                kept.append(part.net.training)
                part.net.eval()
            with torch.no_grad():
                hits = sum((parts[0].net(x).argmax(1) == y).sum().item() for x, y in loader)
            for part, was_training in zip(parts, kept):
                if was_training:
                    part.net.train()
            return hits

        class Part:
            def __init__(self):
                self.net = Net()

        def main(loader, val_loader, optimizer):
            parts = [Part()]
            for batch in loader:
                step(parts[0].net, batch, optimizer)
                print(validate(parts, val_loader))
    """,
    "given back in finally": """
        def validate(model, loader):
            model.eval()
            try:
                for x, y in loader:
                    if x is None:
                        return 0
                    print(model(x).argmax(1))
            finally:
                model.train()

        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                for batch in loader:
                    step(model, batch, optimizer)
                validate(model, val_loader)
    """,
    "a context manager that gives it back": """
        @contextlib.contextmanager
        def evaluating(model):
            before = model.training
            try:
                model.eval()
                yield
            finally:
                model.train(before)

        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                for batch in loader:
                    step(model, batch, optimizer)
                with evaluating(model), torch.no_grad():
                    for x, y in val_loader:
                        print(model(x).argmax(1))
    """,
    "a decorator that gives it back": """
        def in_eval(function):
            def wrapper(model, *args):
                model.eval()
                result = function(model, *args)
                model.train()
                return result
            return wrapper

        @in_eval
        @torch.no_grad()
        def validate(model, loader):
            return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                for batch in loader:
                    step(model, batch, optimizer)
                validate(model, val_loader)
    """,
    "a class that gives it back": """
        class Evaluating:
            def __init__(self, model):
                self.model = model
            def __enter__(self):
                self.was = self.model.training
                self.model.eval()
            def __exit__(self, *error):
                self.model.train(self.was)

        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                for batch in loader:
                    step(model, batch, optimizer)
                with Evaluating(model), torch.no_grad():
                    for x, y in val_loader:
                        print(model(x).argmax(1))
    """,
    "a user's own eval and train": """
        def train(model, loader, optimizer):
            model.train()
            for batch in loader:
                step(model, batch, optimizer)

        def eval(model, loader):
            model.eval()
            with torch.no_grad():
                return [model(x).argmax(1) for x, y in loader]

        model = Net()
        for epoch in range(5):
            train(model, train_loader, optimizer)
            eval(model, val_loader)
    """,
    "apply(set_bn_eval)": """
        def set_bn_eval(module):
            if isinstance(module, nn.BatchNorm1d):
                module.eval()

        def main(loader, optimizer):
            model = Net()
            for epoch in range(5):
                model.train()
                model.apply(set_bn_eval)
                for batch in loader:
                    step(model, batch, optimizer)
    """,
    "norms frozen in an override of train": """
        class Frozen(Net):
            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()
                return self

        def main(loader, optimizer):
            model = Frozen()
            model.train()
            for batch in loader:
                step(model, batch, optimizer)
    """,
}


@pytest.mark.parametrize("script", SWITCHES.values(), ids=SWITCHES)
def test_a_mode_that_is_set_in_an_unusual_way(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
