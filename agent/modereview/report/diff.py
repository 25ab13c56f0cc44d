"""The patch of a review, as `git apply` and `patch -p1` take it.

Bytes, not text: a patch keeps the file's encoding, its CRs, and whether the last line ends.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from modereview.errors import InputError
from modereview.records import Review

_NO_NEWLINE = "\n\\ No newline at end of file\n"


def patch(reviews: Sequence[Review]) -> bytes:
    """What the reviews would write, with paths relative to the project. Empty if nothing would change.

    Raises InputError where a test file lies outside the project: no patch reaches it.
    """
    return b"".join(part for review in reviews for part in _parts(review))


def _parts(review: Review) -> Iterator[bytes]:
    source = review.source
    if review.mended is not None:
        yield file_patch(source.name, source.raw, review.mended)
    if review.suite and review.suite_text:
        path = review.suite.path
        old = path.read_bytes() if path.exists() else None
        yield file_patch(_name(path, source.root), old, review.suite_text.encode())


def file_patch(name: str, old: bytes | None, new: bytes) -> bytes:
    """The patch of one file; `old` is None for a file to be made. Empty for equal contents."""
    if old == new:
        return b""
    before, after = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    head = f"diff --git {before} {after}\n"
    if old is None:
        head += "new file mode 100644\n"
        before = "/dev/null"
    head += f"--- {_ended(before)}\n+++ {_ended(after)}\n"
    return head.encode() + _hunks(old or b"", new)


def _hunks(old: bytes, new: bytes) -> bytes:
    """The hunks. Latin-1 maps each byte to one character and back, whatever the file's encoding."""
    lines = islice(difflib.unified_diff(_lines(old), _lines(new)), 2, None)  # the first two name the files
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in lines).encode("latin-1")


def _lines(raw: bytes) -> list[str]:
    """Lines with their ends. Only a line feed ends one for patch tools; a CR before it is content."""
    lines = raw.decode("latin-1").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _quoted(name: str) -> str:
    """A name as git writes it: in C quotes when it has quotes, backslashes, controls or non-ASCII bytes."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return name
    return f'"{"".join(_quoted_byte(byte) for byte in raw)}"'


def _quoted_byte(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _ended(name: str) -> str:
    """A tab ends a name with spaces, as git does it; without it patch takes the first word."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name


def _name(path: Path, root: Path) -> str:
    if not path.is_relative_to(root):
        raise InputError(
            f"{path} lies outside the project {root}: --diff cannot show it. Choose a --tests-dir inside."
        )
    return path.relative_to(root).as_posix()
