"""Asks a model the `review` question about real cases: what the analysis finds, what the model, what both.

    python tests/real/ask.py [--model NAME] [--cases 5-24] [--claims] [--answers FILE] [MIRROR]

Each side of a case is asked about twice: once by `alone/review.md`, which shows the lines that decide about
modes and nothing that was found, and once as a review of the file asks, with the analysis beside them.
What was answered before is taken from `answers.json`, which holds no code; a model that is named is asked the
rest, and its answers are added; without one, the cases that have answers are shown, by the analysis of today.
Found: a finding or a claim begins within the lines that the case accepts in the old file. Alarm: one does
within the lines that these became in the repaired file. With both, a finding counts unless the model
disputes it. No claim is run here: what a claim is worth with its proof, a review of the file tells.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lay_out import SIDES, Case, LayOutError, lay_out, mirror_of, read_cases
from modereview import parse
from modereview.analyze import analyze
from modereview.llm import Answer, Model, ModelError, Options, Question, connect, secrets
from modereview.llm.agent import Chain, Judged, pursue
from modereview.llm.answers import ReviewNotes
from modereview.llm.exchanges import key_of
from modereview.llm.meter import Meter
from modereview.llm.prompts import Prompts
from modereview.llm.protocol import T
from modereview.llm.shape import read as read_answer
from modereview.records import Finding, Program, Remark
from modereview.rules import check
from modereview.write import remarks
from report import moved

WAYS = ("static", "model", "both")
PROMPTS = {"model": Prompts(Path(__file__).with_name("alone")), "both": Prompts()}


@dataclass(frozen=True)
class Side:
    """One side of a case: its file, what the analysis finds, and the lines where the fault is, or was."""

    case: Case
    name: str  # of SIDES
    program: Program
    findings: tuple[Finding, ...]
    ranges: tuple[tuple[int, int], ...]

    def points(self, way: str, said: Sequence[Remark]) -> bool:
        """Whether one of WAYS, with what a model said in it, points at the place."""
        disputed = {(remark.line, remark.disputes) for remark in said}
        found = [f for f in self.findings if way != "model" and f.rule in (self.case.rule, *self.case.also)]
        lines = [f.span.line for f in found if (f.span.line, f.rule) not in disputed]
        return any(map(self.holds, lines + [remark.line for remark in said if not remark.disputes]))

    def holds(self, line: int) -> bool:
        """Whether a line is within the ranges."""
        return any(first <= line <= last for first, last in self.ranges)


@dataclass
class Answered:
    """A model that remembers its answers in a file, by what they are about, not by the words of the question.

    `others` counts those whose question reads otherwise today (the analysis or the template has changed);
    `unseen`, of these, those whose question shows lines today that it did not show when it was answered.
    """

    path: Path
    model: Model | None
    name: str = "answered"
    others: int = 0
    unseen: int = 0
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path.is_file():
            self.known = json.loads(self.path.read_text(encoding="utf-8"))

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The answer that is known, else the model's. Raises ModelError."""
        known, key = self.known.get(question.subject), key_of(question)
        if known is not None:
            self.others += known["question"] != key
            self.unseen += not shown(question) <= _numbers(known.get("lines", ""))
            return Answer(read_answer(known["answer"], question.shape), known["answer"], cached=True)
        if self.model is None:
            raise ModelError(
                f"{self.path} holds no answer to {question.subject}; name a model.", lasting=False
            )
        answer = await self.model.ask(question)
        lines = _ranges(shown(question))
        self.known[question.subject] = {"question": key, "answer": answer.text, "lines": lines}
        return answer

    def write(self) -> None:
        """Keep what is known."""
        self.path.write_text(json.dumps(self.known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def shown(question: Question[Any]) -> set[int]:
    """The lines of the file that a question shows."""
    code = question.messages[1].content.partition("```python\n")[2].partition("\n```")[0]
    return {int(number) for number in re.findall(r"^(\d+): ", code, re.M)}


def _ranges(numbers: set[int]) -> str:
    """As in "3-5 9"."""
    starts = sorted(n for n in numbers if n - 1 not in numbers)
    ends = sorted(n for n in numbers if n + 1 not in numbers)
    return " ".join(
        f"{first}-{last}" if first < last else f"{first}" for first, last in zip(starts, ends, strict=True)
    )


def _numbers(ranges: str) -> set[int]:
    return {n for text in ranges.split() for n in _range(text)}


@dataclass(frozen=True)
class Said:
    """What the model said of a side, in one of WAYS."""

    side: Side
    way: str
    remark: Remark


def read(case: Case, mirror: Path, folder: Path) -> Iterator[Side]:
    """The old side of a case and the new one, analysed."""
    lay_out(case, mirror, folder)
    old, new = (case.root(folder, side) / case.path for side in SIDES)
    accepted = (case.accept, tuple(moved(old, new, case.accept)))
    for name, path, ranges in zip(SIDES, (old, new), accepted, strict=True):
        program = analyze(parse.read(path), parse.read)
        yield Side(case, name, program, check(program), ranges)


def question(side: Side, way: str) -> Chain[Said, ReviewNotes]:
    """The question about one side, in one of WAYS."""
    findings = side.findings if way == "both" else ()
    chain = remarks.chain(side.program, findings, PROMPTS[way], Options.context_tokens)

    def gate(answer: ReviewNotes) -> Judged[Said]:
        judged = chain.gate(answer)
        return Judged(tuple(Said(side, way, remark) for remark in judged.kept), judged.dropped)

    return Chain(chain.what, replace(chain.question, subject=f"{side.case.number} {side.name} {way}"), gate)


def table(sides: Sequence[Side], said: Sequence[Said]) -> str:
    """A line for each case, old side and new, then the totals."""
    rows, totals = [], [0] * 2 * len(WAYS)
    for old, new in zip(sides[::2], sides[1::2], strict=True):
        marks = [side.points(way, _of(said, side, way)) for side in (old, new) for way in WAYS]
        totals = [total + mark for total, mark in zip(totals, marks, strict=True)]
        words = [
            ("missed", "found", "silent", "alarm")[2 * (n >= len(WAYS)) + m] for n, m in enumerate(marks)
        ]
        rows.append(_row(f"{old.case.number:>3} {old.case.repository:<44} {old.case.rule}", words))
    head = _row(f"{'':>3} {'old side, then new':<44} {'rule':<5}", WAYS * 2)
    return "\n".join([head, *rows, _row(f"{'':>3} {len(rows)} cases{'':<41}", map(str, totals))])


def _row(head: str, words: Iterable[str]) -> str:
    return "  ".join([f"{head:<54}", *(f"{word:<6}" for word in words)]).rstrip()


def _of(said: Sequence[Said], side: Side, way: str) -> list[Remark]:
    return [each.remark for each in said if each.side is side and each.way == way]


def claims(said: Sequence[Said]) -> str:
    """Everything that was said, to be judged by a person: `*` where it is about the case's place."""
    return "\n".join(map(_claim, said))


def _claim(each: Said) -> str:
    side, remark = each.side, each.remark
    mark = "*" if side.holds(remark.line) else " "
    disputes = f"disputes {remark.disputes}: " if remark.disputes else ""
    place = f"{side.program.source.name}:{remark.line}"
    return f"{side.case.number:>3} {each.way:<5} {side.name} {mark} {place} {disputes}{remark.text}"


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="the review question on the real cases")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--model")
    parser.add_argument("--cases", type=_range, default=range(1, 10**6), metavar="FIRST-LAST")
    parser.add_argument("--claims", action="store_true", help="print everything that the model says")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for an answer")
    parser.add_argument("--side-by-side", type=int, default=8, help="questions at once")
    parser.add_argument("--answers", type=Path, default=Path(__file__).with_name("answers.json"))
    given = parser.parse_args()
    options = Options(timeout=given.timeout, side_by_side=given.side_by_side)
    model = Answered(given.answers, connect(given.model, False, os.environ, options))
    meter = Meter(model, secrets=secrets(os.environ))
    answered = {int(subject.partition(" ")[0]) for subject in model.known}
    cases = [c for c in read_cases() if c.number in given.cases and (given.model or c.number in answered)]
    with tempfile.TemporaryDirectory() as temporary:
        folder, mirror = Path(temporary).resolve(), mirror_of(given.mirror)
        try:
            sides = [side for case in cases for side in read(case, mirror, folder)]
        except LayOutError as error:
            sys.exit(str(error))
    chains = [question(side, way) for side in sides for way in PROMPTS]
    found = asyncio.run(pursue(chains, meter.ask, side_by_side=options.side_by_side))
    if given.model:
        model.write()
    print(table(sides, found.kept))
    if given.claims:
        print(claims(found.kept))
    usage = meter.usage
    print(
        f"{len(chains)} questions, {usage.tokens} tokens, {len(found.dropped)} dropped, "
        f"{model.others} answered when they read otherwise, {model.unseen} of these showing fewer lines. "
        f"{usage.error}"
    )


if __name__ == "__main__":
    main()
