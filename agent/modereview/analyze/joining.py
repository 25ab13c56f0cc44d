"""Bringing states together again: without loss while they agree, with loss where there are too many."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from modereview.analyze.frames import Evaluated
from modereview.analyze.values import (
    NOTHING,
    Cell,
    Result,
    State,
    ValueSet,
    merge,
)


def join(states: Iterable[State], most: int) -> list[State]:
    """States that agree on everything but data become one.

    Where there are more than `most`, first what they assume goes, then all are merged into one; what is left
    is no longer exact.
    """
    states = list(states)
    if len(states) < 2:
        return states
    joined = _grouped(states)
    if len(joined) > most:
        joined = _grouped([s.vaguer() for s in joined])
    return joined if len(joined) <= most else [merge(joined)]


def _grouped(states: Iterable[State]) -> list[State]:
    groups: dict[Hashable, State] = {}
    for state in states:
        key = (state.control, state.exact)
        known = groups.get(key)
        groups[key] = state if known is None else _union_data(known, state)
    return list(groups.values())


def without_idle_assumptions(after: list[State], before: State, most: int) -> list[State]:
    """States after a branch without assumptions that it made and that made no difference to any mode."""
    made = {c for s in after for c in s.cells("assume")} - set(before.cells("assume"))
    for cell in made:
        sides: dict[Hashable, set[Hashable]] = {}
        for state in after:
            sides.setdefault(state.get(cell), set()).add((state.drop([cell]).control, state.exact))
        if len({frozenset(side) for side in sides.values()}) == 1 and len(sides) > 1:
            after = [state.drop([cell]) for state in after]
    return join(after, most)


def one_object(after: list[State], before: State) -> list[State]:
    """States after a constructor, without what it assumed; those that agree on all modes become one.

    An attribute then holds whatever one of them put there. Nothing is lost that can decide a mode, and a
    model built of many parts does not multiply the states by the ways to build each part.
    """
    if len(after) < 2:
        return after
    assumed, known = set(before.cells("assume")), set(before.cells("attr"))
    groups: dict[Hashable, State] = {}
    for state in after:
        state = state.drop([c for c in state.cells("assume") if c not in assumed])
        new = [c for c in state.cells("attr") if c not in known]
        key = (state.drop(new).control, state.exact)
        groups[key] = _united(groups[key], state, (*new, *state.data_cells)) if key in groups else state
    return list(groups.values())


def joined_values(rows: Evaluated, most: int) -> Evaluated:
    """The same for states with a value: the values of states that agree are united."""
    if len(rows) < 2:
        return rows
    groups: dict[Hashable, tuple[State, ValueSet]] = {}
    for state, value in rows:
        key = (state.control, state.exact, frozenset(v for v in value if not isinstance(v, Result)))
        if key in groups:
            known, held = groups[key]
            groups[key] = (_union_data(known, state), held | value)
        else:
            groups[key] = (state, value)
    if len(groups) <= most:
        return list(groups.values())
    merged = merge([s for s, _ in groups.values()])
    return [(merged, NOTHING.union(*(v for _, v in groups.values())))]


def at_most(rows: list[tuple[State, list[ValueSet]]], most: int) -> list[tuple[State, list[ValueSet]]]:
    """States with the values of several expressions; too many become one."""
    if len(rows) <= most:
        return rows
    columns = zip(*(values for _, values in rows), strict=True)
    return [(merge([s for s, _ in rows]), [NOTHING.union(*column) for column in columns])]


def _union_data(a: State, b: State) -> State:
    return _united(a, b, b.data_cells)


def _united(a: State, b: State, cells: Iterable[Cell]) -> State:
    """The first state, with what the second holds in the cells as well."""
    for cell in cells:
        a = a.add(cell, b.get(cell) or NOTHING)
    return a
