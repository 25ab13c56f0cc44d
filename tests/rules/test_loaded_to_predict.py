"""A module's own `predict`: its caller chooses the mode, unless the class hands the module out loaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Finding

Look = Callable[[str], tuple[Finding, ...]]

CLASS = """
    class Tagger(Net):
        {decorator}
        def {name}(cls, path):
            {load}

        def predict(self, x):
            with torch.no_grad():
                return self(x).argmax(1)
"""
SHAPE = {"decorator": "@classmethod", "name": "load"}
LOADED = {
    "a pickled module": "model = torch.load(path); return model",
    "weights into a new one": "model = cls(); model.load_state_dict(torch.load(path)); return model",
    "by the name of the class": "model = Tagger(); model.load_state_dict(path); return model",
}
LEFT = {
    "a new one": "model = cls(); return model",
    "nothing": "cls.weights = torch.load(path)",
    "weights alone": "return torch.load(path)['weights']",
    "a module that is switched": "model = torch.load(path); model.eval(); return model",
    "a module that is told its mode": "model = torch.load(path); model.train(False); return model",
}


def found(findings: Look, **shape: str) -> list[tuple[str, str]]:
    """Severity and evidence of what is told of the prediction."""
    told = [f for f in findings(CLASS.format(**SHAPE | shape)) if f.rule == "MR103"]
    return [(f.severity.value, f.evidence[0].text) for f in told]


@pytest.mark.parametrize("load", LOADED.values(), ids=LOADED)
def test_loaded_and_never_switched(load: str, findings: Look):
    assert found(findings, load=load) == [("warning", "`Tagger.load` hands it out")]


@pytest.mark.parametrize("load", LEFT.values(), ids=LEFT)
def test_what_the_class_hands_out_is_not_this_or_in_eval(load: str, findings: Look):
    severities = [severity for severity, _ in found(findings, load=load)]
    assert severities == ["note"]


def test_a_function_of_the_class_that_is_no_class_method(findings: Look):
    ((severity, _),) = found(findings, decorator="# its own", load=LOADED["a pickled module"])
    assert severity == "note"


def test_it_predicts_in_eval(program, mended):
    script = """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(x)

    @classmethod
    def load(cls, path):
        model = torch.load(path)
        return model

    def predict(self, x):
        with torch.no_grad():
            return self(x).argmax(1)
"""
    ((text, *_),) = mended("MR103", program(script))
    assert text == script.replace("        with", "        self.eval()\n        with")


ABSTRACT = """
    class Base(nn.Module):
        def build_layers(self):
            {}

        @classmethod
        def load(cls, path):
            model = torch.load(path)
            return model

        def predict(self, x):
            with torch.no_grad():
                return self(x).argmax(1)
"""


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ('"""By each class of its own."""', "warning"),
        ("raise NotImplementedError", "warning"),
        ("self.head = nn.Linear(4, 4)", "note"),
    ],
)
def test_a_subclass_that_builds_the_layers_may_build_any(body: str, severity: str, findings: Look):
    (found,) = [f for f in findings(ABSTRACT.format(body)) if f.rule == "MR103"]
    assert found.severity.value == severity
