"""An evaluation that gives back the mode it found, in the way the file does it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Forward, Program, Span
from modereview.rules import lookup
from modereview.rules.meeting import body_of


def style(program: Program, function: str) -> str:
    """How other functions of the file end their evaluations: "saved", "train" or "" for not at all."""
    found = ""
    for name, body in lookup.scopes(program):
        if name == function or not name:
            continue
        if _saves(body):
            return "saved"
        if _ends_in_train(program, name, body):
            found = "train"
    return found


def switches(program: Program, forward: Forward, model: str, how: str) -> tuple[str, str]:
    """What goes before an evaluation and what behind it, in a style of above."""
    if how != "saved":
        return f"{model}.eval()", f"{model}.train()"
    was = _free(program, forward.function)
    return f"{was} = {model}.training\n{model}.eval()", f"{model}.train({was})"


def at_the_end(program: Program, function: str, statement: str) -> Edit | None:
    """`statement` where the function ends; None where it may leave earlier or run the model to return."""
    body = body_of(program, function)
    leaves = [s for s in walk.statements(body) if isinstance(s, ir.Leave) and s.how in ("return", "raise")]
    runs = any(walk.within(f.span, body[-1].span) for f in program.forwards)
    if leaves not in ([], [body[-1]]) or (leaves and runs):
        return None
    ending = edits.insert_before if leaves else edits.insert_after
    return ending(program.source, body[-1].span, statement)


def on_every_way(program: Program, function: str, start: Span, before: str, after: str) -> tuple[Edit, ...]:
    """The function from `start` on under `try`, with `after` in its `finally`."""
    last = body_of(program, function)[-1]
    return edits.wrap(program.source, start, last.span, f"{before}\ntry:", f"finally:\n    {after}")


def keeps_modes(program: Program, forward: Forward) -> bool:
    """Whether the function that left EVAL behind keeps the modes of its models, and gives them back by these.

    Which of several models each is of, the flow does not follow: `modes.append(net.training)` in a loop.
    """
    assert program.names is not None
    off = forward.switch
    if off is None:
        return False
    around = [f for f in program.names.functions.values() if walk.within(off, f.span)]
    body = max(around, key=lambda f: f.span).body if around else ()
    kept = [e.span for e in walk.all_expressions(body) if isinstance(e, ir.Attr) and e.name == "training"]
    asked = (s for s in walk.statements(body) if isinstance(s, ir.If) and not walk.within(off, s.span))
    back = (span for s in asked for _, span in _switches(s.body, "train"))
    return any(first < off < last for last in back for first in kept)


def _saves(body: ir.Block) -> bool:
    """`was = model.training`, and `model.train(was)` later."""
    kept = {
        t.id
        for s in walk.statements(body)
        for t, v in lookup.bindings(s)
        if isinstance(t, ir.Name) and isinstance(v, ir.Attr) and v.name == "training"
    }
    return any(
        isinstance(c.func, ir.Attr) and c.func.name == "train" and [walk.dotted(a) for a in c.args] == [k]
        for c in walk.calls(body)
        for k in kept
    )


def _ends_in_train(program: Program, name: str, body: ir.Block) -> bool:
    """`model.eval()`, an evaluation, `model.train()`."""
    judged = [f.span for f in program.forwards if f.function == name and f.role in ("evaluate", "infer")]
    off = dict(_switches(body, "eval"))
    return any(o in off and any(off[o] < j < s for j in judged) for o, s in _switches(body, "train"))


def _switches(body: ir.Block, name: str) -> Iterator[tuple[str, Span]]:
    for call in walk.calls(body):
        if isinstance(call.func, ir.Attr) and call.func.name == name and not call.args:
            yield walk.dotted(call.func.base) or "", call.span


def _free(program: Program, function: str) -> str:
    """A name that the function does not use."""
    used = {e.id for e in walk.all_expressions(body_of(program, function)) if isinstance(e, ir.Name)}
    return next(n for n in ("was_training", "was_in_training", "mode_before") if n not in used)
