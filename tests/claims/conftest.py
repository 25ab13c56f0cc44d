"""A script, its review so far without a model, and claims about it put on trial: all runs are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.claims import prove
from modereview.fix import Tools, mend
from modereview.plan import plan
from modereview.proof import Proof
from modereview.records import Remark, Suite, Verdict
from modereview.rules import check, look
from modereview.run import Worker
from modereview.workbench import Bench
from modereview.write import builtin, gates


@dataclass(frozen=True)
class Tried:
    """What came of claims."""

    before: Proof
    proof: Proof
    notes: tuple[Remark, ...]
    drops: tuple[tuple[str, str], ...]

    @property
    def found(self) -> tuple[Verdict, ...]:
        """The findings that the claims led to."""
        return tuple(v for v in self.proof.mended.verdicts if v.finding.claimed_by)

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.drops]


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("claims")
    (root / "pyproject.toml").touch()
    return root


@pytest.fixture(scope="session")
def worker(project) -> Iterator[Worker]:
    with Worker(project, packages=("torch",)) as worker:
        yield worker


@pytest.fixture(scope="session")
def put_on_trial(project, worker) -> Callable[..., Tried]:
    """The trial of claims, (line or text of a line, contract) each, about a script."""

    def tried(code: str, *claims: tuple[int | str, str], fix: bool = True) -> Tried:
        path = project / f"script_{len(list(project.iterdir()))}.py"
        path.write_text(code)
        source = parse.read(path)
        bench, program = Bench(worker, source), analyze(source, parse.read)
        planned = plan(program, check(program), bench.ask, project / f"test_{path.stem}_modes.py")
        suite = builtin.write(planned)
        repeats = bench.repeats(suite, 2)
        suite = gates.believed(gates.steady(suite, repeats), repeats[0], planned.findings)
        before = gates.of(suite, repeats[0])

        def tools_for(suite: Suite) -> Tools:
            return Tools(_looked, partial(bench.run, suite), fix=fix)

        mended = mend(program, planned.findings, before, suite.cases, tools_for(suite))
        start = Proof(planned, suite, before, mended)
        said = [Remark(_line(code, where), contract, "so it is") for where, contract in claims]
        judge = lambda program, also: look(program, also=also).found  # noqa: E731
        return Tried(start, *prove(said, start, bench, judge, tools_for, "fake"))

    return tried


def _looked(source):
    program = analyze(source, parse.read)
    return program, check(program)


def _line(code: str, where: int | str) -> int:
    if isinstance(where, int):
        return where
    (number,) = [n for n, line in enumerate(code.splitlines(), 1) if where in line]
    return number
