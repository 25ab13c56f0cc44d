"""What a review changes on disk: the mended files and their tests, all of a project at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from modereview.errors import InputError
from modereview.journal import write_back
from modereview.records import Review
from modereview.uncommitted import is_changed


def written(reviews: tuple[Review, ...]) -> tuple[Review, ...]:
    """Write all files of a project at once, so that undo takes the whole review back.

    Where that fails nothing of the project is written, and its reviews say why: what was found is not lost.
    """
    refused: dict[Path, str] = {}
    for root in dict.fromkeys(review.source.root for review in reviews):
        changes = {p: c for r in reviews if r.source.root == root for p, c in _changes(r).items()}
        try:
            write_back(root, changes)
        except InputError as error:
            refused[root] = str(error)
    return tuple(
        replace(review, not_written=refused[review.source.root])
        if review.source.root in refused
        else replace(
            review, written=tuple(_changes(review)), warnings=(*review.warnings, *_on_top_of_edits(review))
        )
        for review in reviews
    )


def _on_top_of_edits(review: Review) -> tuple[str, ...]:
    """What is said where a file was mended that had changes which are in no commit."""
    source = review.source
    if review.mended is None or not is_changed(source.path.resolve(), source.raw):
        return ()
    on_top = "the fix is made on top of them, and `modereview undo` leads back to them"
    return (f"{source.name} had changes that are not committed: {on_top}.",)


def _changes(review: Review) -> dict[Path, tuple[bytes | None, bytes]]:
    """What becomes of the files of a review: the content it expects, and the new one."""
    changes: dict[Path, tuple[bytes | None, bytes]] = {}
    if review.mended is not None:
        changes[review.source.path] = (review.source.raw, review.mended)
    if review.suite is not None and review.suite_text.encode() != review.suite_before:
        changes[review.suite.path] = (review.suite_before, review.suite_text.encode())
    return changes
