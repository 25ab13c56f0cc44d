"""Which functions train and evaluate, where they are called, and in which order loops call them."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.frames import Record
from modereview.analyze.modules import params
from modereview.analyze.names import Names
from modereview.analyze.roles import Roles
from modereview.records import CallSite, Function, Mode, Role, Schedule, Source, Span, Step


def scopes(block: ir.Block, names: Names) -> Iterator[tuple[str, ir.Block]]:
    """The top level ("") and every function with its body."""
    yield "", block
    for function in names.functions.values():
        yield function.name, function.body


def call_sites(source: Source, block: ir.Block, names: Names, record: Record) -> tuple[CallSite, ...]:
    """Every call of a class or function that the file defines, in source order."""
    found: list[CallSite] = []
    for caller, body in scopes(block, names):
        targets = {
            s.value.span: walk.dotted(s.targets[0])
            for s in walk.statements(body)
            if isinstance(s, ir.Assign) and isinstance(s.value, ir.Call)
        }
        for call in walk.calls(body):
            text = walk.dotted(call.func) or ""
            callees = {text} & names.classes.keys() or record.calls.get((caller, call.span), set())
            for callee in sorted(callees & (names.functions.keys() | names.classes.keys())):
                found.append(_site(source, names, call, caller, callee, targets.get(call.span)))
    return tuple(sorted(found, key=lambda site: site.span))


def _site(
    source: Source, names: Names, call: ir.Call, caller: str, callee: str, target: str | None
) -> CallSite:
    args = tuple(source.slice(a.span) for a in call.args)
    kwargs = tuple((k, source.slice(v.span)) for k, v in call.kwargs if k)
    cls = names.classes.get(callee)
    function = cls.method("__init__") if cls else names.functions.get(callee)
    known = [p.name for p in params(source, function) if p.kind == "positional"]
    spread = any(isinstance(a, ir.Star) for a in call.args)
    bound = (() if spread else tuple(zip(known, args, strict=False))) + kwargs
    return CallSite(callee, caller, call.span, args, kwargs, target, bound)


def roles_of_functions(record: Record, roles: Roles) -> dict[str, set[Role]]:
    """For each function the roles of the forwards that it leads to."""
    found: dict[str, set[Role]] = {}
    for run in record.runs:
        for name in {*roles.functions(run), run.function}:
            found.setdefault(name, set()).add(roles.role(run))
    return found


def functions_of(
    source: Source,
    block: ir.Block,
    names: Names,
    by_function: dict[str, set[Role]],
    sites: tuple[CallSite, ...],
) -> tuple[Function, ...]:
    """The functions that run a forward, with what they need to be driven."""
    assigned = {
        target.id
        for s in walk.statements(block)
        if isinstance(s, ir.Assign)
        for t in s.targets
        for target in (t.items if isinstance(t, ir.Items) else (t,))
        if isinstance(target, ir.Name)
    }
    assigned |= {e.id for s in walk.statements(block) for e in _bound_by(s) if isinstance(e, ir.Name)}
    every = (s for f in names.functions.values() for s in walk.statements(f.body))
    assigned |= {name for s in every if isinstance(s, ir.Global) for name in s.names}
    return tuple(
        Function(
            name,
            function.span,
            params(source, function),
            function.method_of,
            frozenset(by_function[name]),
            tuple(sorted(_reads(function, names, frozenset()) & assigned)),
            tuple(s for s in sites if s.callee == name),
        )
        for name, function in names.functions.items()
        if name in by_function
    )


def _bound_by(statement: ir.Stmt) -> tuple[ir.Expr, ...]:
    match statement:
        case ir.Loop(target) if target is not None:
            return (target, *(target.items if isinstance(target, ir.Items) else ()))
        case ir.With(items):
            return tuple(t for _, t in items if t is not None)
        case _:
            return ()


def _reads(function: ir.Function, names: Names, seen: frozenset[str]) -> set[str]:
    """Global names that a function reads, itself or through the functions of the file that it calls."""
    if function.name in seen:
        return set()
    local = {p.name for p in function.params}
    for s in walk.statements(function.body):
        targets = s.targets if isinstance(s, ir.Assign) else _bound_by(s)
        local |= {e.id for t in targets for e in walk.subexpressions(t) if isinstance(e, ir.Name)}
    for s in walk.statements(function.body):
        local -= set(s.names) if isinstance(s, ir.Global) else set()
    used = {e.id for e in walk.all_expressions(function.body) if isinstance(e, ir.Name)} - local
    for name in sorted(used & names.functions.keys()):
        used |= _reads(names.functions[name], names, seen | {function.name})
    return used


def schedules_of(
    source: Source,
    block: ir.Block,
    names: Names,
    record: Record,
    by_function: dict[str, set[Role]],
    sites: tuple[CallSite, ...],
) -> tuple[Schedule, ...]:
    """Each loop whose own body calls functions that train or evaluate, as the steps of one epoch."""
    found = []
    by_place = {(site.caller, site.span): site for site in sites if site.callee in by_function}
    for caller, body in scopes(block, names):
        for loop in (s for s in walk.statements(body) if isinstance(s, ir.Loop)):
            steps = tuple(
                step
                for s in _own(loop.body)
                for step in _steps(source, s, caller, by_place, by_function, names)
            )
            if any(step.roles & {"train", "evaluate", "infer"} for step in steps):
                found.append(Schedule(caller, loop.span, steps))
    return tuple(found)


def _own(block: ir.Block) -> Iterator[ir.Stmt]:
    """Statements of a loop's body that no inner loop repeats."""
    for statement in block:
        yield statement
        if not isinstance(statement, ir.Loop):
            for inner in walk.blocks(statement):
                yield from _own(inner)


def _steps(
    source: Source,
    statement: ir.Stmt,
    caller: str,
    by_place: dict[tuple[str, Span], CallSite],
    by_function: dict[str, set[Role]],
    names: Names,
) -> Iterator[Step]:
    if isinstance(statement, ir.Loop):
        return
    parts = (p for e in walk.expressions(statement) for p in walk.subexpressions(e))
    for call in (p for p in parts if isinstance(p, ir.Call)):
        site = by_place.get((caller, call.span))
        if site is not None:
            yield Step(call.span, site, None, frozenset(by_function[site.callee]))
        elif isinstance(statement, ir.Do) and (mode := switch_mode(call)) is not None:
            assert isinstance(call.func, ir.Attr)
            yield Step(call.span, None, (source.slice(call.func.base.span), mode))


def switch_mode(call: ir.Call) -> Mode | None:
    """The mode that `x.eval()`, `x.train()` or `x.train(True)` asks for; None for any other call."""
    if not isinstance(call.func, ir.Attr) or walk.dotted(call.func.base) is None:
        return None
    argument = call.args[0] if call.args else dict(call.kwargs).get("mode")
    count = len(call.args) + len(call.kwargs)
    if call.func.name == "eval" and count == 0:
        return Mode.EVAL
    if call.func.name == "train" and count == 0:
        return Mode.TRAIN
    if call.func.name == "train" and count == 1 and isinstance(argument, ir.Const):
        return Mode.TRAIN if argument.value else Mode.EVAL
    return None
