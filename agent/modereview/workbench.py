"""One file under review in its sandbox: the worker, bound to the file and to its test file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from modereview import verify
from modereview.plan import SECONDS, probe_code
from modereview.records import Outcome, Source, Suite
from modereview.run import Failed, Job, Worker

Outcomes = tuple[Outcome, ...]
Asked = tuple[Source, tuple[str, ...]]  # a version of the file, and the cases to run on it
Events = dict[str, object]  # builder -> what happened, in order
_TRACED = Path(__file__).with_name("traced.py")


@dataclass(frozen=True)
class Trace:
    """What happens when a suite's builders run on a version of a file."""

    events: Events
    repeats: bool  # whether a second run gave the same outputs

    def same_as(self, events: Events | None) -> bool:
        """Whether another version does the same; outputs count where they can be compared at all."""
        if events is None or self.repeats:
            return events == self.events
        return _without_digests(events) == _without_digests(self.events)


@dataclass(frozen=True)
class Bench:
    """Runs suites on versions of a file. What runs is the user's code: only ever through the worker."""

    worker: Worker
    source: Source

    def ask(self, request: dict[str, object]) -> dict[str, object]:
        """The recipe search's answer."""
        files = {self.source.name: self.source.raw}
        return self.worker.ask(files, probe_code(), request, timeout=SECONDS)

    def run(self, suite: Suite, source: Source) -> Outcomes:
        """Every case once, called directly."""
        return self.on_each(suite, [source])[0]

    def repeats(self, suite: Suite, times: int) -> list[Outcomes]:
        """Every case several times on the file as it is: other order, seeds and threads each time."""
        jobs = self._jobs(suite, [(self.source, _names(suite))] * times)
        return self.worker.run([replace(job, seed=number) for number, job in enumerate(jobs)])

    def on_each(self, suite: Suite, sources: Sequence[Source]) -> list[Outcomes]:
        """Every case once on each version of the file."""
        return self.all_failures(suite, [(source, _names(suite)) for source in sources])

    def all_failures(self, suite: Suite, asked: Sequence[Asked]) -> list[Outcomes]:
        """The cases named, once on each version of the file."""
        return self.worker.run(self._jobs(suite, asked)) if suite.cases else [()] * len(asked)

    def first_failures(self, suite: Suite, asked: Sequence[Asked]) -> list[Outcomes]:
        """The same, but the first case that fails is the last that runs."""
        return self.worker.run([replace(job, until_failure=True) for job in self._jobs(suite, asked)])

    def trace_of(self, suite: Suite, source: Source) -> Trace | None:
        """The trace of the file that others are compared with; None where it leaves none."""
        events = self.trace(suite, source)
        return Trace(events, events == self.trace(suite, source)) if events else None

    def trace(self, suite: Suite, source: Source) -> Events | None:
        """What every forward of the builders does on a version of the file; None where it does not run."""
        text = suite.render()
        request: dict[str, object] = {
            "modules": re.findall(r"^def (build_\w+)\(\)", text, re.MULTILINE),
            "scenarios": re.findall(r"^def (forwards_of_\w+)\(watch\)", text, re.MULTILINE),
            "own_runs": re.findall(r"^def (forwards_of_\w+)\(\)", text, re.MULTILINE),
        }
        try:
            there = replace(self, source=source)
            return there.witness(suite, _TRACED.read_text(encoding="utf-8"), request)
        except Failed:
            return None

    def witness(self, suite: Suite, code: str, request: dict[str, object]) -> dict[str, object]:
        """What `main` of that code answers in the sandbox, with the suite's file there. Raises Failed."""
        test = suite.path.relative_to(self.source.root).as_posix()
        files = {self.source.name: self.source.raw, test: suite.render().encode()}
        return self.worker.ask(files, code, {"test": test, **request})

    def with_pytest(self, path: Path, text: str, sources: Sequence[Source]) -> list[Outcomes]:
        """A test file as pytest itself runs it, on each version of the script."""
        test = path.relative_to(self.source.root).as_posix()
        jobs = [Job({s.name: s.raw, test: text.encode()}, test, None, "pytest") for s in sources]
        return self.worker.run(jobs)

    def own_tests(self, ours: Path) -> OwnTests:
        """The user's tests that import the file, as far as they run here, say the same twice and in time."""
        tests = verify.theirs.find(self.source, ours)
        found = OwnTests(self, tests)
        first = found.on(self.source) if tests else ()
        seconds = sum(o.seconds for o in first)
        if seconds > verify.theirs.SECONDS:
            told = f"Your own tests ({', '.join(tests)}) take {seconds:.0f} s: not run with each fix."
            return OwnTests(self, (), not_run=(told,))
        steady = verify.theirs.steady(first, found.on(self.source)) if first else frozenset()
        return OwnTests(self, tests if steady else (), steady, tuple(o for o in first if o.case in steady))

    def _jobs(self, suite: Suite, asked: Sequence[Asked]) -> list[Job]:
        test = suite.path.relative_to(self.source.root).as_posix()
        text = suite.render().encode()
        return [Job({source.name: source.raw, test: text}, test, names) for source, names in asked]


@dataclass(frozen=True)
class OwnTests:
    """The user's own tests of the file under review."""

    bench: Bench
    tests: tuple[str, ...] = ()
    steady: frozenset[str] | None = None  # the cases that count; None: all
    before: Outcomes = ()  # what they say of the file as it is
    not_run: tuple[str, ...] = ()

    def on(self, source: Source) -> Outcomes:
        """What they say of a version of the file."""
        jobs = [Job({source.name: source.raw}, test, None, "pytest") for test in self.tests]
        runs = self.bench.worker.run(jobs) if jobs else []
        pairs = zip(self.tests, runs, strict=True)
        outcomes = (o for test, run in pairs for o in verify.theirs.named(test, run))
        return tuple(o for o in outcomes if self.steady is None or o.case in self.steady)


def _names(suite: Suite) -> tuple[str, ...]:
    return tuple(case.name for case in suite.cases)


def _without_digests(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_digests(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_digests(part) for part in value]
    return "" if isinstance(value, str) and value.startswith("digest:") else value
