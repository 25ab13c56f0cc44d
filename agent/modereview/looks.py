"""What a look at one file gave, as it goes from process to process and into the cache."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from modereview.cache import Cache
from modereview.errors import InputError
from modereview.parse import Content, load
from modereview.records import Event, Finding, Severity, Span


@dataclass(frozen=True)
class Look:
    """What the analysis and the rules say of a file."""

    findings: tuple[Finding, ...] = ()
    not_run: tuple[str, ...] = ()  # sentences: what was not followed, and why
    internal_errors: tuple[str, ...] = ()  # sentences: what crashed
    refused: str = ""  # a sentence: why the file cannot be reviewed
    # Files beside it that were read or looked for: (path from the project's root, digest or "" for none).
    beside: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    lasting: bool = True  # False where another look may say something else: it crashed, or took too long


def stamp(version: str, python: tuple[int, ...], settings: tuple[tuple[str, ...], ...]) -> str:
    """Tells apart the answers of other versions, Pythons and settings, and of a source that was edited."""
    package = Path(__file__).parent
    files = sorted(
        path for room in ("", "parse", "analyze", "rules") for path in (package / room).glob("*.py")
    )
    code = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return repr((version, python, settings, code))


class Memory:
    """Looks of former runs, as far as everything that they depended on is as it was."""

    def __init__(self, cache: Cache, stamp: str) -> None:
        self.cache, self._stamp = cache, stamp
        self._digests: dict[Path, str] = {}

    def recall(self, content: Content) -> Look | None:
        """The look at this file of an earlier run; None where there was none, or a neighbour changed."""
        raw = self.cache.get(self._key(content))
        look = from_bytes(raw) if raw is not None else None
        return look if look and self._unchanged(look, content.root) else None

    def keep(self, content: Content, look: Look) -> None:
        """Remember a look for later runs; one with an internal error is taken again each time."""
        if look.lasting and not look.internal_errors:
            self.cache.put(self._key(content), to_bytes(look))

    def _key(self, content: Content) -> str:
        """What a look at a file depends on: its content, its name, and the stamp of the run."""
        inside = content.path.is_relative_to(content.root)
        name = os.fsencode(content.path.relative_to(content.root) if inside else content.path)
        parts = (self._stamp.encode(), name, content.raw)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def _unchanged(self, look: Look, root: Path) -> bool:
        """Whether the files beside it are as they were when the look was taken."""
        return all(self._digest(root / path) == digest for path, digest in look.beside)

    def _digest(self, path: Path) -> str:
        """Each neighbour is read once a run: many files share them."""
        if path not in self._digests:
            try:
                self._digests[path] = digest(load(path, path.parent).raw)
            except InputError:
                self._digests[path] = ""
        return self._digests[path]


def digest(raw: bytes) -> str:
    """Of a neighbour's content, as `Look.beside` holds it."""
    return hashlib.sha256(raw).hexdigest()


def to_bytes(look: Look) -> bytes:
    """The look as JSON."""
    return json.dumps(asdict(look), default=lambda severity: severity.value).encode()


def from_bytes(raw: bytes) -> Look | None:
    """The look that `to_bytes` wrote; None where it wrote no such thing."""
    try:
        fields = json.loads(raw)
        findings = tuple(_finding(entry) for entry in fields.pop("findings"))
        beside = tuple((str(path), str(digest)) for path, digest in fields.pop("beside"))
        for name in ("not_run", "internal_errors"):
            fields[name] = tuple(fields[name])
        return replace(Look(**fields), findings=findings, beside=beside, seconds=0.0)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _finding(fields: dict[str, Any]) -> Finding:
    fields["severity"] = Severity(fields["severity"])
    fields["span"] = Span(**fields["span"])
    fields["evidence"] = tuple(
        Event(**{**event, "span": Span(**event["span"])}) for event in fields["evidence"]
    )
    fields["facts"] = tuple(fields["facts"])
    return Finding(**fields)
