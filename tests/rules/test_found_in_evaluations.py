"""Evaluations in TRAIN and layers that no mode reaches, as people write them.

The comments in a script say what is expected at their line, as in `# MR103 error`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Finding, Severity

EVALUATIONS = {
    "one function for both, that switches to TRAIN alone": """
        def run_epoch(model, loader, optimizer, is_train):
            if is_train:
                model.train()  # why
            total = 0.0
            for x, y in loader:
                loss = F.cross_entropy(model(x), y)  # MR101 error
                if is_train:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item()
            return total

        def main(loader, valid_loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            for epoch in range(10):
                print(run_epoch(model, loader, optimizer, True))
                print(run_epoch(model, valid_loader, optimizer, False))
    """,
    "a service whose model nobody switches": """
        from flask import Flask
        app = Flask(__name__)

        def score(sentence):
            outputs = MODEL(sentence)  # MR101 error
            return torch.sigmoid(outputs).cpu().detach().numpy()[0][0]

        @app.route("/predict")
        def predict():
            return str(score(torch.randn(1, 4)))

        if __name__ == "__main__":
            MODEL = Net()  # why
            MODEL.load_state_dict(torch.load("model.bin"))
            app.run(port="9999")
    """,
    "held-out data by its name, in no loop": """
        model = Net()  # why
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for batch in loader:
            step(model, batch, optimizer)
        prediction = model(X_test.view(-1, 4).float())  # MR101 error
        print((prediction.argmax(1) == y_test).float().mean())
    """,
    "a validation that only a constructor's None switches off": """
        class Trainer:
            def __init__(self, model, optimizer, loader, valid_loader=None):
                self.model, self.optimizer = model, optimizer
                self.loader, self.valid_loader = loader, valid_loader
                self.do_validation = self.valid_loader is not None

            def _train_epoch(self, epoch):
                self.model.train()  # why
                for x, y in self.loader:
                    self.optimizer.zero_grad()
                    F.cross_entropy(self.model(x), y).backward()
                    self.optimizer.step()
                if self.do_validation:
                    self._valid_epoch(epoch)

            def _valid_epoch(self, epoch):
                with torch.no_grad():
                    for x, y in self.valid_loader:
                        print(F.cross_entropy(self.model(x), y))  # MR103 warning
    """,
    "no_grad taken for eval": """
        def validate(model, loader):
            with torch.no_grad():
                for x, y in loader:
                    print(model(x).argmax(1))  # MR103 error

        def main(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(10):
                model.train()
                for batch in loader:
                    step(model, batch, optimizer)
                validate(model, val_loader)
    """,
    "the last model and the best one, loaded again": """
        model = Net()

        def evaluate(loader):
            with torch.no_grad():
                for x, y in loader:
                    print(model(x).argmax(1))  # MR103 error

        for epoch in range(10):
            model.train()
            for batch in loader:
                step(model, batch, optimizer)
            evaluate(val_loader)
        model = torch.load("best.pt")
        evaluate(test_loader)
    """,
    "an average of weights, made of a model in TRAIN": """
        model = Net()
        average = torch.optim.swa_utils.AveragedModel(model)
        for epoch in range(10):
            model.train()
            for batch in loader:
                step(model, batch, optimizer)
                average.update_parameters(model)
        torch.optim.swa_utils.update_bn(loader, average)
        with torch.no_grad():
            for x, y in val_loader:
                print(average(x).argmax(1))  # MR103 error
    """,
    "inference_mode as a decorator": """
        @torch.inference_mode()
        def generate(model, loader):
            results = []
            for x, _ in loader:
                results.append(model(x).argmax(1))  # MR103 error
            return results

        print(generate(Net(), loader))
    """,
    "set_grad_enabled(False)": """
        def evaluate(net, loader):
            torch.set_grad_enabled(False)
            hits = 0
            for x, y in loader:
                hits += (net(x).argmax(1) == y).sum().item()  # MR103 error
            torch.set_grad_enabled(True)
            return hits

        def main(loader):
            net = Net()
            print(evaluate(net, loader))
    """,
    "a generator expression": """
        def accuracy(model, loader):
            return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)  # MR101 error

        def main(loader):
            model = Net()
            print(accuracy(model, loader))
    """,
    "only the first evaluation": """
        def main(loader, val_loader, optimizer):
            model = Net()
            model.train()
            for batch in loader:
                step(model, batch, optimizer)
            with torch.no_grad():
                before = [model(x).argmax(1) for x, _ in val_loader]  # MR103 error
            model.eval()
            with torch.no_grad():
                after = [model(x).argmax(1) for x, _ in val_loader]
    """,
    "one of several models": """
        def main(loader):
            encoder, classifier = Net(), Net()
            encoder.eval()
            with torch.no_grad():
                for x, y in loader:
                    print(classifier(encoder(x)).argmax(1))  # MR103 error
    """,
    "a dict of models": """
        def main(loader):
            models = {"small": Net(), "large": Net()}
            with torch.no_grad():
                for name, model in models.items():
                    for x, y in loader:
                        print(name, model(x).argmax(1))  # MR103 error
    """,
    "train() put back before the test": """
        def run(model, loader):
            model.train()  # MR106 error
            with torch.no_grad():
                return [model(x).argmax(1) for x, _ in loader]

        def main(loader):
            run(Net(), loader)
    """,
    "nobody in view calls it": """
        from zoo import make

        def validate(loader):
            model = make()
            correct = 0
            with torch.no_grad():
                for x, y in loader:
                    correct += (model(x).argmax(1) == y).sum().item()  # MR103 warning
            return correct
    """,
    "a model of a library": """
        import torchvision.models as models

        def main(loader):
            model = models.resnet18(num_classes=2)
            with torch.no_grad():
                for x, y in loader:
                    print(model(x).argmax(1))  # MR103 warning
    """,
    "a method of a trainer": """
        class Trainer:
            def __init__(self):
                self._generator = Net()
            def sample(self, count):
                with torch.no_grad():
                    return self._generator(torch.randn(count, 4)).numpy()  # MR103 error

        trainer = Trainer()
        print(trainer.sample(5))
    """,
}

LAYERS = {
    "F.dropout": "return F.dropout(self.fc(x), 0.5)  # MR201 error",
    "F.dropout2d by keyword": "return F.dropout2d(self.fc(x), p=0.2)  # MR201 error",
    "by its long name": "return torch.nn.functional.dropout(self.fc(x))  # MR201 error",
    "training=True": "return F.dropout(self.fc(x), 0.5, training=True)  # MR201 error",
    "True by position": "return F.dropout(self.fc(x), 0.5, True)  # MR201 error",
    "nn.Dropout made and called": "return nn.Dropout(0.5)(self.fc(x))  # MR203 error",
    "a norm made and called": "return nn.BatchNorm1d(4).to(x.device)(self.fc(x))  # MR203 error",
    "nn.Dropout under a name": "drop = nn.Dropout(p=0.1)  # MR203 error\n        return drop(self.fc(x))",
}
RIGHT_LAYERS = {
    "told": "return F.dropout(self.fc(x), 0.5, training=self.training)",
    "told by position": "return F.dropout(self.fc(x), 0.5, self.training)",
    "never drops": "return F.dropout(self.fc(x), 0.0)",
    "off": "return F.dropout(self.fc(x), 0.5, training=False)",
    "under a guard": "return F.dropout(self.fc(x), 0.5) if self.training else self.fc(x)",
    "behind an early return": "if not self.training:\n            return x\n        return F.dropout(x)",
    "in a guarded block": "if self.training:\n            x = F.dropout(x)\n        return self.fc(x)",
    "told what the mode is": "return F.alpha_dropout(self.fc(x), 0.5, training=self.training)",
    "arguments passed on": "return F.dropout(self.fc(x), **self.options)",
    "a rate that the mode chooses": "return F.dropout(self.fc(x), 0.5 if self.training else 0.0)",
    "a rate by name": "p = 0.5 if self.training else 0.0\n        return F.dropout(self.fc(x), p)",
    "by branch": "p = 0.0\n        if self.training:\n            p = 0.5\n        return F.dropout(x, p)",
    "a layer without a mode": "return nn.ReLU()(self.fc(x))",
    "switched before its use": "drop = nn.Dropout(0.1).train(self.training)\n        return drop(self.fc(x))",
}
MODEL = """
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.options = {{}}

        def forward(self, x):
            {body}
"""


def expected(script: str) -> list[str]:
    return [f"{m[2]} {m[1].strip()}" for m in re.finditer(r"(.*)# (MR\d+ \w+)$", script, re.M)]


def own(body: str) -> str:
    return dedent(MODEL).format(body=body)


@pytest.mark.parametrize("script", EVALUATIONS.values(), ids=EVALUATIONS)
def test_an_evaluation_in_train(script: str, faults: Callable[[str], list[str]]):
    assert [f.partition("  #")[0] for f in faults(script)] == expected(script)


@pytest.mark.parametrize("body", LAYERS.values(), ids=LAYERS)
def test_a_layer_that_no_mode_reaches(body: str, faults: Callable[[str], list[str]]):
    assert [f.partition("  #")[0] for f in faults(own(body))] == expected(own(body))


@pytest.mark.parametrize("body", RIGHT_LAYERS.values(), ids=RIGHT_LAYERS)
def test_a_layer_that_follows_the_mode(body: str, faults: Callable[[str], list[str]]):
    assert faults(own(body)) == []


def test_functional_dropout_in_a_plain_function_is_a_warning(faults: Callable[[str], list[str]]):
    assert faults("def noisy(x):\n    return F.dropout(x, 0.5)\n") == [
        "MR201 warning return F.dropout(x, 0.5)"
    ]


def test_the_evidence_leads_from_the_build_to_the_forward(findings: Callable[[str], tuple[Finding, ...]]):
    (finding,) = [f for f in findings(EVALUATIONS["no_grad taken for eval"]) if f.rule == "MR103"]
    assert finding.severity is Severity.ERROR
    assert finding.message == "`model` is evaluated in train mode: `no_grad` is not `eval`"
    assert [e.kind for e in finding.evidence] == ["switch", "forward"]
    assert finding.evidence[0].text == "switched to TRAIN here, in `main`"
    assert "BatchNorm1d and Dropout" in finding.facts[0]


def test_a_forward_for_its_effect_is_a_note_that_says_so(findings: Callable[[str], tuple[Finding, ...]]):
    (finding,) = findings("""
        model = Net()
        model.train()
        with torch.no_grad():
            for x, y in loader:
                model(x)
    """)
    assert (finding.rule, finding.severity) == ("MR103", Severity.NOTE)
    assert finding.facts[1] == "nobody takes what it returns: it is run for what it leaves behind"
