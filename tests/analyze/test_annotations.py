"""What an annotation tells of a parameter that nobody in view gives."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program

NET = """\
    from typing import Optional
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(x)

        def predict(self, x):
            return self(x).argmax(1)
"""


@pytest.mark.parametrize(
    "annotation",
    ["Net", "'Net'", "Optional[Net]", "Net | None", "None | Net", "Optional['Net']", "'Net | None'"],
)
def test_the_layers_of_what_is_handed_in_are_known(annotation: str, program: Callable[[str], Program]):
    text = dedent(NET) + f"def score(tagger: {annotation}, x):\n    return tagger(x).argmax(1)\n"
    forward = next(f for f in program(text).forwards if f.function == "score")
    assert (forward.classes, forward.sensitive, forward.opaque) == (("Net",), ("Dropout",), False)


def test_a_method_of_what_is_handed_in_leads_to_its_forward(program: Callable[[str], Program]):
    text = dedent(NET) + "def validate(tagger: Net, x):\n    return tagger.predict(x)\n"
    (forward,) = program(text).forwards
    assert (forward.through, forward.classes) == (("validate", "Net.predict"), ("Net",))


@pytest.mark.parametrize("annotation", ["nn.Module", "dict[str, Net]", "Net | Other", "int"])
def test_what_may_be_another_class_is_not_known(annotation: str, program: Callable[[str], Program]):
    other = "class Other(nn.Module):\n    def forward(self, x):\n        return x\n"
    text = dedent(NET) + other + f"def score(model: {annotation}, x):\n    return model(x).argmax(1)\n"
    forward = next(f for f in program(text).forwards if f.function == "score")
    assert forward.classes == ()


def test_an_object_may_be_of_a_class_that_inherits(program: Callable[[str], Program]):
    inherits = "class Small(Net):\n    pass\n"
    text = dedent(NET) + inherits + "def score(model: Net, x):\n    return model(x).argmax(1)\n"
    forward = next(f for f in program(text).forwards if f.function == "score")
    assert forward.classes == ()
