"""The fixes that a static review offers: nothing proves them, and the analysis is content after each."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import takewhile

from modereview.records import Finding, Program, Source, Verdict
from modereview.rules import Looked

_SECONDS = 5.0  # of the processor's for the fixes of one file


def offered(
    program: Program,
    found: tuple[Finding, ...],
    read: Callable[[Source], tuple[Program, Looked]],
    crashes: list[str],
) -> tuple[Verdict, ...]:
    """A verdict for each finding as far as there is time; each fix is tried on the file, which is read again.

    What goes wrong here is added to `crashes`: what was found is told all the same.
    """
    from modereview.fix import Tools, suggest  # not for files without a finding, which are most

    def again(source: Source) -> tuple[Program, tuple[Finding, ...]]:
        mended, looked = read(source)
        return mended, looked.found

    until = time.process_time() + _SECONDS
    try:
        verdicts = suggest(program, found, Tools(look=again, run=lambda _: ()))
        return tuple(takewhile(lambda _: time.process_time() < until, verdicts))
    except Exception as error:  # a fault of ours
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        crashes.append(f"no fix could be tried on {program.source.name}: {told}")
        return ()
