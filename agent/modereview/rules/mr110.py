"""MR110 gradients-left-off."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Event, Finding, Fix, Forward, Program, Severity, Span
from modereview.rules import lookup
from modereview.rules.base import Rule, deliberate, fix


def check(program: Program) -> Iterator[Finding]:
    """Forwards of a loss with the graph off because of a switch that no block ends."""
    trained = {f.model for f in program.forwards if f.role == "train"}
    seen: set[Span] = set()
    for forward in program.forwards:
        off = forward.off_by
        if off is not None and off not in seen and forward.role == "target" and forward.learns:
            seen.add(off)
            yield _finding(program, forward, off, sure=forward.model in trained)


def _finding(program: Program, forward: Forward, off: Span, *, sure: bool) -> Finding:
    switch = program.source.slice(off)
    again = any(f.span == forward.span and f.role == "train" for f in program.forwards)
    return RULE.finding(
        program,
        off,
        f"`{switch}` stays in force{' from the second pass on' if again else ''}: "
        f"`{forward.model}` goes into a loss without a graph",
        severity=Severity.NOTE if deliberate(program, forward) else _severity(again or sure),
        evidence=(
            Event(forward.span, "runs here with the graph off, and its result goes backward", "forward"),
        ),
        facts=("no gradient reaches it: it is not trained, or `backward()` fails",),
        function=forward.function,
        subject=forward.model,
    )


def _severity(sure: bool) -> Severity:
    """Certain where the same model is trained elsewhere or in the first pass."""
    return Severity.ERROR if sure else Severity.WARNING


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The rest of the block under the switch as a context, as far as nothing in it is trained on."""
    for block in _blocks(program):
        for index, statement in enumerate(block):
            if statement.span != finding.span:
                continue
            rest = _evaluation(program, block[index + 1 :])
            if not rest:
                return
            call = program.source.slice(finding.span)
            manager = call.removesuffix(".__enter__()")
            said = lookup.with_comment(program, finding.span).removeprefix(call)
            moved = edits.wrap(program.source, rest[0].span, rest[-1].span, f"with {manager}:{said}")
            gone = edits.remove_statement(program.source, finding.span)
            why = "gradients flow again behind the block: what trains there is trained from now on"
            title = f"put the evaluation under `with {manager}:`"
            yield fix(program.source, finding, title, *edits.together((gone, *moved)), consequence=why)
            return


def _evaluation(program: Program, rest: ir.Block) -> ir.Block:
    """What evaluates: all of the rest if nothing in it trains, else up to the last forward before that."""
    until = next((i for i, s in enumerate(rest) if _trains(program, (s,))), None)
    if until is None:
        return _without_return(rest)
    ways = [(*f.path, f.span) for f in program.forwards if f.role in ("evaluate", "infer")]
    judged = [
        i
        for i, s in enumerate(rest[:until])
        if any(walk.within(place, s.span) for way in ways for place in way)
    ]
    return rest[: judged[-1] + 1] if judged else ()


def _without_return(rest: ir.Block) -> ir.Block:
    """The statements without a last `return hits`, which runs nothing."""
    match rest:
        case (*_, _, ir.Leave("return", None | ir.Name() | ir.Const())):
            return rest[:-1]
        case _:
            return rest


def _blocks(program: Program) -> Iterator[ir.Block]:
    for _, body in lookup.scopes(program):
        yield body
        for statement in walk.statements(body):
            yield from walk.blocks(statement)


def _trains(program: Program, rest: ir.Block) -> bool:
    """Whether a forward of a loss runs in these statements, itself or in what they call."""
    ways = [(*f.path, f.span) for f in program.forwards if f.role in ("train", "target", "unknown")]
    return any(walk.within(place, s.span) for way in ways for place in way for s in rest)


RULE = Rule(
    id="MR110",
    name="gradients-left-off",
    severity=Severity.ERROR,
    summary="`set_grad_enabled(False)` or `no_grad().__enter__()` reaches a training forward",
    why=(
        "`torch.set_grad_enabled(False)` as a statement holds for the rest of the process, and a `no_grad` "
        "that is entered by hand until somebody leaves it. What trains afterwards gets no gradient: where "
        "another part of the loss still has one, nothing says so."
    ),
    source="https://github.com/choyingw/SynergyNet/issues/22",
    bad="""\
import torch
from torch import nn

def validate(model, loader):
    model.eval()
    torch.set_grad_enabled(False)
    return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
""",
    good="""\
import torch
from torch import nn

def validate(model, loader):
    model.eval()
    with torch.set_grad_enabled(False):
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
""",
    not_flagged=(
        "`with torch.set_grad_enabled(flag):`; a switch that is given back before the training "
        "(`set_grad_enabled(True)`); scripts that only infer; a frozen teacher under it."
    ),
    fix="the context form, `with torch.set_grad_enabled(False):`, around the rest of its block.",
    check=check,
    mend=mend,
)
