"""Where generated programs showed that the flow was wrong: shrunk, and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FOUND = {
    "a while loop may end after each of its passes": (
        "m = Net(); n = Net().eval(); k = 0\nwhile k < count():\n    k += 1\n    m, n = n, m\nm(x)",
        "EVAL|TRAIN",
    ),
    "a method that calls its own module": (
        "class Own(Net):\n    def predict(self, x): return self(x)\nOwn().eval().predict(x)",
        "EVAL",
    ),
    "a model out of *args": ("def f(*ms): ms[1](x)\nf(Net(), Net().eval())", "EVAL"),
    "a nested function that calls a loop's variable": (
        "for each in [Net()]:\n    def f(): each(x)\n    f()",
        "TRAIN",
    ),
    "a lambda over an attribute": (
        "class T:\n    def __init__(self): self.best = Net().eval()\nt = T()\nf = lambda: t.best(x)\nf()",
        "EVAL",
    ),
    "two functions of one name": (
        "def f(m):\n    def g(): pass\n    g()\n    def g(): m(x)\n    g()\nf(Net())",
        "TRAIN",
    ),
    "functions that call each other": (
        "def even(m, n): return odd(m, n - 1) if n else 0\n"
        "def odd(m, n):\n    even(m, n - 1)\n    m.eval()\nm = Net(); even(m, 2); m(x)",
        "EVAL|TRAIN",
    ),
    "a generator goes on between the passes of its loop": (
        "def batches(m):\n    m.eval()\n    yield 1\n    m.train()\n"
        "m = Net()\nfor b in batches(m): m(b)\nm(x)",
        "EVAL TRAIN",
    ),
    "a method that is a generator, counted": (
        "class T:\n    def batches(self, m):\n        m.eval()\n        yield 1\n        m.train()\n"
        "m = Net()\nfor i, b in enumerate(T().batches(m)): m(b)\nm(x)",
        "EVAL TRAIN",
    ),
    "a break closes the generator": (
        "def batches(m):\n    m.eval()\n    try:\n        yield 1\n        m.train()\n    finally: m(x)\n"
        "m = Net()\nfor b in batches(m): break\nm(x)",
        "EVAL EVAL",
    ),
    "a return closes the generator": (
        "def batches(m):\n    try: yield 1\n    finally: m.eval()\n"
        "def f(m):\n    for b in batches(m): return m\nm = Net(); f(m)(x)",
        "EVAL",
    ),
    "a method that is a context manager": (
        "from contextlib import contextmanager\nclass T:\n    @contextmanager\n    def off(self, m):\n"
        "        m.eval()\n        yield\n        m.train()\nm = Net()\nwith T().off(m): m(x)\nm(x)",
        "EVAL TRAIN",
    ),
    "what a called function did before it raised": (
        "def f(m):\n    m.eval()\n    raise ValueError\nm = Net()\ntry:\n    f(m)\n    m.train()\n"
        "except ValueError:\n    m(x)",
        "EVAL|TRAIN",
    ),
    "an exception passes through a context manager": (
        "from contextlib import contextmanager\n@contextmanager\ndef off(m):\n    try: yield\n"
        "    finally: m.eval()\nm = Net()\ntry:\n    with off(m): raise ValueError\nexcept ValueError: m(x)",
        "EVAL|TRAIN",
    ),
    "a coin that is thrown twice": (
        "import random\nm = Net()\nif random.random() < 0.5: m.eval()\nif random.random() < 0.5: m(x)",
        "EVAL|TRAIN",
    ),
    "a function that throws a coin": (
        "import random\ndef toss(): return random.random() < 0.5\nm = Net()\nif toss(): m.eval()\n"
        "if toss(): m(x)",
        "EVAL|TRAIN",
    ),
    "an argument that differs from call to call": (
        "def f(m, on):\n    if on: m.eval()\n    m(x)\n    if on: m.train()\n    else: m.eval()\n"
        "m = Net()\nfor k in range(9): f(m, k == 3)",
        "EVAL|TRAIN",
    ),
    "a model built anew is not the one that an earlier pass left": (
        "m = Net()\nfor k in range(2):\n    old = m\n    m = Net()\n    old.eval()\nm(x)",
        "TRAIN",
    ),
    "an override that always hands on False": (
        "class Own(Net):\n    def train(self, mode=True): return super().train(False)\n"
        "m = Own(); m.train(); m(x)",
        "EVAL",
    ),
}


@pytest.mark.parametrize(("script", "expected"), FOUND.values(), ids=FOUND)
def test_found(script: str, expected: str, modes: Callable[[str], str]):
    assert modes(script) == expected
