"""What to say on a pull request: pure, so that every story of it can be told in a test.

A finding is told at a line if the change brings it in or touches it. What was told before is not told again;
what went away is closed, unless somebody answered. The rest is a line in the summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from modereview.github import summary, words
from modereview.github.anchor import Anchor, anchor, touches
from modereview.github.diff import Diff
from modereview.github.seen import Said, Seen
from modereview.github.told import Handover, Told

CAP = 20  # comments at lines; the rest goes into the summary
_SEVERITIES = ("error", "warning", "note")
_STATES = ("fixed", "proved", "suggested", "reported")


@dataclass(frozen=True)
class Comment:
    """A new comment: at lines, or about the file as a whole where `first` is 0."""

    fingerprint: str
    path: str
    first: int
    last: int
    body: str
    plain: str  # the same without a suggestion, for where GitHub takes no comment at these lines


@dataclass(frozen=True)
class Edited:
    """A comment of the bot's that is to say something else."""

    comment: int
    body: str


@dataclass(frozen=True)
class Decision:
    """All that is to be done, in this order; nothing where everything is said already."""

    comments: tuple[Comment, ...] = ()
    edits: tuple[Edited, ...] = ()
    minimize: tuple[str, ...] = ()  # GraphQL ids of comments
    restore: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()  # GraphQL ids of threads
    reopen: tuple[str, ...] = ()
    repeated: tuple[int, ...] = ()  # comments at lines that two runs at once wrote twice
    repeated_summaries: tuple[int, ...] = ()
    summary: str = ""  # the summary's body; "" for none
    summary_edit: int | None = None  # the summary that is to say so; None to write a new one
    foreign: int = 0  # findings in files that the pull request does not change


def decide(
    handover: Handover, diff: Diff, seen: Seen, cap: int = CAP, refused: frozenset[str] = frozenset()
) -> Decision:
    """Compare what is found with what was said. `refused`: what GitHub takes no comment about."""
    findings = _in_the_diff(handover, diff)
    said, repeated = _once(seen.said)
    still = {told.fingerprint: told for told in findings if told.fingerprint in said}
    mine = [told for told in findings if _concerns(told, diff) or told.fingerprint in said]
    fresh = [told for told in mine if told.fingerprint not in said and told.severity != "note"]
    sayable = [told for told in fresh if told.fingerprint not in refused]
    now = sayable[: max(cap - len(still), 0)]
    over = [told for told in fresh if told not in now]
    closed = [each for each in said.values() if _went_away(each, handover, diff)]
    tally = summary.tally(handover, mine, over, len(closed))
    decision = replace(
        _closing(closed, handover.head),
        comments=tuple(_comment(told, diff) for told in now),
        repeated=repeated,
        foreign=sum(diff.present(told.path) is None for told in handover.findings),
    )
    decision = _reopening(decision, said, still)
    decision = replace(decision, edits=(*decision.edits, *_updates(said, still, diff)))
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
        key=lambda t: (_SEVERITIES.index(t.severity), _STATES.index(t.state), t.path, t.first, t.rule),
    )


def _concerns(told: Told, diff: Diff) -> bool:
    file = diff.present(told.path)
    return file is not None and (not told.known or touches(told, file))


def _once(said: Iterable[Said]) -> tuple[dict[str, Said], tuple[int, ...]]:
    """The oldest comment about each finding; the others, if nobody answered them, are repetitions."""
    first: dict[str, Said] = {}
    repeated = []
    for each in sorted(said, key=lambda each: each.comment):
        if each.fingerprint not in first:
            first[each.fingerprint] = each
        elif not each.answered:
            repeated.append(each.comment)
    return first, tuple(repeated)


def _went_away(said: Said, handover: Handover, diff: Diff) -> bool:
    """Whether the finding is really gone: its file was read and has it no more, or is out of the change."""
    found = any(told.fingerprint == said.fingerprint for told in handover.findings)
    readable = said.path in handover.reviewed or diff.present(said.path) is None
    return not found and readable and not said.answered


def _closing(closed: Iterable[Said], head: str) -> Decision:
    """Say that it is gone, hide it, resolve it: each where it is not done yet and allowed."""
    closed = tuple(closed)
    return Decision(
        edits=tuple(
            Edited(each.comment, words.gone(each.body, each.fingerprint, head))
            for each in closed
            if not each.closed
        ),
        minimize=tuple(each.node for each in closed if each.can_minimize and not each.minimized),
        resolve=tuple(each.thread for each in closed if each.can_resolve and not each.resolved),
    )


def _reopening(decision: Decision, said: dict[str, Said], still: dict[str, Told]) -> Decision:
    """What was closed and is found again shows again."""
    back = [each for each in said.values() if each.closed and each.fingerprint in still]
    return replace(
        decision,
        restore=tuple(each.node for each in back if each.minimized and each.can_minimize),
        reopen=tuple(each.thread for each in back if each.resolved and each.can_resolve),
    )


def _updates(said: dict[str, Said], still: dict[str, Told], diff: Diff) -> Iterator[Edited]:
    """Comments whose finding is still there and whose words are out of date."""
    for fingerprint, told in still.items():
        each = said[fingerprint]
        body = words.comment(told, _where_it_stands(each, told, diff))
        if body != each.body.replace("\r\n", "\n"):
            yield Edited(each.comment, body)


def _where_it_stands(said: Said, told: Told, diff: Diff) -> Anchor:
    """The lines that GitHub shows the comment at now. A suggestion must fit them exactly."""
    place = Anchor(said.path, said.first or said.last or 0, said.last or 0)
    file = diff.present(told.path)
    best = anchor(told, file) if file else place
    same = (best.path, best.first, best.last) == (place.path, place.first, place.last)
    return best if same else place


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
