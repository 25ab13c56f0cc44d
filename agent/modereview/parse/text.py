"""Bytes to text and text to lines, the way Python itself reads a file."""

from __future__ import annotations

import codecs
import re
import tokenize
from collections import Counter

from modereview.errors import InputError

NEWLINE = re.compile(r"\r\n|\r|\n")  # what Python ends a line at; str.splitlines knows seven more
_RESET = re.compile(r"[ \t\f]*\f")  # Python counts columns anew after a form feed in the indentation
_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_bytes(raw: bytes, shown: str) -> tuple[str, str]:
    """The text of a file and its codec's name, so that encoding the text gives `raw` back.

    Raises:
        InputError: no Python source text; the sentence names `shown`.
    """
    if raw.startswith(_UTF16_BOMS):
        raise InputError(f"{shown} is UTF-16, which Python does not read. Save it as UTF-8.")
    if b"\0" in raw:
        raise InputError(f"{shown} holds a NUL byte (at byte {raw.index(0)}): it is not Python source text.")
    encoding = _declared(raw, shown)
    try:
        text = raw.decode(encoding)
        same = text.encode(encoding) == raw
    except (UnicodeError, LookupError) as error:
        raise InputError(_not_decodable(raw, encoding, shown, error)) from None
    if not same:
        raise InputError(f"{shown} does not survive reading and writing as {encoding}. Save it as UTF-8.")
    return text, encoding


def _declared(raw: bytes, shown: str) -> str:
    """The codec by BOM or PEP 263 coding line."""
    head = [line + b"\n" for line in re.split(rb"\r\n|\r|\n", raw, maxsplit=2)[:2]]
    lines = iter(head)
    try:
        return tokenize.detect_encoding(lambda: next(lines))[0]
    except SyntaxError as error:
        if "unknown encoding" in str(error):
            name = str(error).rpartition("unknown encoding")[2].strip(": ")
            raise InputError(
                f"{shown} declares an unknown encoding ({name}). Correct its coding line."
            ) from None
        if "encoding problem" in str(error):
            raise InputError(
                f"{shown} has a UTF-8 BOM and a coding line that says otherwise. Remove one."
            ) from None
        return "utf-8"  # a first line that is not UTF-8: decoding says where
    except (
        LookupError
    ) as error:  # a codec that is none of text, as rot13; before Python 3.14 decoding says so
        raise InputError(_not_decodable(raw, str(error).split("'")[1], shown, error)) from None


def _not_decodable(raw: bytes, encoding: str, shown: str, error: Exception) -> str:
    if not isinstance(error, UnicodeDecodeError) or not encoding.startswith("utf-8"):
        return (
            f"{shown} cannot be read as {encoding}, which its coding line declares. Correct the coding line."
        )
    # A byte order mark is cut off before decoding, so positions count from behind it.
    before = raw[len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0 :][: error.start]
    line = len(re.findall(rb"\r\n|\r|\n", before)) + 1
    return (
        f"{shown}:{line} is not UTF-8 (byte 0x{error.object[error.start]:02x}). "
        "Save it as UTF-8 or declare its encoding in the first line: # -*- coding: latin-1 -*-"
    )


def to_code(text: str) -> tuple[str, tuple[int, ...]]:
    """`Source.code` and `Source.line_offsets` of a text."""
    breaks = [match.span() for match in NEWLINE.finditer(text)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(text)]
    if "\f" in text:
        starts = [_after_form_feeds(text, start, end) for start, end in zip(starts, ends, strict=True)]
    elif "\r" not in text:
        return text, tuple(starts)
    return "\n".join(map(text.__getitem__, map(slice, starts, ends))), tuple(starts)


def _after_form_feeds(text: str, start: int, end: int) -> int:
    match = _RESET.match(text, start, end)
    return match.end() if match else start


def whole_lines(text: str) -> list[str]:
    """The lines of a text with their newlines."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def newline_of(text: str) -> str:
    r"""The newline most lines of a text end with; "\n" where there is none."""
    if "\r" not in text:
        return "\n"
    counts = Counter(match.group() for match in NEWLINE.finditer(text))
    return max(counts, key=lambda newline: counts[newline])
