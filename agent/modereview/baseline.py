"""The baseline: findings that a project knows of and leaves for later. New ones are told, these are not.

A finding is known by its fingerprint, which does not change when lines move. The file is sorted and has no
line numbers, so that its history shows what came and what went.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from modereview.errors import InputError
from modereview.records import Finding, Quiet, Review
from modereview.report.tally import is_mended, settled
from modereview.rules import Looked

VERSION = 1


def read(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline. Raises InputError where it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version, entries = document["version"], document["findings"]
        known = frozenset(str(entry["fingerprint"]) for entry in entries)
    except FileNotFoundError:
        raise InputError(f"There is no baseline {path}. --write-baseline makes one.") from None
    except OSError as error:
        raise InputError(f"The baseline {path} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError):
        raise InputError(f"{path} is not a baseline. Make one anew with --write-baseline.") from None
    if version != VERSION:
        raise InputError(f"{path} is a baseline of version {version}, and this modereview reads {VERSION}.")
    return known


def without(looked: Looked, known: frozenset[str]) -> Looked:
    """What was found less what is known."""
    old = tuple(Quiet(f, "baseline") for f in looked.found if f.fingerprint in known)
    new = tuple(f for f in looked.found if f.fingerprint not in known)
    return Looked(new, (*looked.quiet, *old))


def left(reviews: Sequence[Review]) -> list[Finding]:
    """What the reviews leave in the files."""
    return [v.finding for review in reviews for v in settled(review) if not is_mended(review, v)]


def render(reviews: Sequence[Review]) -> str:
    """The baseline of what the reviews leave in the files."""
    entries = [
        {"path": f.source_name, "rule": f.rule, "message": f.message, "fingerprint": f.fingerprint}
        for f in left(reviews)
    ]
    entries.sort(key=lambda entry: tuple(entry.values()))
    return json.dumps({"version": VERSION, "findings": entries}, indent=2) + "\n"
