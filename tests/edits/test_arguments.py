from __future__ import annotations

import pytest
from modereview import edits

CALL = "F.dropout("
CASES = {
    "appended": ("y = F.dropout(x, 0.5)\n", None, "y = F.dropout(x, 0.5, training=self.training)\n"),
    "no arguments": ("F.dropout()\n", None, "F.dropout(training=self.training)\n"),
    "no arguments, comment": ("F.dropout(  # c\n)\n", None, "F.dropout(training=self.training  # c\n)\n"),
    "keyword replaced": (
        "F.dropout(x, training=True, p=1)\n",
        2,
        "F.dropout(x, training=self.training, p=1)\n",
    ),
    "keyword with spaces and parentheses": (
        "F.dropout(x, training = (True))\n",
        None,
        "F.dropout(x, training = (self.training))\n",
    ),
    "positional replaced": ("F.dropout(x, 0.5, True)\n", 2, "F.dropout(x, 0.5, self.training)\n"),
    "positional not given": ("F.dropout(x, 0.5)\n", 2, "F.dropout(x, 0.5, training=self.training)\n"),
    "positional behind a star is unknown": (
        "F.dropout(*a, 0.5, True)\n",
        2,
        "F.dropout(*a, 0.5, True, training=self.training)\n",
    ),
    "trailing comma": ("F.dropout(x, 0.5,)\n", None, "F.dropout(x, 0.5, training=self.training,)\n"),
    "behind **": ("F.dropout(x, **kw)\n", None, "F.dropout(x, **kw, training=self.training)\n"),
    "behind *": ("F.dropout(*a)\n", None, "F.dropout(*a, training=self.training)\n"),
    "generator": ("F.dropout(a for a in b)\n", None, "F.dropout((a for a in b), training=self.training)\n"),
    "lines, trailing comma": (
        "F.dropout(\n    x,  # in\n    0.5,  # p\n)\n",
        None,
        "F.dropout(\n    x,  # in\n    0.5,  # p\n    training=self.training,\n)\n",
    ),
    "lines, no trailing comma": (
        "F.dropout(\r\n\tx,\r\n\t0.5  # p\r\n)\r\n",
        None,
        "F.dropout(\r\n\tx,\r\n\t0.5,  # p\r\n\ttraining=self.training\r\n)\r\n",
    ),
    "hanging": (
        "F.dropout(x,\n          0.5)\n",
        None,
        "F.dropout(x,\n          0.5, training=self.training)\n",
    ),
    "in a decorator": (
        "class A:\n    @F.dropout(x)\n    def f(self, y): pass\n",
        None,
        "class A:\n    @F.dropout(x, training=self.training)\n    def f(self, y): pass\n",
    ),
    "of the outer call": (
        "F.dropout(F.relu(x))\n",
        None,
        "F.dropout(F.relu(x), training=self.training)\n",
    ),
    "comma on the next line": (
        "F.dropout(\n    x\n    , 0.5\n)\n",
        None,
        "F.dropout(\n    x\n    , 0.5, training=self.training\n)\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_set_argument(case, sources):
    before, position, after = CASES[case]
    source = sources.make(before)
    start = before.index(CALL)
    whole = source.code[start : source.code.partition("\n    def")[0].rindex(")") + 1]
    edit = edits.set_argument(source, sources.span(source, whole), "training", "self.training", position)
    assert sources.after(source, edit) == after


def test_the_call_is_the_one_of_the_span_not_another_that_starts_there(sources):
    source = sources.make("f(a)(b)\n")
    inner = edits.set_argument(source, sources.span(source, "f(a)"), "k", "1")
    outer = edits.set_argument(source, sources.span(source, "f(a)(b)"), "k", "1")
    assert sources.after(source, inner) == "f(a, k=1)(b)\n"
    assert sources.after(source, outer) == "f(a)(b, k=1)\n"


def test_no_call_at_the_span(sources):
    source = sources.make("f(a)\n")
    with pytest.raises(ValueError, match="no call"):
        edits.set_argument(source, sources.span(source, "a"), "k", "1")


TAKEN = {
    "none before": ("def f(): pass\n", "def f(training=True): pass\n"),
    "behind the last": ("def f(x, p=0.5):\n    pass\n", "def f(x, p=0.5, training=True):\n    pass\n"),
    "annotated": (
        "def f(x: int = 1) -> int:\n    pass\n",
        "def f(x: int = 1, training=True) -> int:\n    pass\n",
    ),
    "keywords only": ("def f(*, x):\n    pass\n", "def f(*, x, training=True):\n    pass\n"),
    "a line of its own": (
        "def f(\n    x,\n    p,  # c\n):\n    pass\n",
        "def f(\n    x,\n    p,  # c\n    training=True,\n):\n    pass\n",
    ),
    "closed on its line": (
        "def f(x,\n      p):\n    pass\n",
        "def f(x,\n      p, training=True):\n    pass\n",
    ),
}


@pytest.mark.parametrize("case", TAKEN)
def test_add_parameter(case, sources):
    before, after = TAKEN[case]
    source = sources.make(before)
    edit = edits.add_parameter(source, sources.span(source, "def f"), "training=True")
    assert sources.after(source, edit) == after


@pytest.mark.parametrize(
    "text", ["def f(*a): pass\n", "def f(**k): pass\n", "def f(x, /): pass\n", "x = 1\n"]
)
def test_no_parameter_to_add(text, sources):
    source = sources.make(text)
    with pytest.raises(ValueError):
        edits.add_parameter(source, sources.span(source, text[:3]), "training=True")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("def f(x, mode): pass\n", "def f(x, mode=True): pass\n"),
        ("def f(x, mode: bool): pass\n", "def f(x, mode: bool = True): pass\n"),
        ("def f(x,\n      mode  # c\n      ): pass\n", "def f(x,\n      mode=True  # c\n      ): pass\n"),
    ],
)
def test_give_default(text, after, sources):
    source = sources.make(text)
    edit = edits.give_default(source, sources.span(source, "def f"), "mode", "True")
    assert sources.after(source, edit) == after


@pytest.mark.parametrize("text", ["def f(mode=1): pass\n", "def f(x): pass\n", "x = 1\n"])
def test_no_parameter_without_a_default(text, sources):
    source = sources.make(text)
    with pytest.raises(ValueError):
        edits.give_default(source, sources.span(source, text[:3]), "mode", "True")
