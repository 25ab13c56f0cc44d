"""What packages out of view may do with a model, and what still can be told. As in `test_found.py`.

The comments in a script say what is expected, as in `# MR102 error`; nothing else may be found but notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from modereview.records import Finding, Program
from modereview.rules import check

SCRIPTS = {
    "a training loop handed to a profiler": """
        from profiling import measured

        def fit(loader, val_loader, optimizer):
            model = Net()

            def run():
                for x, y in loader:
                    step(model, (x, y), optimizer)
                model.eval()
                with torch.no_grad():
                    for x, y in val_loader:
                        model.train()  # MR106 error
                        print(model(x).argmax(1))

            measured(run)
    """,
    "a scaler that goes backward and steps": """
        from amp import loss_scaler

        def main(loader, val_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for epoch in range(3):
                for x, y in loader:
                    loss_scaler(F.cross_entropy(model(x), y), optimizer)  # MR102 error
                model.eval()  # why
                with torch.no_grad():
                    print([model(x).argmax(1) for x, _ in val_loader])
    """,
    "a decorator that is handed the model": """
        from utils import eval_mode

        def main(loader, val_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)

            @torch.no_grad()
            @eval_mode(model)
            def validate():
                print([model(x).argmax(1) for x, _ in val_loader])

            for epoch in range(3):
                for batch in loader:
                    step(model, batch, optimizer)
                validate()
    """,
    "an optimizer that a helper makes, and a schedule": """
        from solver import build_optimizer, make_lr_scheduler

        def main(loader, val_loader):
            model = Net()
            optimizer = build_optimizer(model)
            scheduler = make_lr_scheduler(model, optimizer)
            for epoch in range(3):
                for x, y in loader:
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                with torch.no_grad():
                    print([model(x).argmax(1) for x, _ in val_loader])  # MR103 error
    """,
    "an optimizer of what the model says it trains": """
        from zoo import build_model

        def main(loader, val_loader):
            teacher, model = Net(), build_model()
            print(sum(p.numel() for p in teacher.parameters()))
            optimizer = torch.optim.SGD(model.get_trainable_parameters(), 0.1)
            for epoch in range(3):
                for x, y in loader:
                    F.cross_entropy(model(x), y).backward()  # MR102 warning
                    optimizer.step()
                model.eval()  # why
                with torch.no_grad():
                    print([model(x).argmax(1) for x, _ in val_loader])
    """,
    "a model of a function with a plain name": """
        def assemble():
            return nn.Sequential(nn.Linear(4, 4), nn.Dropout())

        def evaluate(model, loader):
            model.eval()  # why
            with torch.no_grad():
                print([model(x).argmax(1) for x in loader])

        def main(loader, val_loader):
            model = assemble()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for epoch in range(3):
                for x, y in loader:
                    F.cross_entropy(model(x), y).backward()  # MR102 error
                    optimizer.step()
                evaluate(model, val_loader)  # why
    """,
    "a builder of layers that are counted elsewhere": """
        def define(trial):
            layers = make_layers(trial)
            return nn.Sequential(*layers)

        def objective(trial, loader, val_loader):
            model = define(trial)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for epoch in range(3):
                for x, y in loader:
                    F.cross_entropy(model(x), y).backward()  # MR102 warning
                    optimizer.step()
                model.eval()  # why
                with torch.no_grad():
                    print([model(x).argmax(1) for x in val_loader])
    """,
    "a callback that leaves the mode to others": """
        from engine import Engine

        def main(loader):
            model = Net()

            def evaluate_step(engine, batch):
                with torch.no_grad():
                    return model(batch)

            Engine(evaluate_step).run(loader)
    """,
    "a model of torchvision chosen by name": """
        import torchvision.models as models

        def evaluate(args, loader):
            model = models.__dict__[args.arch](pretrained=True).cuda()
            print([model(x).argmax(1) for x in loader])  # MR101 warning
    """,
    "the same by getattr": """
        import torchvision

        def evaluate(args, loader):
            model = getattr(torchvision.models, args.arch)()
            print([model(x).argmax(1) for x in loader])  # MR101 warning
    """,
    "a pretrained class out of a table arrives in EVAL": """
        from transformers import BertModel, RobertaModel

        def evaluate(args, loader):
            model = {"bert": BertModel, "roberta": RobertaModel}[args.kind].from_pretrained(args.name)
            print([model(x).argmax(1) for x in loader])
    """,
    "a class that only keeps the model": """
        import torchvision.models as models
        from hooks import Hooks

        def evaluate(loader):
            model = models.resnet18()
            hooks = Hooks(model)
            for x in loader:
                print(model(x).argmax(1))  # MR101 warning
    """,
    "a trainer that may switch once it is called": """
        from training import Trainer

        def main(loader):
            model = Net()
            trainer = Trainer(model)
            trainer.evaluate(loader)
            print(model(loader[0]).argmax(1))
    """,
    "models handed on in a list": """
        from helpers import switch_off

        def main(loader):
            first, second = Net(), Net()
            switch_off([first, second])
            print([(first(x) + second(x)).argmax(1) for x in loader])
    """,
    "a wrapper that is switched": """
        from wrappers import Calibrated

        def main(loader):
            net = Net()
            model = Calibrated(net)
            model.eval()
            print([net(x).argmax(1) for x in loader])
    """,
    "what a call makes of a model that was switched": """
        from fusion import fused

        def evaluate(loader):
            model = Net()
            model.eval()
            model = fused(model)
            print([model(x).argmax(1) for x in loader])
    """,
    "a model that a switched model gives": """
        def evaluate(loader):
            model = Net()
            model.eval()
            merged_model = model.merge_and_unload()
            print([merged_model(x).argmax(1) for x in loader])
    """,
    "a method that hands its call on": """
        class Adapter(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model

            @torch.no_grad()
            def generate(self, *args):
                return self.model.generate(*args)
    """,
    "what a wrapper is taken off from": """
        def log_validation(accelerator, model, pipeline):
            with torch.no_grad():
                pipeline(accelerator.unwrap_model(model))
    """,
    "a nested function of a helper that is handed the model": """
        def build_weights(model, loader):
            def embed(x):
                return model(x)

            with torch.no_grad():
                return [embed(x).mean() for x in loader]
    """,
    "a nested function of a module's own method": """
        class Decoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(4, 4)

            def decode(self, x):
                def decode_one(y):
                    return self.lstm(y)

                with torch.no_grad():
                    return decode_one(x)
    """,
    "a hook of a base that may switch": """
        from runner import BaseRunner

        class Runner(BaseRunner):
            def _predict(self, loader):
                return [self.model(x).argmax(1).cpu() for x in loader]
    """,
    "a model tried out on numbers made up": """
        def test():
            net = Net()
            x = torch.randn(2, 4)
            print(net(x).argmax(1))
    """,
    "layers bound side by side are no tuple": """
        class Pair(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second = nn.BatchNorm1d(4), nn.Dropout()

            def forward(self, x):
                return self.first(self.second(x))
    """,
    "a class with forward whose base is elsewhere": """
        from mylib import BaseNetwork

        class Deep(BaseNetwork):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()

            def forward(self, x):
                return self.drop(x)

        def main(loader):
            print([Deep()(x).argmax(1) for x in loader])
    """,
    "a benchmark of inference": """
        from zoo import Segmenter

        def bench_inference(x):
            net = Segmenter().cuda()
            for _ in range(100):
                net(x)  # MR101 warning
    """,
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_out_of_view(script: str, faults: Callable[[str], list[str]]):
    lines = [line.strip() for line in script.splitlines()]
    announced = [f"{found[1]} {line}" for line in lines if (found := re.search(r"# (MR\d+ \w+)$", line))]
    assert faults(script) == announced


LIFETIMES = {
    "predict leaves EVAL to the next fit": ("", "MR102 warning"),
    "fit switches itself": ("self.net.train()", ""),
}


@pytest.mark.parametrize(("first", "expected"), LIFETIMES.values(), ids=LIFETIMES)
def test_methods_that_follow_each_other(first: str, expected: str, faults: Callable[[str], list[str]]):
    script = f"""
        class Estimator:
            def __init__(self, net):
                self.net = net
                self.optimizer = torch.optim.SGD(net.parameters(), 0.1)

            def fit(self, loader):
                {first}
                for x, y in loader:
                    self.optimizer.zero_grad()
                    F.cross_entropy(self.net(x), y).backward()
                    self.optimizer.step()

            def predict(self, loader):
                self.net.eval()
                with torch.no_grad():
                    return [self.net(x) for x in loader]
    """
    assert [fault[: len("MR102 warning")] for fault in faults(script)] == [expected] * bool(expected)


def test_a_switch_of_the_object_for_its_driver(faults: Callable[[str], list[str]]):
    """Whoever drives the object has a method to call before the next training."""
    assert not faults("""
        class Estimator:
            def __init__(self, net):
                self.net = net
                self.optimizer = torch.optim.SGD(net.parameters(), 0.1)

            def start_training(self):
                self.net.train()

            def fit_batch(self, x, y):
                self.optimizer.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.optimizer.step()

            def predict(self, x):
                self.net.eval()
                with torch.no_grad():
                    return self.net(x)
    """)


def test_a_flag_made_from_data_may_be_either(faults: Callable[[str], list[str]]):
    """The early stop is a call on the loss: the next batch may come, and it comes in EVAL."""
    (fault,) = faults("""
        def validate(model, loader):
            model.eval()
            with torch.no_grad():
                return sum(F.cross_entropy(model(x), y) for x, y in loader)

        def main(loader, val_loader, stopper):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            stop = False
            for number, batch in enumerate(loader):
                if not stop:
                    step(model, batch, optimizer)
                    if number % 10 == 0:
                        stop = stop or stopper.check(validate(model, val_loader))
    """)
    assert fault.startswith("MR102 error")


def test_a_model_that_may_not_be_there(faults: Callable[[str], list[str]]):
    """Where it is None no forward of it runs, however many paths were merged on the way."""
    assert not faults("""
        def switch(mode, models):
            for model in models:
                if model is None:
                    continue
                model.train(mode == "train")

        def main(args, loader, val_loader):
            first = second = third = None
            if args.first:
                first = Net()
            if args.second:
                second = Net()
            if args.third:
                third = Net()
            switch("train", [first, second, third])
            for batch in loader:
                for model in [first, second, third]:
                    if model is not None:
                        step(model, batch, torch.optim.SGD(model.parameters(), 0.1))
                switch("eval", [first, second, third])
                with torch.no_grad():
                    for model in [first, second, third]:
                        if model is not None:
                            print(model(batch).argmax(1))
                switch("train", [first, second, third])
    """)


def test_a_file_whose_steps_are_all_out_of_view_still_trains(program: Callable[[str], Program]):
    """As `engine.py` beside a `main.py` that builds the scaler: its results are looked at on the way."""
    found = check(
        program("""\
import torch

def train_one_epoch(model, criterion, loader, optimizer, loss_scaler):
    model.train(True)
    for x, y in loader:
        loss = criterion(model(x), y)
        print(loss.item())
        loss_scaler(loss, optimizer, parameters=model.parameters())

def train_step(model, batch, engine):
    model.train()
    loss = model(batch)
    print(loss.item())
    engine.run(loss)
""")
    )
    assert not found


def test_a_wrapper_with_nothing_to_switch_runs_in_the_mode_of_its_model(faults: Callable[[str], list[str]]):
    wrapper = """
        from zoo import load_network

        class First(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model

            def forward(self, x):
                return self.model(x)[0]

        def export(x):
            model = load_network()
            model.{switch}()
            first = First(model)
            with torch.no_grad():
                print(first(x).argmax(1))
            traced = torch.jit.trace(first, x)
            with torch.no_grad():
                print(traced(x).argmax(1))
    """
    assert not faults(wrapper.format(switch="eval"))
    in_train = faults(wrapper.format(switch="train"))
    assert [fault.partition(" ")[0] for fault in in_train] == ["MR106", "MR301"]


def test_conditions_that_exclude_each_other(faults: Callable[[str], list[str]]):
    """Part by part: `rank == -1` and `rank != -1` are one question."""
    script = """
        def build(rank, cuda, sync):
            model = Net()
            if cuda and rank == -1 and torch.cuda.device_count() > 1:
                model = nn.DataParallel(model)
            if sync and cuda and rank {op} -1:
                model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
            return model
    """
    assert not faults(script.format(op="!="))
    assert [fault.partition(" ")[0] for fault in faults(script.format(op="=="))] == ["MR502"]


def test_a_unit_test_may_train_in_any_mode(faults: Callable[[str], list[str]]):
    assert not faults("""
        import unittest

        class TestGradients(unittest.TestCase):
            def test_in_eval(self):
                model = Net().eval()
                step(model, make_batch(), torch.optim.SGD(model.parameters(), 0.1))
    """)


def test_models_that_a_loop_goes_over_are_not_one(faults: Callable[[str], list[str]]):
    """What one is left in says nothing of the next; over all epochs each is the same again."""
    script = """
        def main(loader, val_loader):
            nets = load_networks()
            optimizer = torch.optim.SGD([p for net in nets for p in net.parameters()], 0.1)
            for epoch in range(3):
                for net in nets:
                    net.train()
                    for batch in loader:
                        step(net, batch, optimizer)
                    net.eval()
                    with torch.no_grad():
                        print([net(x).argmax(1) for x, _ in val_loader])
    """
    assert not faults(script)
    assert not faults(script.replace("net.train()", "pass").replace("for epoch in range(3):", "if True:"))
    (fault,) = faults(script.replace("net.train()", "pass"))
    assert fault.startswith("MR102 warning")


@pytest.mark.parametrize(("switch", "said"), [("eval_mode", True), ("train_mode", False)])
def test_a_model_may_have_a_switch_of_its_own(
    switch: str, said: bool, findings: Callable[[str], tuple[Finding, ...]]
):
    script = f"""
        from vision import get_model

        class Eye:
            def __init__(self, path):
                self.model = get_model(path)
                self.model.{switch}()

            def predict(self, image):
                return self.model.forward(image).argmax(1)
    """
    (finding,) = findings(script)
    assert ("`self.model.eval_mode()` may switch it, and is not in view" in finding.facts) is said
