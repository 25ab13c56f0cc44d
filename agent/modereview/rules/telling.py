"""A functional layer in a plain function: the flag becomes a parameter, and the callers hand it on."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Program
from modereview.rules import inside, lookup

_FLAG = "training"


def flag_edits(
    program: Program, function: ir.Function, call: ir.Call, name: str, position: int
) -> list[Edit]:
    """What tells the call whether the model trains: nothing where that cannot be known.

    In a method of a module it is `self.training`. A plain function of the file gets a parameter `training`,
    True unless given, as for `F.dropout`; the methods that call it pass `self.training`. Not if anything else
    calls it, or if it is handed on as a value: then nobody knows who should tell.
    """
    if inside.owner(program, function) is not None:
        return [edits.set_argument(program.source, call.span, name, "self.training", position=position)]
    callers = list(_callers(program, function))
    if not callers or None in callers:
        return []
    told = [edits.set_argument(program.source, call.span, name, _FLAG, position=position)]
    if any(p.name == _FLAG for p in function.params):
        return told
    try:
        told.append(edits.add_parameter(program.source, function.span, f"{_FLAG}=True"))
    except ValueError:
        return []
    sites = [c for c in callers if c is not None]
    return told + [edits.set_argument(program.source, c.span, _FLAG, "self.training") for c in sites]


def _callers(program: Program, function: ir.Function) -> Iterator[ir.Call | None]:
    """The calls in methods of modules; None for any other mention of a top-level function."""
    if "." in function.name:
        yield None
        return
    assert program.names is not None
    for name, body in lookup.scopes(program):
        holder = program.names.functions.get(name)
        told = holder is not None and inside.owner(program, holder) is not None
        calls = [c for c in walk.calls(body) if walk.dotted(c.func) == function.name]
        yield from (c if told and not lookup.spreads(c) else None for c in calls)
        heads = {c.func.span for c in calls}
        mentions = (e for e in walk.all_expressions(body) if isinstance(e, ir.Name) and e.id == function.name)
        if any(e.span not in heads for e in mentions):
            yield None
