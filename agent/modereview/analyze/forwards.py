"""What the flow saw, as records of the file under review: forwards, and how their models came into a mode."""

from __future__ import annotations

from dataclasses import replace

from modereview.analyze import walk
from modereview.analyze.evidence import explain
from modereview.analyze.flow import Flow
from modereview.analyze.frames import Record
from modereview.analyze.linking import Linked
from modereview.analyze.modules import Modules
from modereview.analyze.networks import is_made_by_class, is_network
from modereview.analyze.projection import Trail, trail
from modereview.analyze.roles import Roles
from modereview.analyze.torchfacts import MODELESS, names_a_loading, names_a_model
from modereview.analyze.values import ForwardRun, SwitchRun, Thing
from modereview.records import Forward, Mode, Span


def forwards_of(
    runs: list[ForwardRun],
    linked: Linked,
    flow: Flow,
    roles: Roles,
    modules: Modules,
    held_out: frozenset[Span] = frozenset(),
) -> tuple[Forward, ...]:
    """One for each run, those of a neighbour at the call that leads there.

    A neighbour's forward is left to the review of the neighbour itself where nothing in view says its
    mode, or where the same call switches the mode as well.
    """
    found: dict[Forward, None] = {}
    for run in runs:
        seen = trail(run.span, run.path, roles.functions(run), linked)
        if seen is not None:
            forward = replace(
                _forward(run, seen, linked, flow, roles, modules), held_out=run.span in held_out
            )
            at_switch = (forward.switch, forward.switch_path) == (seen.span, seen.path)
            if linked.here(run.span) or not (run.mode is Mode.UNKNOWN or at_switch):
                found.setdefault(forward)
    return tuple(sorted(found, key=_order))


def _order(forward: Forward) -> tuple[object, ...]:
    """The order of the file; then whatever tells two apart, as the flow keeps what may be meant in sets."""
    apart = (forward.classes, forward.makers, forward.sensitive, forward.role, forward.cause, forward.exact)
    return forward.span, forward.path, forward.mode.value, *apart


def handed_of(
    record: Record, linked: Linked, flow: Flow, roles: Roles, modules: Modules
) -> tuple[Forward, ...]:
    """The same for what a library runs on a model that is handed to it: exports, summaries, wrappers."""
    runs = sorted(record.handed, key=lambda r: (r.span, r.path, r.mode.value, repr(r.cause)))
    found = forwards_of(runs, linked, flow, roles, modules)
    return tuple(replace(forward, role="export") for forward in found)


def _forward(
    run: ForwardRun, seen: Trail, linked: Linked, flow: Flow, roles: Roles, modules: Modules
) -> Forward:
    sensitive, opaque = _sensitivity(run.thing, flow, modules)
    cause, known = run.cause, run.thing.cls in modules.known
    switched = trail(cause.span, cause.path, (), linked) if cause.kind == "switch" and cause.span else None
    return Forward(
        span=seen.span,
        function=seen.function,
        path=seen.path,
        model=run.text if linked.here(run.span) else _name_here(run.thing, run.text, run.span, seen, linked),
        classes=(run.thing.cls,) if known and run.thing.cls else (),
        role=roles.role(run),
        mode=run.mode,
        grad=run.grad,
        why=explain(run, seen, flow.record, linked),
        exact=run.exact,
        cause=cause.kind,
        switch=switched.span if switched else None,
        switch_path=switched.path if switched else (),
        sensitive=sensitive,
        opaque=opaque,
        through=seen.through,
        learns=roles.learns(run.thing),
        frozen=roles.rests(run.thing),
        by_itself=cause.kind == "switch" and cause.function.endswith(".__init__"),
        fresh=_is_fresh(run.thing, flow, roles),
        copied=run.thing.origin == "copy",
        by=run.by,
        after=tuple(sorted(run.after)),
        off_by=run.off_by if run.grad is False and run.off_by and linked.here(run.off_by) else None,
        network=is_network(run, _asked(linked), flow.record, roles, modules),
        made_by=_maker(run.thing, linked),
        makers=_makers(run.thing, flow.record, modules),
        given=_is_given(run.thing) and run.thing not in flow.record.loaded,
        handed=_is_handed_in(run.thing, seen, flow),
    )


def _is_given(thing: Thing) -> bool:
    """Whether nobody in view made it: a parameter, a global, an element of what is handed in."""
    while thing.parent is not None:
        thing = thing.parent
    return thing.origin == "parameter"


def _maker(thing: Thing, linked: Linked) -> str:
    """The class or the imported function that made it, where that is out of view."""
    text = thing.cls or ""
    first = text.partition(".")[0]
    imported = any(origin.partition(".")[0] == first for origin in linked.own.names.imports.values())
    made = thing.origin in ("call", "holder") and imported
    return text if made or is_made_by_class(thing) else ""


def _makers(thing: Thing, record: Record, modules: Modules) -> tuple[str, ...]:
    """What may have made it and the models in it; nothing where one of them came from nobody knows where."""
    parts = record.taken.get(thing) or record.parts.get(thing) or ()
    inside = [_makers(part, record, modules) for part in parts]
    own = thing.cls or (thing.parent.cls if thing.parent and thing.parent.cls in modules.known else None)
    taken = own is not None and own in modules.known and modules.takes_models(own)
    if own is None or not all(inside) or (taken and record.taken.get(thing) is None):
        return ()
    return tuple(sorted({own, *(maker for makers in inside for maker in makers)}))


def _asked(linked: Linked) -> frozenset[str]:
    """Last parts of what the file asks for something that modules have."""
    return linked.own.names.switched | linked.own.names.networks


def _is_handed_in(thing: Thing, seen: Trail, flow: Flow) -> bool:
    """Whether the outermost function got it as an argument, or as a part of one, from nobody in view."""
    outermost = flow.names.functions.get(seen.through[0] if seen.through else seen.function)
    return outermost is not None and _born(thing.key) == outermost.span


def _name_here(thing: Thing, text: str, span: Span, seen: Trail, linked: Linked) -> str:
    """What the reviewed file calls a model that a neighbour runs; else what the neighbour calls it."""
    if linked.here(_born(thing.key) or seen.span):
        return thing.label
    return f"{text} of {linked.place(span).rpartition(':')[0]}"


def _born(key: object) -> Span | None:
    """The place that the key of a thing begins with."""
    while isinstance(key, tuple) and key:
        key = key[0]
    return key if isinstance(key, Span) else None


def _sensitivity(thing: Thing, flow: Flow, modules: Modules) -> tuple[tuple[str, ...], bool]:
    """What in the model depends on its mode, as far as it is known, and whether part of it is unknown."""
    if thing.cls in modules.known and thing.cls:
        taken = flow.record.taken.get(thing)
        if taken is not None:
            inside = (_sensitivity(part, flow, modules) for part in taken)
            return _together(modules.own_sensitivity(thing.cls), *inside)
        call = flow.record.built.get(thing) if thing.origin == "build" else None
        return modules.built(thing.cls, call) if call else modules.of_any(thing.cls)
    if thing.origin in ("call", "holder") and (thing.cls or "").startswith(MODELESS):
        return (), False
    if parts := flow.record.parts.get(thing):
        return _together(*(_sensitivity(part, flow, modules) for part in parts))
    if thing.origin in ("library", "copy") and (thing.cls or "").startswith("torch.nn."):
        return modules.of_expression(flow.record.built[thing])
    if thing.parent is not None and thing.parent.cls in modules.known and thing.parent.cls:
        return modules.sensitivity(thing.parent.cls)
    return (), True


def _together(*parts: tuple[tuple[str, ...], bool]) -> tuple[tuple[str, ...], bool]:
    """The same of a model that consists of these."""
    return tuple(sorted({kind for kinds, _ in parts for kind in kinds})), any(unclear for _, unclear in parts)


def _is_fresh(thing: Thing, flow: Flow, roles: Roles) -> bool:
    """Whether the weights are those it was built with, as far as the file shows.

    Where nothing trains, parameters are asked for to count or to fill them. What is built around another
    model has that one's weights.
    """
    record, cls = flow.record, flow.names.classes.get(thing.cls or "")
    text = thing.cls or ""
    own = thing.origin == "build" or (thing.origin == "library" and text.startswith("torch.nn."))
    elsewhere = thing.origin in ("call", "holder") and text.rpartition(".")[2][:1].isupper()
    trained = thing in record.optimized | record.copies and not roles.only_infers
    if not (own or elsewhere) or trained or thing in record.loaded:
        return False
    inside = (c for m in (cls.methods if cls else ()) for c in walk.calls(m.body))
    calls = (*([record.built[thing]] if thing in record.built else ()), *inside)
    given = (walk.dotted(a) or "" for a in (record.built[thing].args if thing in record.built else ()))
    if own and any(map(names_a_model, given)):
        return False
    texts = (t for c in calls for t in (walk.dotted(c.func) or "", *(k or "" for k, _ in c.kwargs)))
    return not any(map(names_a_loading, texts))


def in_file(record: Record, linked: Linked) -> Record:
    """The record as the file under review shows it: forwards told there, and its own switches."""
    if not linked.neighbours:
        return record
    runs, switches = set[ForwardRun](), set[SwitchRun]()
    for run in record.runs:
        if (seen := trail(run.span, run.path, (), linked)) is not None:
            runs.add(replace(run, span=seen.span, path=seen.path))
    for switch in record.switches:
        if linked.here(switch.span) and (seen := trail(switch.span, switch.path, (), linked)):
            switches.add(replace(switch, path=seen.path))
    return replace(record, runs=runs, switches=switches)
