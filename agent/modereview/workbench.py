"""One file under review in its sandbox: the worker, bound to the file and to its test file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modereview import verify
from modereview.plan import SECONDS, probe_code
from modereview.records import Outcome, Source, Suite
from modereview.run import Failed, Job, Worker

Outcomes = tuple[Outcome, ...]
Traces = dict[str, object]  # builder of a scenario -> its forwards in order: which call, in which mode

# Runs in the sandbox: the forwards that the suite's own builders record, without any assertion.
_TRACE = """
import importlib.util

def main(request):
    spec = importlib.util.spec_from_file_location("suite", request["test"])
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    recorded = {name: getattr(suite, name)() for name in request["builders"]}
    return {name: [[f.call, f.mode, f.trained] for f in forwards] for name, forwards in recorded.items()}
"""


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
        """Every case several times on the file as it is, each time in a fresh process with other seeds."""
        return self.on_each(suite, [self.source] * times)

    def on_each(self, suite: Suite, sources: Sequence[Source]) -> list[Outcomes]:
        """Every case once on each version of the file."""
        if not suite.cases:
            return [()] * len(sources)
        test = suite.path.relative_to(self.source.root).as_posix()
        text = suite.render().encode()
        names = tuple(case.name for case in suite.cases)
        return self.worker.run([Job({s.name: s.raw, test: text}, test, names) for s in sources])

    def traces(self, suite: Suite, source: Source) -> Traces | None:
        """The mode of each forward of each scenario on a version of the file; None where it does not run."""
        test = suite.path.relative_to(self.source.root).as_posix()
        text = suite.render()
        builders = re.findall(r"^def (forwards_of_\w+)\(\)", text, re.MULTILINE)
        files = {source.name: source.raw, test: text.encode()}
        try:
            return self.worker.ask(files, _TRACE, {"test": test, "builders": builders})
        except Failed:
            return None

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
