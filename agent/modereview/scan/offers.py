"""The fixes that a static review offers: nothing proves them, and the analysis is content after each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from modereview.records import Finding, Program, Source, Verdict
from modereview.rules import Looked

# What the fixes of one file may cost, in lines read and steps of the flow: about five seconds. No clock
# decides, so that every run offers the same.
_EFFORT = 100_000
_EACH = _EFFORT // 8  # what one reading may cost for fixes to be tried at all


def offered(
    program: Program,
    found: tuple[Finding, ...],
    read: Callable[[Source], tuple[Program, Looked]],
    crashes: list[str],
) -> tuple[Verdict, ...]:
    """A verdict for each finding, as far as that goes; each fix is tried on the file, which is read again.

    What goes wrong here is added to `crashes`: what was found is told all the same.
    """
    from modereview.fix import Tools, suggest  # not for files without a finding, which are most

    spent = 0

    def again(source: Source) -> tuple[Program, tuple[Finding, ...]]:
        nonlocal spent
        mended, looked = read(source)
        spent += _effort(mended)
        return mended, looked.found

    if _effort(program) > _EACH:
        return ()
    try:
        verdicts = suggest(program, found, Tools(look=again, run=lambda _: ()))
        return tuple(takewhile(lambda _: spent <= _EFFORT, verdicts))
    except Exception as error:  # a fault of ours
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        crashes.append(f"no fix could be tried on {program.source.name}: {told}")
        return ()


def _effort(program: Program) -> int:
    return program.steps + len(program.source.line_offsets)
