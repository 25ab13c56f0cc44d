"""Source -> Program: modules and layers, aliases, roles, the mode flow."""

from __future__ import annotations

from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.evidence import explain
from modereview.analyze.flow import Flow
from modereview.analyze.frames import GaveUp
from modereview.analyze.heldout import held_out_calls
from modereview.analyze.lower import lower
from modereview.analyze.modules import Modules, params
from modereview.analyze.names import Names, names_of
from modereview.analyze.roles import Roles
from modereview.analyze.schedules import call_sites, functions_of, roles_of_functions, schedules_of
from modereview.analyze.values import ForwardRun, Thing
from modereview.records import CallSite, Forward, Program, Source, Span


def analyze(source: Source) -> Program:
    """Everything the other rooms need to know of a file.

    Never raises for a file that parsed: where the mode flow needs too many steps, `gave_up` says so and
    what was seen until then stands.
    """
    block = lower(source)
    names = names_of(block)
    modules = Modules(source, names)
    flow = Flow(source, names, modules, block)
    gave_up = None
    try:
        flow.run()
    except (GaveUp, RecursionError):
        gave_up = "the file branches too much to follow every path"
    record = flow.record
    optimizes = any(
        isinstance(c.func, ir.Attr) and c.func.name == "step" for c in walk.calls(block, nested=True)
    )
    held_out = held_out_calls(block)
    roles = Roles(record, held_out, optimizes=optimizes)
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
            (n, params(source, modules.method(c, "__init__")), _of(n, sites))
            for n, c in names.classes.items()
            if n not in modules.known
        ),
        schedules=schedules_of(source, block, names, record, by_function, sites),
        forwards=tuple(
            replace(_forward(run, flow, roles, modules), held_out=run.span in held_out) for run in runs
        ),
        trains_on_import=_trains_on_import(block, runs, roles),
        imports=_imports(names),
        calls=tuple(sorted({(f, c) for (f, _), callees in record.calls.items() for c in callees})),
        constants=tuple(
            (t.id, source.slice(s.value.span))
            for s in block
            if isinstance(s, ir.Assign) and isinstance(s.value, ir.Const)
            for t in s.targets
            if isinstance(t, ir.Name)
        ),
        gave_up=gave_up,
        handed=tuple(
            replace(_forward(run, flow, roles, modules), role="export")
            for run in sorted(record.handed, key=lambda r: (r.span, r.path, r.mode.value, repr(r.cause)))
        ),
        block=block,
        names=names,
    )


def _of(name: str, sites: tuple[CallSite, ...]) -> tuple[CallSite, ...]:
    return tuple(site for site in sites if site.callee == name)


def _imports(names: Names) -> tuple[str, ...]:
    return tuple(sorted({o.partition(".")[0] for o in names.imports.values() if not o.startswith(".")}))


def _forward(run: ForwardRun, flow: Flow, roles: Roles, modules: Modules) -> Forward:
    sensitive, opaque = _sensitivity(run.thing, flow, modules)
    functions = roles.functions(run)
    return Forward(
        span=run.span,
        function=run.function,
        path=run.path,
        model=run.text,
        classes=(run.thing.cls,) if run.thing.cls in modules.known and run.thing.cls else (),
        role=roles.role(run),
        mode=run.mode,
        grad=run.grad,
        why=explain(run, flow.record, flow.source),
        exact=run.exact,
        cause=run.cause.kind,
        switch=run.cause.span if run.cause.kind == "switch" else None,
        switch_path=run.cause.path,
        sensitive=sensitive,
        opaque=opaque,
        through=functions,
        by=run.by,
        after=tuple(sorted(run.after)),
    )


def _sensitivity(thing: Thing, flow: Flow, modules: Modules) -> tuple[tuple[str, ...], bool]:
    """What in the model depends on its mode, as far as it is known, and whether part of it is unknown."""
    if thing.cls in modules.known and thing.cls:
        return modules.sensitivity(thing.cls)
    if thing.origin == "library" and (thing.cls or "").startswith("torch.nn."):
        return modules.of_expression(flow.record.built[thing])
    if thing.parent is not None and thing.parent.cls in modules.known and thing.parent.cls:
        return modules.sensitivity(thing.parent.cls)
    return (), True


def _trains_on_import(block: ir.Block, runs: list[ForwardRun], roles: Roles) -> Span | None:
    """The first statement outside a main guard that leads to a training forward."""
    training = {(run.path or (run.span,))[0] for run in runs if roles.role(run) == "train"}
    for statement in block:
        guard = isinstance(statement, ir.If) and any(
            isinstance(e, ir.Name) and e.id == "__name__" for e in walk.subexpressions(statement.test)
        )
        runs_now = not guard and not isinstance(statement, ir.Define | ir.DefineClass)
        if runs_now and any(walk.within(span, statement.span) for span in training):
            return statement.span
    return None
