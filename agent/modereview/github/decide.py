"""What to say on a pull request: pure, so that every story of it can be told in a test.

A finding is told at a line if the change brings it in or touches it. What was told before is not told again;
what went away is closed, unless somebody answered. The rest is a line in the summary.
"""

from __future__ import annotations

from dataclasses import replace

from modereview.github import summary, words
from modereview.github.anchor import Anchor, anchor, touches
from modereview.github.decision import Comment, Decision
from modereview.github.diff import Diff
from modereview.github.revise import once, revise, went_away
from modereview.github.seen import Seen
from modereview.github.told import SEVERITIES, Handover, Told

CAP = 20  # comments at lines; the rest goes into the summary
_STATES = ("fixed", "proved", "suggested", "reported")


def decide(
    handover: Handover, diff: Diff, seen: Seen, cap: int = CAP, refused: frozenset[str] = frozenset()
) -> Decision:
    """Compare what is found with what was said. `refused`: what GitHub takes no comment about."""
    findings = _in_the_diff(handover, diff)
    said, repeated = once(seen.said)
    still = {told.fingerprint: told for told in findings if told.fingerprint in said}
    mine = [told for told in findings if _concerns(told, diff) or told.fingerprint in said]
    fresh = [told for told in mine if told.fingerprint not in said and told.severity != "note"]
    sayable = [told for told in fresh if told.fingerprint not in refused]
    now = sayable[: max(cap - len(still), 0)]
    over = [told for told in fresh if told not in now]
    closed = [each for each in said.values() if went_away(each, handover, diff)]
    tally = summary.tally(handover, mine, over, len(closed))
    decision = replace(
        revise(said, still, closed, handover.head, diff),
        comments=tuple(_comment(told, diff) for told in now),
        repeated=repeated,
    )
    worth_a_word = still or fresh or seen.summaries
    return _with_summary(decision, summary.body(handover, tally) if worth_a_word else "", seen)


def concerning(handover: Handover, diff: Diff) -> tuple[Told, ...]:
    """The findings that the change brings in or touches, the gravest first."""
    return tuple(told for told in _in_the_diff(handover, diff) if _concerns(told, diff))


def _in_the_diff(handover: Handover, diff: Diff) -> list[Told]:
    """The findings in files that the pull request changes, each once, the gravest and best proved first."""
    known = {told.fingerprint: told for told in handover.findings if diff.present(told.path)}
    return sorted(
        known.values(),
        key=lambda t: (SEVERITIES.index(t.severity), _STATES.index(t.state), t.path, t.first, t.rule),
    )


def _concerns(told: Told, diff: Diff) -> bool:
    file = diff.present(told.path)
    return file is not None and (not told.known or touches(told, file))


def _comment(told: Told, diff: Diff) -> Comment:
    file = diff.files[told.path]
    place = anchor(told, file)
    plain = words.comment(told, Anchor(told.path))
    return Comment(told.fingerprint, told.path, place.first, place.last, words.comment(told, place), plain)


def _with_summary(decision: Decision, body: str, seen: Seen) -> Decision:
    """One summary: the oldest is edited where it says something else, others are repetitions."""
    known = sorted(seen.summaries, key=lambda each: each.comment)
    if not known:
        return replace(decision, summary=body)
    kept, repeated = known[0], tuple(each.comment for each in known[1:])
    if kept.body.replace("\r\n", "\n") == body:
        return replace(decision, repeated_summaries=repeated)
    return replace(decision, summary=body, summary_edit=kept.comment, repeated_summaries=repeated)
