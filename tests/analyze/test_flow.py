"""In which modes each forward of a program can run. One mode is a must, several are a may."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from modereview.records import Program

Modes: TypeAlias = Callable[[str], str]

STRAIGHT = {
    "a module is built in TRAIN": ("m = Net(); m(x)", "TRAIN"),
    "eval() holds until train()": ("m = Net(); m.eval(); m(x); m.train(); m(x)", "EVAL TRAIN"),
    "train(False) is eval()": ("m = Net(); m.train(False); m(x)", "EVAL"),
    "train(mode=False)": ("m = Net(); m.train(mode=False); m(x)", "EVAL"),
    "the switch returns its object": ("m = Net().eval(); m(x)", "EVAL"),
    "an alias is the same object": ("m = Net(); n = m; n.eval(); m(x)", "EVAL"),
    "a model's children stay in its mode": (
        "m = Net(); m.eval(); n = nn.Sequential(*list(m.children())[:1]); n(x); n.train(); n(x)",
        "EVAL TRAIN",
    ),
    "children of a new model": ("n = nn.Sequential(*Net().children()); n(x); n.eval(); n(x)", "TRAIN EVAL"),
    "a class that is chosen by its name is no model": (
        "from zoo import load_model\nModel = load_model('a'); model = Model(4); model.eval(); model(x)",
        "EVAL",
    ),
    "a capital letter, and what a network is asked": (
        "from zoo import load_model\nModel = load_model('a'); Model.eval(); Model(x)",
        "EVAL",
    ),
    "a copy parts ways": ("import copy\nm = Net(); n = copy.deepcopy(m); m.eval(); n(x); m(x)", "TRAIN EVAL"),
    "a copy takes the mode along": ("import copy\nm = Net().eval(); n = copy.deepcopy(m); n(x)", "EVAL"),
    "a wrapper is transparent": (
        "m = Net(); p = nn.DataParallel(m); m.eval(); p(x); p.module(x)",
        "EVAL EVAL",
    ),
    "an item by name is an attribute": (
        "m = Net(); m.eval(); m['decoder'].train(); m.decoder(x); m.encoder(x)",
        "TRAIN EVAL",
    ),
    "a base class switches by super()": (
        "class Base(Net):\n    def __init__(self): self.net = Net(); self.net.eval()\n"
        "class Own(Base):\n    def __init__(self): super().__init__()\nm = Own(); m.net(x)",
        "EVAL",
    ),
    "a part follows the whole": ("m = Net(); m.eval(); m.encoder(x)", "EVAL"),
    "a part is switched by itself": ("m = Net(); m.fc.eval(); m.fc(x); m(x)", "EVAL TRAIN"),
    "the whole takes its parts along": ("m = Net(); m.fc.eval(); m.train(); m.fc(x)", "TRAIN"),
    "all of a comprehension": (
        "ms = [Net() for _ in range(3)]\nfor m in ms: m.eval()\nfor m, o in zip(ms, other): m(x)\nms[1](x)",
        "EVAL EVAL",
    ),
    "all of a list": ("a = Net(); b = Net()\nfor m in [a, b]: m.eval()\na(x); b(x)", "EVAL EVAL"),
    "both names of an unpacking": ("a, b = Net(), Net(); a.eval(); a(x); b(x)", "EVAL TRAIN"),
    "from_pretrained": (
        "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('a'); model(x)",
        "EVAL",
    ),
    "what nobody in view built": ("model(x)", "UNKNOWN"),
    "a model that went out of view": ("import lib\nm = Net(); lib.prepare_all(m); m(x)", "UNKNOWN"),
}

BRANCHES = {
    "an unknown condition": ("m = Net()\nif flag: m.eval()\nm(x)", "EVAL|TRAIN"),
    "a known one": ("m = Net()\nif False: m.eval()\nm(x)", "TRAIN"),
    "the same condition twice goes together": (
        "m = Net(); m.eval()\nif flag: m.train()\nif flag: m(x)\nelse: m(x)",
        "TRAIN EVAL",
    ),
    "one of several names is not another": (
        "m = Net()\nif kind == 'a': m.eval()\nif kind == 'b': m(x)\nelif kind == 'a': m(x)",
        "TRAIN EVAL",
    ),
    "a condition that is assigned anew": (
        "m = Net()\nif flag: m.eval()\nflag = other()\nif flag: m(x)",
        "EVAL|TRAIN",
    ),
    "a conditional expression": ("m = Net()\nm.eval() if flag else m.train()\nm(x)", "EVAL|TRAIN"),
    "a string that is compared": ("m = Net(); phase = 'val'\nif phase == 'val': m.eval()\nm(x)", "EVAL"),
    "a handler may come before the switch": (
        "m = Net()\ntry:\n    m.eval()\nexcept ValueError:\n    m(x)\nm(x)",
        "EVAL|TRAIN EVAL|TRAIN",
    ),
    "finally": ("m = Net().eval()\ntry:\n    m(x)\nfinally:\n    m.train()\nm(x)", "EVAL TRAIN"),
    "match": ("m = Net()\nmatch mode:\n    case 'eval': m.eval()\n    case _: m.train()\nm(x)", "EVAL|TRAIN"),
}

LOOPS = {
    "the second pass carries what the first left": (
        "m = Net()\nfor e in range(9):\n    m(x)\n    m.eval()\n    m(x)",
        "EVAL|TRAIN EVAL",
    ),
    "a loop runs at least once": ("m = Net()\nfor b in loader: m.eval()\nm(x)", "EVAL"),
    "a loop over phases": (
        "m = Net()\nfor p in ['train', 'val']:\n    if p == 'train':\n        m.train(); m(x)\n"
        "    else:\n        m.eval(); m(x)",
        "TRAIN EVAL",
    ),
    "continue goes round": (
        "m = Net()\nfor b in loader:\n    m(x)\n    if b: continue\n    m.eval()",
        "EVAL|TRAIN",
    ),
    "break goes on": (
        "m = Net()\nfor b in loader:\n    if b:\n        m.eval()\n        break\nm(x)",
        "EVAL|TRAIN",
    ),
    "while": ("m = Net()\nwhile going():\n    m(x)\n    m.eval()\nm(x)", "EVAL|TRAIN EVAL"),
    "a model built in each pass is new": (
        "for e in range(3):\n    m = Net()\n    m(x)\n    m.eval()",
        "TRAIN",
    ),
    "two models swap names": (
        "a = Net(); b = Net().eval()\nfor e in range(9):\n    a, b = b, a\na(x)",
        "EVAL|TRAIN",
    ),
}

CALLS = {
    "what a function leaves behind": ("def f(m): m.eval()\nm = Net(); f(m); m(x)", "EVAL"),
    "what a function is given": ("def f(m): return m(x)\nm = Net(); f(m.eval())", "EVAL"),
    "a constant argument decides": (
        "def f(m, train): m.train(train); return m(x)\nm = Net(); f(m, True); f(m, False)",
        "EVAL|TRAIN",
    ),
    "a comparison of an argument that is kept decides": (
        "def f(m, split):\n    on = split == 'train'\n    m.train(on)\n    m(x)\nf(Net(), 'train')",
        "TRAIN",
    ),
    "a comparison that is an argument decides": (
        "def f(m, on): m.train(on)\ndef g(m, split): f(m, on=split == 'train'); m(x)\ng(Net(), 'train')",
        "TRAIN",
    ),
    "a default decides": ("def f(m, train=False): m.train(train)\nm = Net(); f(m); m(x)", "EVAL"),
    "a global": ("m = Net()\ndef f(): m.eval()\nf(); m(x)", "EVAL"),
    "a nested function": ("def f():\n    m = Net()\n    def g(): m.eval()\n    g()\n    m(x)\nf()", "EVAL"),
    "a nested function asks what was asked around it": (
        "def f(training):\n    m = Net()\n    if not training: m.eval()\n    def g():\n"
        "        if training: m(x)\n    g()\n    if training: m(x)\nf(flag)",
        "TRAIN TRAIN",
    ),
    "a lambda": ("m = Net()\noff = lambda: m.eval()\noff(); m(x)", "EVAL"),
    "a function that builds": ("def make(): return Net().eval()\nm = make(); m(x)", "EVAL"),
    "a function that builds, twice in one line": (
        "def make(): return Net()\nm, n = make(), make(); n.eval(); m(x)",
        "TRAIN",
    ),
    "what is built while a call waits for it": (
        "def make(): return Net()\ndef off(a, b): b.eval(); return a(x)\noff(make(), [make()][0])",
        "TRAIN",
    ),
    "recursion ends": (
        "def f(m, n):\n    m.eval()\n    return f(m, n - 1) if n else m(x)\nf(Net(), 3)",
        "EVAL",
    ),
    "an early return": (
        "def f(m):\n    m.eval()\n    if flag: return\n    m.train()\nm = Net(); f(m); m(x)",
        "EVAL|TRAIN",
    ),
    "a method through self": (
        "class T:\n    def __init__(self): self.net = Net()\n    def off(self): self.net.eval()\n"
        "    def run(self): self.off(); self.net(x)\nT().run()",
        "EVAL",
    ),
    "a decorator of the file": (
        "def off(f):\n    def g(m): m.eval(); return f(m)\n    return g\n"
        "@off\ndef run(m): return m(x)\nrun(Net())",
        "EVAL",
    ),
    "a decorator on a method": (
        "def off(f):\n    def g(self): self.net.eval(); return f(self)\n    return g\n"
        "class T:\n    def __init__(self): self.net = Net()\n    @off\n    def run(self): self.net(x)\n"
        "T().run()",
        "EVAL",
    ),
    "an override of train that calls super": (
        "class Own(Net):\n    def train(self, mode=True):\n        super().train(mode)\n        return self\n"
        "m = Own(); m.eval(); m.train(); m(x)",
        "TRAIN",
    ),
}

SAVED = {
    "a flag that is given back": (
        "m = Net(); was = m.training; m.eval(); m(x); m.train(was); m(x)",
        "EVAL TRAIN",
    ),
    "a flag that is asked": (
        "m = Net().eval(); was = m.training; m.eval()\nif was: m.train()\nm(x)",
        "EVAL",
    ),
    "a generator under contextmanager": (
        "from contextlib import contextmanager\n@contextmanager\ndef off(m):\n    m.eval()\n    yield\n"
        "    m.train()\nm = Net()\nwith off(m): m(x)\nm(x)",
        "EVAL TRAIN",
    ),
    "a return through it": (
        "from contextlib import contextmanager\n@contextmanager\ndef off(m):\n    m.eval()\n"
        "    try: yield m\n    finally: m.train()\ndef f(m):\n    with off(m) as n: return n(x)\n"
        "m = Net(); f(m); m(x)",
        "EVAL TRAIN",
    ),
    "a class with __enter__ and __exit__": (
        "class Off:\n    def __init__(self, m): self.m = m\n    def __enter__(self): self.m.eval()\n"
        "    def __exit__(self, *e): self.m.train()\nm = Net()\nwith Off(m): m(x)\nm(x)",
        "EVAL TRAIN",
    ),
}


def cases(*groups: dict[str, tuple[str, str]]) -> pytest.MarkDecorator:
    rows = {name: row for group in groups for name, row in group.items()}
    return pytest.mark.parametrize(("script", "expected"), rows.values(), ids=rows)


@cases(STRAIGHT)
def test_one_statement_after_the_other(script: str, expected: str, modes: Modes):
    assert modes(script) == expected


@cases(BRANCHES, LOOPS)
def test_branches_and_loops(script: str, expected: str, modes: Modes):
    assert modes(script) == expected


@cases(CALLS, SAVED)
def test_calls_and_modes_that_are_given_back(script: str, expected: str, modes: Modes):
    assert modes(script) == expected


def test_the_call_path_and_the_switch_come_along(program: Callable[[str], Program]):
    found = program("""\
        import torch
        net = torch.nn.Dropout()
        def off(m):
            m.eval()
        def run(m):
            return m(1)
        off(net)
        run(net)
    """).forwards
    (forward,) = found
    assert (forward.function, forward.through, forward.model) == ("run", ("run",), "m")
    assert [s.line for s in forward.path] == [8]
    assert forward.switch is not None
    assert forward.switch.line == 4
    assert [s.line for s in forward.switch_path] == [7]
    assert [e.text for e in forward.why] == ["switched to EVAL here, in `off` (called at 7)"]


def test_where_it_branches_much_states_are_merged_and_the_end_is_seen(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
):
    options = "".join(f"        if args.o{i}: model.eval()\n        else: model.train()\n" for i in range(9))
    text = f"""\
import torch
def validate(model, args):
{options.replace("        ", "    ")}    model.eval()
    print(model(torch.ones(4)).argmax())
def main(args, loader, optimizer):
    model = torch.nn.Sequential(torch.nn.Dropout())
    model.train()
    for x in loader:
{options}        model(x).backward()
        optimizer.step()
    validate(model, args)
"""
    exact = program(text)
    monkeypatch.setattr("modereview.analyze.expressions._STEPS", exact.steps // 2)
    merged = program(text)
    assert merged.gave_up is None
    assert merged.steps < exact.steps // 2
    assert {(f.role, f.mode) for f in merged.forwards} == {(f.role, f.mode) for f in exact.forwards}


def test_a_file_that_branches_too_much_is_given_up_in_words(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("modereview.analyze.expressions._STEPS", 2_000)
    calls = "\n".join(
        f"def f{i}(m, a):\n    if a.x{i}: m.eval()\n" + f"    f{i + 1}(m, a)\n" * 3 for i in range(11)
    )
    text = f"import torch\n{calls}\ndef f11(m, a): m(a)\nf0(torch.nn.Dropout(), args)\n"
    assert program(text).gave_up == "the file branches too much to follow every path"
