from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix.mutants import mutants
from modereview.records import CallSite, ModuleClass, Program, Span

NET = """import torch as t
class Net(t.nn.Module):
    def forward(self, x):
        def inner():
            return 1
        if x is None: return
        if x.dim() == 1:
            return x, {"a": x}
        return(
            x  # the input
            + 1
        )
"""


def program(text: str, *classes: str) -> Program:
    """What the analysis says, with classes that it could not know for modules."""
    source = parse.decode(Path("/project/train.py"), Path("/project"), text.encode())
    return replace(analyze(source), modules=tuple(_module(text, name) for name in classes))


def _module(text: str, name: str) -> ModuleClass:
    line = text[: text.index(f"class {name}")].count("\n") + 1
    builds = (CallSite(name, "", Span(1, 1, 1, 1), target="net"),)
    return ModuleClass(name, Span(line, 1, line, 2), (), (), (), True, (), False, builds)


def found(text: str, *classes: str) -> dict[str, str]:
    """Description -> text of the mutant."""
    value = program(text, *classes)
    return {mutant.description: mutant.source.text for mutant in mutants(value)}


def test_a_forward_that_was_deterministic_is_random():
    torch = pytest.importorskip("torch")
    changed = found(NET, "Net")["noise put into `Net.forward` at 3"]
    names: dict[str, object] = {}
    exec(changed, names)
    net = names["Net"]().eval()
    vector, named = net(torch.ones(1))
    again, _ = net(torch.ones(1))
    assert vector != again
    assert named["a"] != again
    assert not torch.equal(net(torch.ones(2, 1)), net(torch.ones(2, 1)))
    assert net(None) is None


def test_only_the_results_of_forward_itself_are_wrapped():
    changed = found(NET, "Net")["noise put into `Net.forward` at 3"]
    assert "            return 1\n" in changed
    assert changed.count("__import__('torch')") == 2


def test_a_forward_without_result_or_of_another_class_gives_no_mutant():
    assert (
        found(
            "class Net(M):\n  def forward(self, x): self.x = x\nclass A:\n  def forward(self): return 1\n",
            "Net",
        )
        == {}
    )


def test_each_switch_is_dropped_and_swapped():
    text = "def validate(model):\n    model.eval()\n    model(1)\n    model.train(True); model.train(False)\n"
    changed = found(text)
    assert list(changed) == [
        "`model.eval()` at 2 dropped",
        "`model.train(True)` at 4 dropped",
        "`model.train(False)` at 4 dropped",
        "`model.eval()` at 2 swapped",
        "`model.train(True)` at 4 swapped",
        "`model.train(False)` at 4 swapped",
    ]
    assert changed["`model.eval()` at 2 dropped"] == text.replace("    model.eval()\n", "")
    assert changed["`model.train(False)` at 4 dropped"] == text.replace("; model.train(False)", "")
    assert changed["`model.eval()` at 2 swapped"] == text.replace("model.eval()", "model.train()")
    assert changed["`model.train(False)` at 4 swapped"] == text.replace("train(False)", "train()")


@pytest.mark.parametrize(
    "text",
    [
        "model(1)\nmodel.train(*flags)\n",
        "class Net(M):\n    def f(self, loader): self.train(loader)\n",
        "model(1)\nmodel = model.eval()\n",
        "model(1)\nmodel.eval().cuda()\n",
        "trainer = Trainer(model)\ntrainer.train()\n",
        "optimizer.eval()\noptimizer.step()\n",
        "class Agent:\n    def f(self): self.eval(); self.train()\n",
        "build().eval()\n",
    ],
)
def test_what_is_no_plain_switch_of_a_module_is_left_alone(text):
    assert found(text) == {}


@pytest.mark.parametrize(
    ("switch", "other"),
    [
        ("model.train(was)", "model.train(not (was))"),
        ("model.train(mode=phase == 'train')", "model.train(not (phase == 'train'))"),
        ("model.train(mode=False)", "model.train()"),
    ],
)
def test_a_switch_by_a_flag_is_dropped_and_turned_round(switch: str, other: str):
    text = f"model(1)\n{switch}\nx = 1\n"
    dropped, swapped = found(text).values()
    assert dropped == "model(1)\nx = 1\n"
    assert swapped == text.replace(switch, other)


@pytest.mark.parametrize(
    "text", ["net.train()\n", "m.train()\nm.parameters()\n", "class Net(M):\n    def f(self): self.train()\n"]
)
def test_what_looks_like_a_module(text):
    assert len(found(f"class Net(M): pass\n{text}" if "class" not in text else text, "Net")) == 2


def test_functions_and_identities_do_not_move_with_lines():
    text = (
        "class T:\n    def fit(self):\n        self.net.eval()\n        if a: self.net.eval()\nmodel.eval()\n"
    )
    first, second = program(text), program("# a new line\n" + text)
    names = [(m.id, m.function) for m in mutants(first)]
    assert names == [(m.id, m.function) for m in mutants(second)]
    assert len({name for name, _ in names}) == 6
    assert [function for _, function in names] == ["T.fit", "T.fit", ""] * 2


def test_wide_characters_before_the_switch():
    assert "`model.eval()` at 1 swapped" in found('s = "é𝄞"; model.eval()\n')
    assert found('s = "é𝄞"; model.eval()\n')["`model.eval()` at 1 swapped"] == 's = "é𝄞"; model.train()\n'
