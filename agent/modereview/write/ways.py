"""How the plan would run a target that its search did not reach: statements, and the names they need."""

from __future__ import annotations

from dataclasses import dataclass

from modereview.plan.names import names_of
from modereview.plan.slots import Context, Slot
from modereview.plan.targets import scenarios
from modereview.records import Drive, Plan, Target, Value
from modereview.write.unset import unset

_INPUTS = "the tuple of positional arguments of `forward`"


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
        names = unset(plan, target)
        return Way((*map(_global, names), ("model", ""), ("inputs", _INPUTS)), patches=names)
    found = scenarios(Context(plan.program, names_of(plan.program, plan.load)))
    scenario = next((s for s in found if s.target.name == target.name), None)
    if scenario is None:
        return Way(())
    way = scenario.ways[-1]
    wanted = tuple(map(_wanted, way.slots))
    given = {name for name, _ in wanted}
    names = tuple(name for name in unset(plan, target) if name not in given)
    wanted = (*map(_global, names), *wanted)
    return Way(wanted, way.drives, way.objects, names + way.patches, scenario.unless)


def _global(name: str) -> tuple[str, str]:
    return name, "a global of the script, set only by a run of it; the values that follow find it set"


def _wanted(slot: Slot) -> tuple[str, str]:
    parts: list[str] = ["" if slot.kind == "unknown" else slot.kind]
    if slot.code and len(slot.code) < 100:
        parts.append(f"the file passes `{slot.code}`")
    if slot.uses.keys:
        parts.append(f"keys {', '.join(sorted(slot.uses.keys))}")
    if slot.uses.attrs:
        parts.append(f"attributes {', '.join(sorted(slot.uses.attrs))}")
    return slot.name, "; ".join(filter(None, parts))
