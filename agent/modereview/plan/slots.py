"""The arguments of a call in a test: each parameter becomes a literal, or a slot that the search fills."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from modereview.plan.kinds import Kind, kind_of
from modereview.plan.names import Names, literal, resolve
from modereview.plan.uses import Uses, uses_of
from modereview.records import CallSite, Given, Param, Program

_INLINE: Mapping[Kind, str] = {"epoch": "1", "epochs": "2"}
_STANDINS: frozenset[Kind] = frozenset(
    {"loader", "dataset", "optimizer", "scheduler", "mock", "folder", "file"}
)


@dataclass(frozen=True)
class Slot:
    """A named value that the search has to find for a scenario."""

    name: str
    kind: Kind
    uses: Uses
    code: str | None = None  # what the file itself passes, as a test would write it; None where it is unknown
    line: int = 0  # the call that passes it


@dataclass(frozen=True)
class Context:
    """The file, and what its names stand for."""

    program: Program
    names: Names
    given: tuple[Given, ...] = ()  # what the user tells

    def told(self, target: str) -> Given | None:
        """What the user tells of a target."""
        return next((given for given in self.given if given.target == target), None)


def arguments(
    context: Context, function: str, params: tuple[Param, ...], call: CallSite | None
) -> tuple[tuple[Slot, ...], str]:
    """The slots of a call of `function`, and its argument list in terms of their names."""
    bound = dict(call.bound) if call else {}
    slots: list[Slot] = []
    written: list[str] = []
    by_keyword = False
    for param in params:
        text = bound.get(param.name)
        if param.kind in ("*", "**") or (text is None and param.default is not None):
            by_keyword = True
            continue
        slot = _slot(context, function, param, text, call)
        if param.default is not None and (slot.code == param.default or slot.kind == "file"):
            by_keyword = True  # nothing else is passed by default, and no file is there to be read
            continue
        value = _inlined(slot)
        if value is None:
            slots.append(slot)
            value = slot.name
        written.append(f"{param.name}={value}" if by_keyword or param.kind == "keyword" else value)
    return tuple(slots), ", ".join(written)


def global_slots(context: Context, function: str) -> tuple[Slot, ...]:
    """The slots of the globals that a function, or what it calls, reads and that the script must be given."""
    found = (_global(context, function, name) for name in _reads(context, function))
    return tuple(s for s in found if s.kind != "unknown" or s.code is not None)


def merged(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """One slot a name; what is known of it in several calls taken together."""
    found: dict[str, Slot] = {}
    for slot in slots:
        old = found.get(slot.name)
        found[slot.name] = (
            replace(old, uses=old.uses | slot.uses, code=old.code or slot.code) if old else slot
        )
    return tuple(found.values())


def _slot(context: Context, function: str, param: Param, text: str | None, call: CallSite | None) -> Slot:
    uses = uses_of(context.program, function, param.name)
    kind = kind_of(param.name, param.annotation, uses)
    caller = call.caller if call else ""
    code = resolve(context.names, text, caller) if text is not None else None
    return Slot(_name(param.name, text, kind), kind, uses, code, call.span.line if call else 0)


def _name(param: str, text: str | None, kind: Kind) -> str:
    """What the caller calls it, so that calls share a model; the parameter's name where that is no name."""
    if text is None or kind in ("epoch", "epochs", "count", "unknown"):
        return _free(param)
    last = text.rpartition(".")[2] if re.fullmatch(r"(self\.)?\w+", text) else param
    return _free(last if last.isidentifier() and not keyword.iskeyword(last) else param)


def _free(name: str) -> str:
    return f"{name}_" if name in ("script", "torch", "nn", "pytest", "types") else name


def _inlined(slot: Slot) -> str | None:
    """The text to write in place, for what needs no value of its own: numbers, names, flags."""
    if slot.kind in _INLINE:
        return _INLINE[slot.kind]
    return slot.code if literal(slot.code) and slot.kind not in _STANDINS else None


def _global(context: Context, function: str, name: str) -> Slot:
    uses = Uses()
    for user in reached(context.program, function):
        uses |= uses_of(context.program, user, name, hops=1)
    setter = context.names.rebound.get(name, "")
    assigned = context.names.assigned.get((setter, name))
    code = resolve(context.names, name, setter)
    if code == f"script.{name}" and assigned is not None:  # the script has one: make another, for each test
        code = resolve(context.names, ast.unparse(assigned), "")
        code = None if literal(code) else code
    line = assigned.lineno if assigned is not None else 0
    return Slot(_free(name), kind_of(name, None, uses), uses, code, line)


def _reads(context: Context, function: str) -> tuple[str, ...]:
    """The globals that a test has to set: constants are there, unless a function sets them anew."""
    program = context.program
    held = {name for name, _ in program.constants} - context.names.rebound.keys()
    names = [n for f in reached(program, function) if (found := program.function(f)) for n in found.reads]
    return tuple(dict.fromkeys(n for n in names if n not in held))


def reached(program: Program, function: str) -> tuple[str, ...]:
    """The functions of the file that a function leads to, itself first."""
    found = [function]
    for name in found:
        found += [
            f.name for f in program.functions for c in f.calls if c.caller == name and f.name not in found
        ]
    return tuple(dict.fromkeys(found))
