"""The faults as people write them. The comments in a script say what is expected, as in `# MR102 error`.

`# why` marks the line that the evidence points to (besides the finding's own).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding, Severity

STICKS = {
    "functions, the switch in the one that validates": """
        def validate(model, loader):
            model.eval()  # why
            with torch.no_grad():
                for x, y in loader:
                    print(model(x).argmax(1))

        def main(loader, val_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            model.train()
            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(x), y)  # MR102 error
                    loss.backward()
                    optimizer.step()
                validate(model, val_loader)
    """,
    "a trainer": """
        class Trainer:
            def __init__(self, model, optimizer):
                self.model, self.optimizer = model, optimizer

            def fit(self, loader, val_loader):
                self.model.train()
                for epoch in range(10):
                    self.train_epoch(loader)
                    self.validate(val_loader)

            def train_epoch(self, loader):
                for x, y in loader:
                    self.optimizer.zero_grad()
                    F.cross_entropy(self.model(x), y).backward()  # MR102 error
                    self.optimizer.step()

            def validate(self, loader):
                self.model.eval()  # why
                with torch.no_grad():
                    return sum((self.model(x).argmax(1) == y).sum().item() for x, y in loader)

        net = Net()
        Trainer(net, torch.optim.Adam(net.parameters())).fit(loader, val_loader)
    """,
    "the top level": """
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        model.train()
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                output = model(x)  # MR102 error
                loss = F.cross_entropy(output, y)
                loss.backward()
                optimizer.step()
            model.eval()  # why
            with torch.no_grad():
                correct = 0
                for x, y in val_loader:
                    correct += (model(x).argmax(1) == y).sum().item()
    """,
    "in the middle of an epoch": """
        def evaluate(model, loader):
            model.eval()  # why
            with torch.no_grad():
                return [model(x).argmax(1) for x, _ in loader]

        def main(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(3):
                model.train()
                for i, (x, y) in enumerate(loader):
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()  # MR102 error
                    optimizer.step()
                    if i % 100 == 0:
                        evaluate(model, val_loader)
    """,
    "helpers four calls deep": """
        def predict(net, x):
            net.eval()  # why
            with torch.no_grad():
                return net(x).argmax(1)

        def accuracy(net, batch):
            x, y = batch
            return (predict(net, x) == y).float().mean().item()

        def score(net, loader):
            return sum(accuracy(net, batch) for batch in loader)

        def report(net, loader):
            print(score(net, loader))

        def main(loader, val_loader):
            net = Net()
            optimizer = torch.optim.SGD(net.parameters(), 0.1)
            for epoch in range(5):
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(net(x), y).backward()  # MR102 error
                    optimizer.step()
                report(net, val_loader)
    """,
    "nested functions": """
        def main(loader, val_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)

            def validate():
                model.eval()  # why
                with torch.no_grad():
                    return [model(x).argmax(1) for x, _ in val_loader]

            def train():
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()  # MR102 error
                    optimizer.step()

            model.train()
            for epoch in range(9):
                train()
                validate()

        if __name__ == "__main__":
            main(loader, val_loader)
    """,
    "an early return that skips the way back": """
        def validate(model, loader):
            model.eval()  # why
            if loader is None:
                return None  # MR111 error
            with torch.no_grad():
                hits = [model(x).argmax(1) for x, _ in loader]
            model.train()
            return hits

        def main(loader, val_loader, optimizer):
            model = Net()
            model.train()
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()  # why
                    optimizer.step()
                validate(model, val_loader)
    """,
    "an alias that a sampling method switches": """
        class Generator(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = Net()
            def forward(self, x):
                return self.net(x)
            def sample(self, x):
                self.eval()  # why
                with torch.no_grad():
                    return self(x).argmax(1)

        def main(loader, optimizer):
            model = Generator()
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()  # MR102 error
                optimizer.step()
                if i % 1000 == 0:
                    print(model.sample(x))
    """,
    "self.net under another name": """
        class Learner:
            def __init__(self):
                self.net = Net()
                self.optimizer = torch.optim.Adam(self.net.parameters())

            def learn(self, batch):
                net = self.net
                x, y = batch
                self.optimizer.zero_grad()
                F.cross_entropy(net(x), y).backward()  # MR102 error
                self.optimizer.step()

            def act(self, x):
                self.net.eval()  # why
                with torch.no_grad():
                    return self.net(x).argmax(1)

        def main(loader):
            learner = Learner()
            for x, y in loader:
                learner.act(x)
                learner.learn((x, y))
    """,
    "train(False)": """
        def main(loader, val_loader, optimizer):
            model = Net()
            model.train()
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()  # MR102 error
                    optimizer.step()
                model.train(False)  # why
                with torch.no_grad():
                    print([model(x).argmax(1) for x, _ in val_loader])
    """,
    "a decorator that switches the graph off": """
        @torch.no_grad()
        def test(net, loader):
            net.eval()  # why
            return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)

        def main(loader, val_loader, optimizer):
            net = Net()
            for _ in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(net(x), y).backward()  # MR102 error
                    optimizer.step()
                test(net, val_loader)
    """,
}


@pytest.mark.parametrize("script", STICKS.values(), ids=STICKS)
def test_an_eval_that_sticks(script: str, agrees: Callable[[str], bool]):
    assert agrees(script)


def test_the_epoch_that_goes_wrong_is_named(findings: Callable[[str], tuple[Finding, ...]]):
    (finding,) = [f for f in findings(STICKS["a trainer"]) if f.rule == "MR102"]
    assert finding.message == "from the second epoch on, `self.model` trains in eval mode"
    assert finding.function == "Trainer.train_epoch"
    assert finding.evidence[0].text.startswith("switched to EVAL here, in `Trainer.validate` (called at ")
    assert finding.facts == (
        "`self.model` holds BatchNorm1d and Dropout: statistics stop moving, nothing is dropped",
    )


WHEN = {
    "after an evaluation, `model` trains in eval mode": STICKS["in the middle of an epoch"],
    "from the second epoch on, `model` trains in eval mode": STICKS["the top level"],
    "on some path, `model` trains in eval mode": """
        def main(loader, optimizer, frozen):
            model = Net()
            if frozen:
                model.eval()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
    """,
    "`model` trains in eval mode": """
        def main(loader, optimizer):
            model = Net().eval()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
    """,
}


@pytest.mark.parametrize("message", WHEN)
def test_the_message_says_when_it_happens(message: str, findings: Callable[[str], tuple[Finding, ...]]):
    (finding,) = [f for f in findings(WHEN[message]) if f.rule == "MR102"]
    assert (finding.severity, finding.message) == (Severity.ERROR, message)


def test_switches_that_one_train_mends_share_a_finding(findings: Callable[[str], tuple[Finding, ...]]):
    script = """
        def draw(model):
            model.eval()
            print(model(torch.zeros(2, 4)))

        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for epoch in range(9):
            for batch in loader:
                step(model, batch, optimizer)
            model.eval()
            print(model(x_val).argmax(1))
            if epoch % 2:
                draw(model)
    """
    (finding,) = [f for f in findings(script) if f.rule == "MR102"]
    first, second = (line for line, text in enumerate(script.splitlines()) if "model.eval()" in text)
    start = finding.evidence[0].span.line - second
    assert finding.evidence[0].text == "switched to EVAL here"
    assert finding.facts[1] == f"what switches to EVAL at {start + first} does the same"
