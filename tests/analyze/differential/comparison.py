"""The flow's answer beside what really happened."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from differential.programs import programs
from differential.recorder import record
from hypothesis import HealthCheck, Phase, given, seed, settings
from modereview import parse
from modereview.analyze import analyze

Place = tuple[int, ...]  # the line of a forward; or the lines of the calls that led to it, its own last
Modes = dict[Place, set[str]]


@dataclass
class Tally:
    """Figures over many programs. A place is a forward of the text, or one of its call paths."""

    texts: set[str] = field(default_factory=set)
    given_up: int = 0
    ran: int = 0  # forwards of the text that ran
    must: int = 0  # of them, those for which the flow claims one mode
    one_mode: int = 0  # of them, those that ran in one mode only
    must_of_one_mode: int = 0
    evals: int = 0  # of them, those that ran in EVAL at least once
    paths_ran: int = 0
    paths_must: int = 0

    def add(self, text: str) -> list[str]:
        """Count one program; returns sentences about where the flow is wrong."""
        really = record(text)
        program = analyze(parse.decode(Path("/project/train.py"), Path("/project"), text.encode()))
        self.texts.add(text)
        self.given_up += program.gave_up is not None
        by_line = _grouped((r.lines[-1:], r.mode) for r in really)
        claimed = _grouped(((f.span.line,), f.mode.value) for f in program.forwards)
        by_path = _grouped((r.lines, r.mode) for r in really)
        claimed_by_path = _grouped(
            ((*(s.line for s in f.path), f.span.line), f.mode.value) for f in program.forwards
        )
        self._count(by_line, claimed)
        self.paths_ran += len(by_path)
        self.paths_must += sum(_is_must(claimed_by_path.get(p, set())) for p in by_path)
        known = {p: modes for p, modes in by_path.items() if p in claimed_by_path}
        wrong = [] if program.gave_up else [*_wrong(by_line, claimed), *_wrong(known, claimed_by_path)]
        return list(dict.fromkeys(wrong))

    def _count(self, really: Modes, claimed: Modes) -> None:
        for place, modes in really.items():
            must = _is_must(claimed.get(place, set()))
            self.ran += 1
            self.must += must
            self.one_mode += len(modes) == 1
            self.must_of_one_mode += must and len(modes) == 1
            self.evals += "EVAL" in modes

    @property
    def share(self) -> float:
        """How many of the forwards that ran got a *must*."""
        return self.must / max(self.ran, 1)

    def __str__(self) -> str:
        return (
            f"{len(self.texts)} programs ({self.given_up} given up), {self.ran} forwards that really ran, "
            f"{self.evals} of them in EVAL at some time\n"
            f"must: {self.share:.1%} of all, "
            f"{self.must_of_one_mode / max(self.one_mode, 1):.1%} of the {self.one_mode} that ran in one "
            f"mode only, {self.paths_must / max(self.paths_ran, 1):.1%} of {self.paths_ran} call paths"
        )


def compare(tally: Tally, count: int, first_seed: int = 0) -> None:
    """Count that many different programs, the same ones for the same seed.

    Raises AssertionError with the smallest program found for which the flow is wrong. Many seeds, because
    each run of hypothesis varies the programs that it has already drawn.
    """
    for number in itertools.count(first_seed):
        if len(tally.texts) >= count:
            return

        @seed(number)
        @settings(
            max_examples=100,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(programs())
        def agrees(text: str) -> None:
            wrong = tally.add(text)
            assert not wrong, "\n".join([text, *wrong])

        agrees()


def _grouped(rows: Iterable[tuple[Place, str]]) -> Modes:
    found: Modes = defaultdict(set)
    for place, mode in rows:
        found[place].add(mode)
    return dict(found)


def _is_must(modes: set[str]) -> bool:
    return len(modes) == 1 and modes != {"UNKNOWN"}


def _wrong(really: Modes, claimed: Modes) -> list[str]:
    """A mode that reality shows must be among those claimed; UNKNOWN covers both."""
    return [
        f"line {place[-1]} (called at {place[:-1]}) ran in {' and '.join(sorted(modes))}, "
        f"the flow says {' or '.join(sorted(claimed.get(place, {'nothing'})))}"
        for place, modes in really.items()
        if not modes <= (said := claimed.get(place, set())) and "UNKNOWN" not in said
    ]
