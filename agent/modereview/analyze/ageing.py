"""A place that builds a model again: what it built before is another object from then on.

Objects are told apart by the place that builds them. Where a loop comes there again while a name still holds
what an earlier pass built, that one is renamed, so that a switch of the old one does not reach the new.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from modereview.analyze.values import Bound, Callable, Elements, Flag, State, Thing, ValueSet


def earlier(thing: Thing) -> Thing:
    """The object that stands for all that the place has built before."""
    return replace(thing, key=("earlier", thing.key))


def aged(thing: Thing, state: State) -> State:
    """The state in which everything that held the thing holds an earlier one; the thing is free again."""
    for cell in list(state):
        held = state.get(cell) or frozenset()
        renamed, values = tuple(_renamed(part, thing) for part in cell), _values(held, thing)
        if renamed != cell:
            state = state.drop([cell]).add(renamed, values)
        elif values != held:
            state = state.set(cell, values)
    return state


def _renamed(value: Hashable, old: Thing) -> Hashable:
    """The value with the thing replaced by the earlier one, wherever it stands in it."""
    match value:
        case Thing():
            return _thing(value, old)
        case Elements(items):
            return replace(value, items=tuple(_values(item, old) for item in items))
        case Bound(owner):
            return replace(value, owner=_values(owner, old))
        case Callable(_, Thing() as bound):
            return replace(value, self_value=_thing(bound, old))
        case Flag(thing):
            return replace(value, thing=_thing(thing, old))
        case _:
            return value


def _thing(thing: Thing, old: Thing) -> Thing:
    """The same for a thing: an attribute of the old one goes with it."""
    if thing == old:
        return earlier(old)
    if thing.parent is None or (owner := _thing(thing.parent, old)) == thing.parent:
        return thing
    name = thing.key[1:] if isinstance(thing.key, tuple) else ()
    return replace(thing, key=(owner.key, *name), parent=owner)


def _values(values: Iterable[Hashable], old: Thing) -> ValueSet:
    return frozenset(_renamed(v, old) for v in values)  # type: ignore[misc]
