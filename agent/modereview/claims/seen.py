"""What a run of the script showed of its forwards, as the analysis would have said it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from modereview.analyze.torchfacts import SENSITIVE_LAYERS
from modereview.records import Event, Forward, Mode, Program, Source, Span

# Contract -> whether a gradient came back to the forwards that it is about, and the mode that is wrong there.
WRONG = {
    "training_runs_in_train_mode": (True, "EVAL"),
    "evaluation_runs_in_eval_mode": (False, "TRAIN"),
    "targets_are_made_in_eval": (False, "TRAIN"),
    "exports_are_made_in_eval": (False, "TRAIN"),
    "probes_run_in_eval": (False, "TRAIN"),
}


@dataclass(frozen=True)
class Place:
    """A call that a run came by."""

    function: str  # qualified name of the function around it; "" for the top level
    span: Span


@dataclass(frozen=True)
class Seen:
    """One forward of a run."""

    call: str  # as the test tells it from others
    mode: str  # "TRAIN", "EVAL" or "mixed"
    trained: bool  # whether a gradient came back
    way: tuple[Place, ...]  # the calls that led to it, outermost first; itself the last
    switch: tuple[Place, ...]  # those that led to the switch that set its mode; none where it is as built
    kinds: tuple[str, ...]  # of the layers that it is built of
    built: bool  # whether the code in view built it: what a library loads may come in EVAL
    round: int  # of the functions that a recipe drives, one after the other

    def breaks(self, contract: str) -> bool:
        """Whether the contract is about such a forward, and is broken by it."""
        return (self.trained, self.mode) == WRONG[contract]


def read(source: Source, answer: dict[str, Any]) -> tuple[Seen, ...]:
    """What the sandbox told of a run; forwards whose place it could not tell are left out."""
    rows = [
        Seen(
            row["call"],
            row["mode"],
            row["trained"],
            _places(source, row["way"]),
            _places(source, row["switch"]),
            tuple(row["kinds"]),
            bool(row["built"]),
            int(row["round"]),
        )
        for row in answer["seen"]
    ]
    return tuple(row for row in dict.fromkeys(rows) if row.way)


def _places(source: Source, way: Sequence[Sequence[Any]]) -> tuple[Place, ...]:
    return tuple(Place(function, _span(source, *numbers)) for function, *numbers in way)


def _span(source: Source, line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line, _in_letters(source, line, column), end_line, _in_letters(source, end_line, end_column))


def _in_letters(source: Source, line: int, column: int) -> int:
    """A column as Python counts it, in bytes from 0, in letters from 1."""
    return len(source.lines[line - 1].encode()[:column].decode(errors="replace")) + 1


def about(source: Source, line: int, seen: Seen) -> bool:
    """Whether a run came by that line on its way to the forward, or to the switch that set its mode.

    The first line of a loop or a function stands for all of it.
    """
    spans = [
        Span(node.lineno, 0, node.end_lineno or node.lineno, 10**6)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= _last_of_head(node)
    ]
    places = [place.span.line for place in (*seen.way, *seen.switch)]
    return any(span.line <= place <= span.end_line for span in spans for place in places)


def _last_of_head(node: ast.stmt) -> int:
    """The last line of a statement without its block. A class stands for nothing that runs."""
    if isinstance(node, ast.ClassDef):
        return 0
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
    return max(last, node.lineno)


def corrected(program: Program, run: Sequence[Seen]) -> Program:
    """The program with the forwards that a run showed in the modes that it showed them in."""
    shown = [forward for seen in run for forward in _forwards(program, seen)]
    spans = {forward.span for forward in shown}
    others = [f for f in program.forwards if f.span not in spans]
    return replace(program, forwards=(*others, *dict.fromkeys(shown)))


def _forwards(program: Program, seen: Seen) -> list[Forward]:
    """What the analysis knows of the forward, in the mode that it ran in."""
    if seen.mode == "mixed":
        return []
    *path, last = _from_an_entry(program, seen.way)
    ways = [f for f in program.forwards if f.span == last.span]
    known = {f.role: f for f in ways if (f.role == "train") is seen.trained}
    return [_as_seen(program, forward, seen, path) for forward in known.values()]


def _from_an_entry(program: Program, way: Sequence[Place]) -> tuple[Place, ...]:
    """A way that begins in a function: nobody in view calls it, which its own span stands for."""
    first = program.function(way[0].function) if way[0].function else None
    return (Place("", first.span), *way) if first else tuple(way)


def _as_seen(program: Program, forward: Forward, seen: Seen, path: Sequence[Place]) -> Forward:
    switched = _from_an_entry(program, seen.switch) if seen.switch else ()
    switch = switched[-1] if switched else None
    kinds = tuple(kind for kind in seen.kinds if kind in SENSITIVE_LAYERS)
    return replace(
        forward,
        path=tuple(place.span for place in path),
        through=(*(place.function for place in path[1:]), seen.way[-1].function) if path else (),
        mode=Mode[seen.mode],
        exact=True,
        cause="switch" if switch else "build",
        switch=switch.span if switch else None,
        switch_path=tuple(place.span for place in switched[:-1]),
        switch_through=tuple(place.function for place in switched[1:]),
        why=(_switched(seen.mode, switch),) if switch else (),
        sensitive=forward.sensitive or kinds,
        opaque=forward.opaque and not kinds,
    )


def _switched(mode: str, switch: Place) -> Event:
    where = f", in `{switch.function}`" if switch.function else ""
    return Event(switch.span, f"switched to {mode} here{where}, as a run of the script shows", "switch")
