"""What a model is asked for a mend: the findings of one place, the code around, the tests that are red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modereview.fix.mend import Mended
from modereview.fix.places import Group, lines_of, outermost, place_of
from modereview.llm import Question, answers
from modereview.llm.prompts import Prompts
from modereview.llm.tokens import tokens
from modereview.records import Case, Finding, Outcome, Source, Status
from modereview.write.context import Slice, excerpt

MOST_TESTS = 5  # failing ones that a question names, the first whole


def ask_for_mend(
    mended: Mended, group: Group, cases: Sequence[Case], prompts: Prompts, limit: int
) -> Question[answers.Fix]:
    """The question for a mend of the findings of one place; `limit` is in tokens, for the user's code."""
    source, first = mended.source, group[0]
    by_name = {case.name: case for case in cases}
    failed = _telling(first, mended.outcomes, by_name)
    return prompts.question(
        "fix",
        f"{first.rule} in {first.function or 'the top level'} of {source.name}",
        answers.Fix,
        script=source.name,
        place=place_of(source, first)[0],
        finding=f"{lines_of(group)}, {first.rule} {first.name}: {_each(f.message for f in group)}",
        facts=list(dict.fromkeys(fact for finding in group for fact in finding.facts)),
        evidence=sorted({(event.span.line, event.text) for f in group for event in f.evidence}),
        code=_shown(source, group, limit),
        tests=[(by_name[_case(o)].code, o.message) for o in failed[:1]],
        others=_others(failed),
    )


def _each(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _shown(source: Source, group: Group, limit: int) -> list[Slice]:
    """What the findings need of their class or function: of a long one, as much as fits, for each in turn."""
    shown: list[Slice] = []
    for finding in group:
        for piece in excerpt(source, place_of(source, finding)[1], finding.span.line, limit):
            if not shown or (piece not in shown and tokens(piece[1]) <= limit):
                shown.append(piece)
                limit -= tokens(piece[1])
    return sorted(shown)


def _others(failed: Sequence[Outcome]) -> str:
    """Which tests fail besides the first: with their message, where it is another."""
    said: dict[str, list[str]] = {}
    for outcome in failed[1:MOST_TESTS]:
        said.setdefault(outcome.message if outcome.message != failed[0].message else "", []).append(
            outcome.case
        )
    return "\n".join(": ".join(filter(None, (", ".join(names), text))) for text, names in said.items())


def _telling(finding: Finding, outcomes: Sequence[Outcome], cases: Mapping[str, Case]) -> list[Outcome]:
    """The failures, first those that a fault of this rule explains, then those of the finding's own class."""

    def rank(outcome: Outcome) -> tuple[bool, bool]:
        about = outcome.case.partition("[")[2].rstrip("]")
        return finding.rule not in cases[_case(outcome)].proves, about not in ("", outermost(finding))

    failed = (o for o in outcomes if o.status is Status.FAILED and _case(o) in cases)
    return sorted(failed, key=rank)


def _case(outcome: Outcome) -> str:
    return outcome.case.partition("[")[0]
