"""Mode-mutation scores of scripts: what a review's tests catch, of what is not equivalent.

    python benchmarks/scores.py SCRIPT... | --mirror MIRROR [--python PYTHON] [--repeats 20]

Each script is copied and reviewed offline there; with a mirror, those of scored.toml. The tests that were
kept run --repeats times more on the mended file, in other orders and with other seeds: how many ended in two
ways is printed. A mutant in code that no test reaches is not in the score; "reached" counts functions that
train, evaluate or predict; "own" those of them that run a model in their own lines, and not only by calls.
Each row is printed when it is there; with --rows FILE it is kept there, and a later run goes on behind it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import recipes
from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.records import Program, Review, Step
from modereview.review import review_all
from modereview.run import Worker
from modereview.settings import Settings
from modereview.workbench import Bench

_ROLES = {"train", "evaluate", "infer"}
COLUMNS = (
    ("killed", 7),
    ("missed", 8),
    ("equiv.", 8),
    ("score", 7),
    ("reached", 9),
    ("own", 7),
    ("tests", 7),
)
HEAD = f"{''.join(f'{name:>{width}}' for name, width in COLUMNS)}{'flicker':>9}  script"


def main() -> None:
    """Review each script, and print a row for it and their sum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scripts", nargs="*", type=Path)
    parser.add_argument("--mirror", type=Path, help="of the repositories of scored.toml")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="that has the packages")
    parser.add_argument("--repeats", type=int, default=20, help="runs of the kept tests (default: 20)")
    parser.add_argument("--timeout", type=float, default=20, help="seconds for one test (default: 20)")
    parser.add_argument("--rows", type=Path, help="keep the rows here, and measure none of them again")
    wanted = parser.parse_args()
    print(HEAD)
    known = _kept(wanted.rows)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        copied = _listed(wanted.mirror, folder) if wanted.mirror else _copied(wanted.scripts, folder)
        rows = []
        for name, script in copied:
            if name not in known:
                found = _row(script, wanted.python, wanted.repeats, wanted.timeout)
                known.update({name: found} if found else {})
                _keep(wanted.rows, known)
            if name in known:
                rows.append(known[name])
                print(_line(known[name], name), flush=True)
    print(_line([sum(column) for column in zip(*rows, strict=True)] or [0] * 9, "in all"))


def _kept(path: Path | None) -> dict[str, list[int]]:
    """The rows of an earlier run, by script."""
    rows: dict[str, list[int]] = json.loads(path.read_bytes()) if path and path.is_file() else {}
    return rows


def _keep(path: Path | None, rows: dict[str, list[int]]) -> None:
    if path:
        path.write_text(json.dumps(rows), encoding="utf-8")


def _copied(scripts: Sequence[Path], folder: Path) -> Iterator[tuple[str, Path]]:
    """Copies of scripts, with the files beside them, and their names."""
    for number, script in enumerate(scripts):
        place = folder / str(number)
        shutil.copytree(script.parent, place, ignore=shutil.ignore_patterns(".git", "test_*"))
        yield f"{script.parent.name}/{script.name}", place / script.name


def _listed(mirror: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The scripts of scored.toml, each in a copy of its repository, and their names."""
    for name, script, root in recipes.scripts(mirror, folder, "scored.toml"):
        (root / "pyproject.toml").touch()
        yield name, script


def _row(script: Path, python: Path, repeats: int, timeout: float) -> list[int] | None:
    """The numbers of a script; None where it cannot be read."""
    settings = Settings(paths=(script,), offline=True, python=python, timeout=timeout)
    try:
        return next((_numbers(r, settings, repeats) for r in review_all(settings, lambda _: None)), None)
    except InputError as error:
        print(f"{script.name}: {error}")
        return None


def _numbers(review: Review, settings: Settings, repeats: int) -> list[int]:
    """Killed, missed, equivalent, functions reached and there, the same of "own", tests, flickering ones."""
    program = analyze(review.source, parse.read)
    there = {f.name for f in program.functions if f.roles & _ROLES}
    own = there & {f.function for f in program.forwards if f.role in _ROLES}
    reached = _reached(review, program)
    cases = review.suite.cases if review.suite else ()
    return [
        *(len(group) for group in (review.killed, review.survived, review.equivalent)),
        len(there & reached),
        len(there),
        len(own & reached),
        len(own),
        len(cases),
        _flickering(review, settings, repeats) if cases else 0,
    ]


def _reached(review: Review, program: Program) -> set[str]:
    """Functions that the kept tests drive, and what these call; those that the own run was inside of."""
    rehearsed = {recipe.target.name for recipe in review.reached if recipe.rehearsal}
    driven = {recipe.target.name: recipe.target.functions for recipe in review.reached}
    targets = [name for case in review.suite.cases for name in case.targets] if review.suite else []
    found = {function for name in rehearsed.intersection(targets) for function in driven[name]}
    waiting = [f for name in targets if name not in rehearsed for f in driven.get(name, ())]
    found -= set(waiting)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [callee for caller, callee in program.calls if caller == name]
            waiting += [t for s in program.schedules for t in _of_schedule(s.steps, name)]
    return found


def _of_schedule(steps: Sequence[Step], name: str) -> list[str]:
    """Functions that the script runs in one epoch with this one: a scenario drives them together."""
    calls = [step.call.callee for step in steps if step.call]
    return calls if name in calls else []


def _flickering(review: Review, settings: Settings, repeats: int) -> int:
    assert review.suite is not None
    source = review.source if review.mended is None else parse.read(review.source.path, review.source.root)
    with Worker(source.root, settings.python, settings.timeout) as worker:
        runs = Bench(worker, source).repeats(review.suite, repeats)
    ends: dict[str, set[str]] = {}
    for outcome in (outcome for run in runs for outcome in run):
        ends.setdefault(outcome.case, set()).add(outcome.status.value)
    return sum(len(statuses) > 1 for statuses in ends.values())


def _line(row: list[int], name: str) -> str:
    killed, missed, equivalent, reached, there, own, of_own, tests, flicker = row
    score = f"{100 * killed / (killed + missed):.0f}%" if killed + missed else "-"
    counts = f"{killed:>7}{missed:>8}{equivalent:>8}{score:>7}"
    return f"{counts}{f'{reached}/{there}':>9}{f'{own}/{of_own}':>7}{tests:>7}{flicker:>9}  {name}"


if __name__ == "__main__":
    main()
