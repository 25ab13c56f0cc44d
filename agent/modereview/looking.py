"""Parse, analyze, rules: what a file is found to hold, as far as the settings would have it told."""

from __future__ import annotations

from modereview import baseline, parse
from modereview.analyze import analyze
from modereview.records import Finding, Program, Source
from modereview.rules import Looked, look
from modereview.settings import Settings


def first_look(source: Source, settings: Settings, crashes: list[str]) -> tuple[Program, Looked]:
    """What the analysis and the rules say of a file; rules that crash are told in `crashes`."""
    program = analyze(source, parse.read, elsewhere=parse.elsewhere)
    return program, _judge(program, settings, crashes)


def _judge(
    program: Program, settings: Settings, crashes: list[str], also: tuple[Finding, ...] = ()
) -> Looked:
    ignored = settings.ignored_in(program.source.name)
    looked = look(program, settings.select, ignored, crashes.append, also)
    return baseline.without(looked, settings.known)


def judged(program: Program, also: tuple[Finding, ...], settings: Settings) -> tuple[Finding, ...]:
    """What the rules find in a program, and what somebody else found, as far as it is to be told."""
    return _judge(program, settings, [], also).found


def look_again(source: Source, settings: Settings) -> tuple[Program, tuple[Finding, ...]]:
    """What is found after a mend; whatever crashed on the file as it was has been told."""
    program, looked = first_look(source, settings, [])
    return program, looked.found
