"""The mutants of a file, run: which case catches which, which are missed, and which nothing could catch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from modereview.fix import Mended
from modereview.fix.mutants import mutants
from modereview.fix.reach import Reach, reach
from modereview.records import Mutant, Outcome, Recipe, Status, Suite
from modereview.verify import caught_by
from modereview.workbench import Bench

_AT_ONCE = 4  # mutants that are tried together where one is enough


@dataclass(frozen=True)
class Hunt:
    """What became of the mutants."""

    killed: tuple[Mutant, ...] = ()  # each knows its catcher
    survived: tuple[Mutant, ...] = ()
    equivalent: tuple[Mutant, ...] = ()
    outside: tuple[str, ...] = ()  # sentences: places that no test runs, so that no mutant of theirs was run
    noticing: frozenset[str] = frozenset()  # cases that catch a mutant, by name, as far as was tried

    @property
    def catchers(self) -> frozenset[str]:
        """The cases that were the first to catch a mutant."""
        return frozenset(mutant.caught_by for mutant in self.killed)

    def without(self, cases: Collection[str]) -> Hunt:
        """What is left once some cases are not kept: what only they caught is not caught."""
        killed = tuple(m for m in self.killed if m.caught_by not in cases)
        missed = tuple(replace(m, caught_by="") for m in self.killed if m.caught_by in cases)
        return replace(self, killed=killed, survived=(*self.survived, *missed))


def hunt(
    suite: Suite, mended: Mended, clean: Sequence[Outcome], recipes: Sequence[Recipe], bench: Bench
) -> Hunt:
    """Run each mutant against the cases that run its place and are green without it, to the first kill.

    Cases that were never first are tried on, until each has caught one.
    """
    found = reach(mutants(mended.program), recipes, mended.program)
    green = _green(suite, clean)
    asked = [(mutant.source, _cases(green, found, mutant)) for mutant in found.inside]
    runs = bench.first_failures(suite, asked)
    caught = tuple(replace(m, caught_by=caught_by(run)) for m, run in zip(found.inside, runs, strict=True))
    killed = tuple(mutant for mutant in caught if mutant.caught_by)
    missed = tuple(mutant for mutant in caught if not mutant.caught_by)
    traced = frozenset(recipe.target.name for recipe in recipes if recipe.target.kind != "seeding")
    equivalent = _equivalent(suite, [m for m in missed if traced & found.targets[m.id]], mended, bench)
    first = frozenset(mutant.caught_by for mutant in killed)
    return Hunt(
        killed,
        tuple(m for m in missed if m not in equivalent),
        equivalent,
        found.outside,
        first | _later(suite, found, green, first, bench),
    )


def _green(suite: Suite, clean: Iterable[Outcome]) -> dict[str, frozenset[str]]:
    """Names of green cases, parameter sets apart -> the targets they run."""
    targets = {case.name: frozenset(case.targets) for case in suite.cases}
    passed = [outcome.case for outcome in clean if outcome.status is Status.PASSED]
    return {name: _targets(name, targets) for name in passed if name.partition("[")[0] in targets}


def _targets(name: str, targets: dict[str, frozenset[str]]) -> frozenset[str]:
    function, _, parameter = name.partition("[")
    return frozenset({parameter.removesuffix("]")}) & targets[function] or targets[function]


def _cases(green: dict[str, frozenset[str]], found: Reach, mutant: Mutant) -> tuple[str, ...]:
    return tuple(name for name, targets in green.items() if targets & found.targets[mutant.id])


def _later(
    suite: Suite, found: Reach, green: dict[str, frozenset[str]], first: frozenset[str], bench: Bench
) -> frozenset[str]:
    """Of the cases that were never the first to catch a mutant, those that catch one all the same."""
    waiting = {name: targets for name, targets in green.items() if name.partition("[")[0] not in first}
    noticed: set[str] = set()
    for start in range(0, len(found.inside), _AT_ONCE):
        open_ = {n: t for n, t in waiting.items() if n.partition("[")[0] not in noticed}
        batch = [(m.source, _cases(open_, found, m)) for m in found.inside[start : start + _AT_ONCE]]
        for run in bench.all_failures(suite, [pair for pair in batch if pair[1]]):
            noticed |= {outcome.case.partition("[")[0] for outcome in run if outcome.status is Status.FAILED}
    return frozenset(noticed)


def _equivalent(suite: Suite, missed: Sequence[Mutant], mended: Mended, bench: Bench) -> tuple[Mutant, ...]:
    """The mutants that no test can catch: modes and outputs of every forward are what they were."""
    trace = bench.trace_of(suite, mended.source) if missed else None
    return tuple(m for m in missed if trace and trace.same_as(bench.trace(suite, m.source)))
