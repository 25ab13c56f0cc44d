"""How the plan would run a target that its search did not reach: statements, and the names they need."""

from __future__ import annotations

from dataclasses import dataclass

from modereview.plan.names import names_of
from modereview.plan.slots import Context, Slot, reached
from modereview.plan.targets import scenarios
from modereview.records import Drive, Plan, Target, Value


@dataclass(frozen=True)
class Way:
    """What a recipe of a target has to give, and what is done with it."""

    wanted: tuple[tuple[str, str], ...]  # (name, what it is)
    drives: tuple[Drive, ...] = ()
    objects: tuple[Value, ...] = ()  # built from the wanted values, before anything is driven
    patches: tuple[str, ...] = ()  # wanted values that are globals of the script
    unless: tuple[str, ...] = ()  # targets that, if reached, run all of this one


def way_of(plan: Plan, target: Target) -> Way:
    """The last way that the search would try: the calls and switches of the user's loop, one by one."""
    if target.kind == "module":
        return Way((("model", ""), ("inputs", "")))
    found = scenarios(Context(plan.program, names_of(plan.program, plan.load)))
    scenario = next((s for s in found if s.target.name == target.name), None)
    if scenario is None:
        return Way(())
    way = scenario.ways[-1]
    wanted = tuple(map(_wanted, way.slots))
    unset = _unset(plan, target, {name for name, _ in wanted})
    wanted += tuple((name, "a global of the script") for name in unset)
    return Way(wanted, way.drives, way.objects, way.patches + unset, scenario.unless)


def _unset(plan: Plan, target: Target, known: set[str]) -> tuple[str, ...]:
    """Globals that the functions read, and that are not there where only the definitions are loaded."""
    if plan.load == "import":
        return ()
    names = {name for function in target.functions for name in reached(plan.program, function)}
    read = [name for f in plan.program.functions if f.name in names for name in f.reads]
    constants = {name for name, _ in plan.program.constants}
    return tuple(name for name in dict.fromkeys(read) if name not in known | constants)


def _wanted(slot: Slot) -> tuple[str, str]:
    parts: list[str] = ["" if slot.kind == "unknown" else slot.kind]
    if slot.code and len(slot.code) < 100:
        parts.append(f"the file passes `{slot.code}`")
    if slot.uses.keys:
        parts.append(f"keys {', '.join(sorted(slot.uses.keys))}")
    if slot.uses.attrs:
        parts.append(f"attributes {', '.join(sorted(slot.uses.attrs))}")
    return slot.name, "; ".join(filter(None, parts))
