"""One file under review in its sandbox: the worker, bound to the file and to its test file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modereview.plan import SECONDS, probe_code
from modereview.records import Outcome, Source, Suite
from modereview.run import Job, Worker

Outcomes = tuple[Outcome, ...]


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

    def with_pytest(self, path: Path, text: str, sources: Sequence[Source]) -> list[Outcomes]:
        """A test file as pytest itself runs it, on each version of the script."""
        test = path.relative_to(self.source.root).as_posix()
        jobs = [Job({s.name: s.raw, test: text.encode()}, test, None, "pytest") for s in sources]
        return self.worker.run(jobs)
