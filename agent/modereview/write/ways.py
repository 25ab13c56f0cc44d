"""How the plan would run a target that its search did not reach: statements, and the names they need."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from modereview.plan.names import names_of
from modereview.plan.slots import Context, Slot
from modereview.plan.targets import scenarios
from modereview.records import Drive, Plan, Program, Target, Value
from modereview.write.unset import unset

_INPUTS = "the tuple of positional arguments of `forward`"
_CHOICES = ("True", "False", "'", '"')  # how the text of a flag or a word begins


@dataclass(frozen=True)
class Way:
    """What a recipe of a target has to give, and what is done with it."""

    wanted: tuple[tuple[str, str], ...]  # (name, what it is)
    drives: tuple[Drive, ...] = ()
    objects: tuple[Value, ...] = ()  # built from the wanted values, before anything is driven
    patches: tuple[str, ...] = ()  # wanted values that are globals of the script
    unless: tuple[str, ...] = ()  # targets that, if reached, run all of this one
    optional: tuple[tuple[str, str, str], ...] = ()  # (statement, parameter of its call, default)


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
    built = [value.code for value in way.objects] + [drive.code for drive in way.drives]
    optional = [(code, *each) for code in built for each in _optional(plan.program, target, code)]
    optional = [option for option in optional if option[1] not in dict(wanted)]
    patches = names + way.patches
    return Way(wanted, way.drives, way.objects, patches, scenario.unless, tuple(optional))


def passing(way: Way, given: Collection[str]) -> Way:
    """The way with arguments passed, by their names, that have a default and are given a value."""

    def passed(code: str) -> str:
        more = [
            f"{name}={name}" for statement, name, _ in way.optional if statement == code and name in given
        ]
        head, _, end = code.rpartition(")")
        return f"{head}{', ' if more and not head.endswith('(') else ''}{', '.join(more)}){end}"

    return replace(
        way,
        drives=tuple(replace(drive, code=passed(drive.code)) for drive in way.drives),
        objects=tuple(replace(value, code=passed(value.code)) for value in way.objects),
    )


def _optional(program: Program, target: Target, code: str) -> list[tuple[str, str]]:
    """The parameters with a default that a call leaves out; none where a call in view tells what is passed.

    Flags and words are left alone: they choose what is run, which is not a recipe's to say.
    """
    name = code.partition("(")[0].rpartition(".")[2]
    known = [(params, calls) for cls, params, calls in program.classes if code.startswith(f"script.{cls}(")]
    known += [
        (f.params, f.calls)
        for f in program.functions
        if f.name in target.functions and f.name.rpartition(".")[2] == name
    ]
    params, calls = known[0] if known else ((), ())
    free = [] if calls else [p for p in params if p.kind in ("positional", "keyword")]
    return [(p.name, p.default) for p in free if p.default and not p.default.startswith(_CHOICES)]


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
