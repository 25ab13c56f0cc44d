"""A fix keeps the layout: a file mended in another layout is the mended file in that layout, byte by byte."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import laws
import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Finding, Fix, Program
from modereview.rules import check, rule, rules
from modereview.rules.base import no_fix

MENDED = tuple(r for r in rules() if r.mend is not no_fix and r.id != "MR502")
LAYOUTS = {name: how for name, how in laws.LAYOUTS.items() if name != "as it is"}


def first_mend(rule_id: str, raw: bytes) -> bytes:
    """The file after the best fix of the first finding of a rule."""
    source = parse.decode(Path("/project/train.py"), Path("/project"), raw)
    program = analyze(source)
    finding = next(f for f in check(program) if f.rule == rule_id)
    return parse.apply(source, next(iter(rule(rule_id).mend(program, finding))).edits).raw


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("each", MENDED, ids=lambda r: r.id)
def test_the_layout_stays(each, layout: str) -> None:
    lay_out = LAYOUTS[layout]
    plain = first_mend(each.id, each.bad.encode()).decode()
    old, new = lay_out(each.bad), first_mend(each.id, lay_out(each.bad))
    assert new.count(b"\f") == old.count(b"\f")
    assert new.replace(b"\f", b"") == lay_out(plain).replace(b"\f", b"")  # a new function has none before it


# Places that edits find hard: (rule, text, the text mended).
HARD = {
    "a loop on one line": (
        "MR102",
        "for epoch in range(3): train(model, loader, opt); validate(model, loader)",
        "for epoch in range(3):\n    model.train()\n    train(model, loader, opt); validate(model, loader)",
    ),
    "a backslash before the body": (
        "MR102",
        "for epoch \\\n        in range(3):\n    train(model, loader, opt)\n    validate(model, loader)",
        "for epoch \\\n        in range(3):\n    model.train()\n    train(model, loader, opt)\n"
        "    validate(model, loader)",
    ),
    "comments between header and body": (
        "MR102",
        "for epoch in range(3):  # type: int\n    # first train\n    train(model, loader, opt)\n"
        "    validate(model, loader)",
        "for epoch in range(3):  # type: int\n    model.train()\n    # first train\n"
        "    train(model, loader, opt)\n    validate(model, loader)",
    ),
    "formatting switched off": (
        "MR102",
        "# fmt: off\nfor epoch in range( 3 ) :\n    train( model,loader,opt )\n"
        "    validate( model,loader )\n# fmt: on",
        "# fmt: off\nfor epoch in range( 3 ) :\n    model.train()\n    train( model,loader,opt )\n"
        "    validate( model,loader )\n# fmt: on",
    ),
    "a long line": (
        "MR102",
        f"for epoch in range(3):\n    train(model, loader, opt); x = {[0] * 60}\n    validate(model, loader)",
        f"for epoch in range(3):\n    model.train()\n    train(model, loader, opt); x = {[0] * 60}\n"
        "    validate(model, loader)",
    ),
    "steps of two blanks": (
        "MR102",
        "if True:\n  for epoch in range(3):\n    train(model, loader, opt)\n    validate(model, loader)",
        "if True:\n  for epoch in range(3):\n    model.train()\n    train(model, loader, opt)\n"
        "    validate(model, loader)",
    ),
    "a type comment of a function": (
        "MR103",
        "def score(net, data):\n    # type: (nn.Module, list) -> float\n    with torch.no_grad():\n"
        "        return sum((net(x).argmax(1) == y).sum().item() for x, y in data)\nscore(model, loader)",
        "def score(net, data):\n    # type: (nn.Module, list) -> float\n    net.eval()\n"
        "    with torch.no_grad():\n"
        "        return sum((net(x).argmax(1) == y).sum().item() for x, y in data)\nscore(model, loader)",
    ),
    "a decorator and a function on one line": (
        "MR103",
        "@torch.no_grad()\n"
        "def score(net, data): return sum((net(x).argmax(1) == y).sum().item() for x, y in data)\n"
        "score(model, loader)",
        "@torch.no_grad()\ndef score(net, data):\n    net.eval()\n"
        "    return sum((net(x).argmax(1) == y).sum().item() for x, y in data)\nscore(model, loader)",
    ),
    "a nested function with semicolons": (
        "MR103",
        "def outer(data):\n    def score(net):\n"
        "        with torch.no_grad(): a = 1; out = net(data); return out.argmax(1)\n"
        "    return score(model)\nouter(loader)",
        "def outer(data):\n    def score(net):\n        net.eval()\n"
        "        with torch.no_grad(): a = 1; out = net(data); return out.argmax(1)\n"
        "    return score(model)\nouter(loader)",
    ),
}
BEFORE = """\
import torch
from torch import nn
model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
opt, loader = torch.optim.SGD(model.parameters(), lr=0.1), []
def train(model, loader, opt):
  for x, y in loader:
    opt.zero_grad(); nn.functional.cross_entropy(model(x), y).backward(); opt.step()
def validate(model, loader):
  model.eval()
  with torch.no_grad(): return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
"""


def at_the_loop(rule_id: str, text: str) -> list[str]:
    """The text after each fix that is offered for it."""
    before = (
        BEFORE if "\n  for" in text else BEFORE.replace("\n  ", "\n    ").replace("\n      ", "\n        ")
    )
    source = parse.decode(Path("/project/train.py"), Path("/project"), (before + text).encode())
    program = analyze(source)
    findings = [f for f in check(program) if f.rule == rule_id]
    fixes = [fix for f in findings for fix in offered(program, f)]
    return [parse.apply(source, fix.edits).text.removeprefix(before) for fix in fixes]


def offered(program: Program, finding: Finding) -> Iterator[Fix]:
    """The fixes of a finding, up to one that the layout leaves no room for."""
    with contextlib.suppress(ValueError):
        yield from rule(finding.rule).mend(program, finding)


@pytest.mark.parametrize("case", HARD)
def test_hard_places(case: str) -> None:
    rule_id, text, mended = HARD[case]
    assert mended in at_the_loop(rule_id, text)
