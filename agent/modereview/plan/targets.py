"""What is tested: module classes with a forward; functions that train or evaluate, in order."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from modereview.analyze import ir
from modereview.plan.slots import Context, Slot, arguments, global_slots, merged, reached
from modereview.plan.uses import Uses
from modereview.records import (
    CallSite,
    Drive,
    Function,
    Mode,
    ModuleClass,
    Param,
    Program,
    Role,
    Schedule,
    Step,
    Target,
    Value,
)
from modereview.rules.inside import method_of

_COMMAND = re.compile(r"\.(command|group)\b")
WANTED: frozenset[Role] = frozenset({"train", "evaluate", "infer"})


@dataclass(frozen=True)
class Way:
    """One way to drive a scenario: what it needs, what it builds of that, and the statements of an epoch."""

    slots: tuple[Slot, ...]
    drives: tuple[Drive, ...]
    patches: tuple[str, ...] = ()  # slots that are globals of the script
    objects: tuple[
        Value, ...
    ] = ()  # instances whose methods are driven: trainer = script.Trainer(model, loader)


@dataclass(frozen=True)
class Scenario:
    """A target and the ways to drive it, the preferred one first."""

    target: Target
    ways: tuple[Way, ...]
    unless: tuple[str, ...] = ()  # targets that, if reached, drive these functions already


def module_targets(program: Program) -> tuple[Target, ...]:
    """Every module class that can be called."""
    return tuple(Target("module", m.name, classes=(m.name,)) for m in callable_modules(program))


def callable_modules(program: Program) -> tuple[ModuleClass, ...]:
    """The module classes with a `forward`, but for one that is there to be overridden."""
    return tuple(m for m in program.modules if m.has_forward and not _refuses(program, m))


def _refuses(program: Program, module: ModuleClass) -> bool:
    """Whether all that its `forward` does is to raise NotImplementedError."""
    forward = method_of(program, module.name, "forward")
    body = forward.body if forward else ()
    work = [s for s in body if not (isinstance(s, ir.Do) and isinstance(s.value, ir.Const))]
    match work:
        case [
            ir.Leave("raise", ir.Name("NotImplementedError") | ir.Call(ir.Name("NotImplementedError"))),
            *_,
        ]:
            return True
        case _:
            return False


def scenarios(context: Context) -> tuple[Scenario, ...]:
    """Schedules first, then the functions that no schedule holds, callers before what they call."""
    program = context.program
    found = tuple(s for s in (_of_schedule(context, schedule) for schedule in program.schedules) if s.ways)
    held = {f for s in found for f in s.target.functions} | {s.caller for s in program.schedules}
    alone = [f for f in program.functions if f.name not in held and _drivable(program, f)]
    found += tuple(_alone(context, f) for f in alone)
    return tuple(replace(s, unless=_covering(program, found, s)) for s in _distinct(found))


def _of_schedule(context: Context, schedule: Schedule) -> Scenario:
    caller = context.program.function(schedule.caller)
    calls = [s.call for s in schedule.steps if s.call is not None]
    functions = tuple(dict.fromkeys(c.callee for c in calls if context.program.function(c.callee)))
    ways: tuple[Way, ...] = ()
    if caller is not None and _given_a_model(context, caller):
        ways += (_way(context, [(caller, _first_call(caller))]),)
    if functions:
        ways += (_steps(context, schedule),)
    lead = (
        caller.name
        if caller is not None and (len(ways) > 1 or not functions)
        else functions[0]
        if functions
        else ""
    )
    held = (lead, *functions) if lead == schedule.caller and lead else functions
    return Scenario(Target("scenario", _trainer(schedule, lead), tuple(dict.fromkeys(held))), ways)


def _trainer(schedule: Schedule, lead: str) -> str:
    """A scenario is named after the function that trains."""
    calls = (s.call.callee for s in schedule.steps if s.call is not None and "train" in s.roles)
    return lead if lead == schedule.caller else next(calls, lead)


def _steps(context: Context, schedule: Schedule) -> Way:
    """The calls and switches of an epoch, one after the other."""
    way = Way((), ())
    for step in schedule.steps:
        function = context.program.function(step.call.callee) if step.call else None
        if function is not None:
            more = _way(context, [(function, step.call)])
            drives = tuple(replace(d, roles=step.roles or d.roles, line=step.span.line) for d in more.drives)
            way = _join(way, replace(more, drives=drives))
        elif step.switch is not None:
            way = replace(way, drives=(*way.drives, _switch(step, step.switch)))
    return way


def _switch(step: Step, switch: tuple[str, Mode]) -> Drive:
    subject = switch[0].removeprefix("self.")
    return Drive(f"{subject}.{'eval' if switch[1] is Mode.EVAL else 'train'}()", frozenset(), step.span.line)


def _alone(context: Context, function: Function) -> Scenario:
    way = _way(context, [(function, _first_call(function))])
    entry = _entry_switch(context.program, function)
    model = next((s.name for s in way.slots if s.kind == "model"), None)
    if entry is not None and model is not None:
        way = replace(way, drives=(Drive(f"{model}.{entry[0]}()", frozenset(), entry[1]), *way.drives))
    return Scenario(Target("scenario", function.name, (function.name,)), (way,))


def _entry_switch(program: Program, function: Function) -> tuple[str, int] | None:
    """The switch that every caller in view makes before it calls an evaluating function, and its line."""
    runs = [
        f
        for f in program.forwards
        if f.role in ("evaluate", "infer") and (f.function == function.name or _within(f.path, function))
    ]
    if not function.calls or not runs or any(f.mode is not Mode.EVAL or not f.exact for f in runs):
        return None
    switches = [e.span.line for f in runs for e in f.why if e.kind == "switch"]
    inside = any(function.span.line <= line <= function.span.end_line for line in switches)
    return ("eval", switches[-1]) if switches and not inside else None


def _within(path: tuple[object, ...], function: Function) -> bool:
    return any(call.span in path for call in function.calls)


def _way(context: Context, calls: list[tuple[Function, CallSite | None]]) -> Way:
    way = Way((), ())
    for function, call in calls:
        owner, objects, slots = _owner(context, function)
        mine, written = arguments(context, function.name, function.params, call)
        patches = global_slots(context, function.name)
        line = call.span.line if call else function.span.line
        called = f"{owner}.{function.name.rpartition('.')[2]}{_inside(context.program, function)}"
        drive = Drive(f"{called}({written})", function.roles & WANTED, line)
        names = tuple(p.name for p in patches)
        way = _join(way, Way((*slots, *mine, *patches), (drive,), names, objects))
    return way


def _inside(program: Program, function: Function) -> str:
    """What leads to the function itself where a decorator of click makes a command of it."""
    defined = (
        n for n in program.source.tree.body if isinstance(n, ast.FunctionDef) and n.name == function.name
    )
    decorators = [ast.unparse(d) for node in defined for d in node.decorator_list]
    return ".callback" if "click" in program.imports and any(map(_COMMAND.search, decorators)) else ""


def _join(a: Way, b: Way) -> Way:
    return Way(
        merged(a.slots + b.slots),
        a.drives + b.drives,
        tuple(dict.fromkeys(a.patches + b.patches)),
        tuple(dict.fromkeys(a.objects + b.objects)),
    )


def _owner(context: Context, function: Function) -> tuple[str, tuple[Value, ...], tuple[Slot, ...]]:
    """What the function is called on: the script, the model itself, or an instance that is built first."""
    owner = function.method_of
    if owner is None:
        return "script", (), ()
    if context.program.module(owner) is not None:
        return "model", (), (Slot("model", "model", Uses(), f"script.{owner}"),)
    params, calls = _class(context.program, owner)
    call = calls[0] if calls else None
    slots, written = arguments(context, f"{owner}.__init__", params, call)
    name = _instance_name(owner, call)
    why = f"as at line {call.span.line}" if call else ""
    return name, (Value(name, f"script.{owner}({written})", why),), slots


def _class(program: Program, name: str) -> tuple[tuple[Param, ...], tuple[CallSite, ...]]:
    return next(((params, calls) for cls, params, calls in program.classes if cls == name), ((), ()))


def _instance_name(owner: str, call: CallSite | None) -> str:
    target = call.target if call else None
    return target if target and target.isidentifier() else owner.lower()


def _given_a_model(context: Context, function: Function) -> bool:
    """Whether a test can hand the function its model: by a parameter, or by the object it is a method of."""
    if function.method_of is not None:
        return True
    slots, _ = arguments(context, function.name, function.params, _first_call(function))
    return any(s.kind == "model" for s in slots)


def _first_call(function: Function) -> CallSite | None:
    return function.calls[0] if function.calls else None


def _drivable(program: Program, function: Function) -> bool:
    """Functions that train or evaluate; no module's own forward, no nested function, no entry point."""
    last = function.name.rpartition(".")[2]
    if last in ("forward", "__init__", "__call__", "main") or not function.roles & WANTED:
        return False
    return function.name == last or function.name == f"{function.method_of}.{last}"


def _distinct(found: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
    return tuple({s.target.name: s for s in reversed(found)}.values())[::-1]


def _covering(program: Program, found: tuple[Scenario, ...], scenario: Scenario) -> tuple[str, ...]:
    """The other scenarios that lead to all functions of this one."""
    mine = set(scenario.target.functions)
    others = (s for s in found if s.target.name != scenario.target.name)
    return tuple(
        s.target.name for s in others if mine <= _led_to(program, s) and not _led_to(program, s) <= mine
    )


def _led_to(program: Program, scenario: Scenario) -> set[str]:
    return {name for function in scenario.target.functions for name in reached(program, function)}
