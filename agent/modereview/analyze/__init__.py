"""Source -> Program: modules and layers, aliases, roles, the mode flow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.flow import Flow
from modereview.analyze.forwards import forwards_of, handed_of, in_file
from modereview.analyze.frames import GaveUp, Record
from modereview.analyze.linking import Linked, link
from modereview.analyze.modules import Modules, params
from modereview.analyze.names import Names
from modereview.analyze.neighbours import Read
from modereview.analyze.options import Options
from modereview.analyze.others import Elsewhere, with_others
from modereview.analyze.roles import Roles
from modereview.analyze.schedules import call_sites, functions_of, roles_of_functions, schedules_of
from modereview.analyze.switching import switches_of
from modereview.analyze.values import ForwardRun
from modereview.analyze.worth import Worth
from modereview.records import CallSite, Program, Source, Span

_SIDE_BY_SIDE = 16  # states that are kept apart; more are merged


def analyze(
    source: Source,
    neighbours: Read | None = None,
    *,
    elsewhere: Elsewhere | None = None,
    static: bool = False,
) -> Program:
    """Everything the other rooms need to know of a file.

    `neighbours` reads the files beside it that it imports; without it, or where they make the flow too
    long, the file is looked at by itself. Where that is still too long, states are merged at once, which is
    less certain. `elsewhere` is asked who else in the project may have switched what a function evaluates.
    Never raises for a file that parsed: where the mode flow still needs too many steps, `gave_up` says so
    and what was seen until then stands. With `static` only what the rules ask for is made, and the flow is
    left out where it cannot lead to a finding.
    """
    linked = link(source, neighbours)
    roots = None
    if static:
        modules = Modules(linked, linked.names, Options(linked.blocks, linked.names))
        roots = Worth(linked.outlines, modules.known).roots()
        if not roots:
            return _without_flow(linked, modules)
    ways = ((part, apart) for apart in (_SIDE_BY_SIDE, 1) for part in linked.parts())
    program = _first_to_end(_program(part, roots, apart) for part, apart in ways)
    return with_others(program, linked, elsewhere)


def _first_to_end(programs: Iterable[Program]) -> Program:
    """The first whose flow came to its end; where none does, the last."""
    for program in programs:
        if not program.gave_up:
            break
    return program


def _without_flow(linked: Linked, modules: Modules) -> Program:
    block, names = linked.block, linked.own.names
    return Program(
        source=linked.file,
        modules=tuple(modules.outline(n) for n in names.classes if n in modules.known),
        imports=_imports(names),
        block=block,
        names=names,
    )


def _program(linked: Linked, roots: frozenset[str] | None, side_by_side: int) -> Program:
    source = linked.file
    block, names = linked.block, linked.own.names
    modules = Modules(linked, linked.names, Options(linked.blocks, linked.names))
    flow = Flow(linked, modules, side_by_side)
    gave_up = None
    try:
        flow.run(linked, roots)
    except (GaveUp, RecursionError):
        gave_up = "the file branches too much to follow every path"
    record = flow.record
    held_out = linked.held_out
    roles = Roles(record, held_out, optimizes=_optimizes(linked, record))
    sites = call_sites(source, block, names, record)
    by_function = roles_of_functions(record, roles)
    runs = sorted(record.runs, key=lambda r: (r.span, r.path, r.mode.value, repr(r.cause)))
    return Program(
        source=source,
        modules=tuple(
            replace(modules.describe(n), builds=_of(n, sites)) for n in names.classes if n in modules.known
        ),
        functions=functions_of(source, block, names, by_function, sites),
        classes=tuple(
            (n, params(linked, modules.method(c, "__init__")), _of(n, sites))
            for n, c in names.classes.items()
            if n not in modules.known
        ),
        schedules=schedules_of(source, block, names, record, by_function, sites),
        forwards=forwards_of(runs, linked, flow, roles, modules, held_out),
        switches=switches_of(in_file(record, linked)),
        trains_on_import=_trains_on_import(block, runs, roles),
        imports=_imports(names),
        calls=_calls(record, names),
        constants=tuple(
            (t.id, source.slice(s.value.span))
            for s in block
            if isinstance(s, ir.Assign) and isinstance(s.value, ir.Const)
            for t in s.targets
            if isinstance(t, ir.Name)
        ),
        gave_up=gave_up,
        steps=record.steps,
        handed=handed_of(record, linked, flow, roles, modules),
        block=block,
        names=names,
    )


def _optimizes(linked: Linked, record: Record) -> bool:
    """Whether the file, or a function of a neighbour that it runs, steps an optimizer at all."""
    entered = [f.body for name, f in linked.names.functions.items() if name in record.called]
    calls = (c for b in (linked.block, *entered) for c in walk.calls(b, nested=True))
    return any(isinstance(c.func, ir.Attr) and c.func.name == "step" for c in calls)


def _calls(record: Record, names: Names) -> tuple[tuple[str, str], ...]:
    """Which function of the file calls which."""
    pairs = {(f, c) for (f, _), callees in record.calls.items() for c in callees}
    own = {"", *names.functions}
    return tuple(sorted((f, c) for f, c in pairs if f in own and c in own))


def _of(name: str, sites: tuple[CallSite, ...]) -> tuple[CallSite, ...]:
    return tuple(site for site in sites if site.callee == name)


def _imports(names: Names) -> tuple[str, ...]:
    return tuple(sorted({o.partition(".")[0] for o in names.imports.values() if not o.startswith(".")}))


def _trains_on_import(block: ir.Block, runs: list[ForwardRun], roles: Roles) -> Span | None:
    """The first statement outside a main guard that leads to a training forward."""
    training = {(run.path or (run.span,))[0] for run in runs if roles.role(run) == "train"}
    for statement in block:
        runs_now = not walk.is_main_guard(statement) and not isinstance(statement, ir.Define | ir.DefineClass)
        if runs_now and any(walk.within(span, statement.span) for span in training):
            return statement.span
    return None
