from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modereview import parse
from modereview.records import Edit

ROOT = Path("/project")
PIECES = [
    "x = 1",
    "# é",
    "",
    "if x: y = '𝄞'",
    "\x0cz = 2",
    "if x:\r\ty = 1",
    "s = '''a\n\r\nb'''",
    "  # \x0c",
]


def source(raw: bytes):
    return parse.decode(ROOT / "train.py", ROOT, raw)


def test_every_byte_outside_the_edits_stays():
    raw = b"\xef\xbb\xbfa = 1\r\n\x0cb = '\xc3\xa9' \r\rc = 3 # \x0c"
    found = source(raw)
    start = found.text.index("3")
    changed = parse.apply(found, [Edit(start, start + 1, "4"), Edit(0, 0, "z = 0\r\n")])
    assert changed.raw == b"\xef\xbb\xbfz = 0\r\na = 1\r\n\x0cb = '\xc3\xa9' \r\rc = 4 # \x0c"


def test_no_edit_is_the_same_source():
    found = source(b"x = 1\r\n")
    assert parse.apply(found, []) == found


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(18, 21, "y"), Edit(20, 23, "z")],
        [Edit(18, 99, "y")],
        [Edit(20, 19, "y")],
        [Edit(18, 19, "(")],
        [Edit(0, 24, "")],
        [Edit(22, 23, "'\u20ac'")],
    ],
    ids=["overlap", "outside", "backwards", "syntax", "nothing left", "encoding"],
)
def test_edits_that_cannot_be(edits):
    with pytest.raises(ValueError):
        parse.apply(source(b"# coding: latin-1\nx = 1\n"), edits)


@given(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\r\n", "\r"])), min_size=1),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_any_mix_of_newlines_survives(lines, mark):
    raw = mark + "".join(piece + newline for piece, newline in lines).encode() + b"a = 0"
    changed = parse.apply(source(raw), [Edit(0, 0, "w = 0\n")])
    assert changed.raw == mark + b"w = 0\n" + raw[len(mark) :]


def test_what_no_python_compiles_is_refused():
    text = "def f():\n    global a\n    return a\n"
    with pytest.raises(ValueError, match="break a rule of the language"):
        parse.apply(source(text.encode()), [Edit(9, 9, "    a.train()\n")])


def test_what_did_not_compile_before_may_be_edited():
    found = source(b"return x is 1\n")
    assert parse.apply(found, [Edit(0, 0, "# outside of a function\n")]).raw.endswith(b"return x is 1\n")
