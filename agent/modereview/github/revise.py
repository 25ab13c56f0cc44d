"""What becomes of comments that were made: kept up to date, closed once their finding is gone, reopened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from modereview.github import words
from modereview.github.anchor import Anchor, anchor
from modereview.github.decision import Decision, Edited
from modereview.github.diff import Diff
from modereview.github.seen import Said
from modereview.github.told import Handover, Told


def once(said: Iterable[Said]) -> tuple[dict[str, Said], tuple[int, ...]]:
    """The oldest comment about each finding; the others, if nobody answered them, are repetitions."""
    first: dict[str, Said] = {}
    repeated = []
    for each in sorted(said, key=lambda each: each.comment):
        if each.fingerprint not in first:
            first[each.fingerprint] = each
        elif not each.answered:
            repeated.append(each.comment)
    return first, tuple(repeated)


def went_away(said: Said, handover: Handover, diff: Diff) -> bool:
    """Whether the finding is really gone: its file was read and has it no more, or is out of the change."""
    found = any(told.fingerprint == said.fingerprint for told in handover.findings)
    readable = said.path in handover.reviewed or diff.present(said.path) is None
    return not found and readable and not said.answered


def revise(
    said: Mapping[str, Said], still: Mapping[str, Told], closed: Sequence[Said], head: str, diff: Diff
) -> Decision:
    """What is done to them, each where it is not done yet and allowed; both maps go by fingerprint."""
    back = [each for each in said.values() if each.closed and each.fingerprint in still]
    return Decision(
        edits=(*_farewells(closed, head), *_updates(said, still, diff)),
        minimize=tuple(each.node for each in closed if each.can_minimize and not each.minimized),
        restore=tuple(each.node for each in back if each.can_minimize and each.minimized),
        resolve=tuple(each.thread for each in closed if each.can_resolve and not each.resolved),
        reopen=tuple(each.thread for each in back if each.can_resolve and each.resolved),
    )


def _farewells(closed: Sequence[Said], head: str) -> Iterator[Edited]:
    """A word in each comment whose finding is gone."""
    for each in closed:
        if not each.closed:
            yield Edited(each.comment, words.gone(each.body, each.fingerprint, head))


def _updates(said: Mapping[str, Said], still: Mapping[str, Told], diff: Diff) -> Iterator[Edited]:
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
