from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from modereview import parse
from modereview.errors import InputError

ROOT = Path("/project")


def source(raw: bytes):
    return parse.decode(ROOT / "train.py", ROOT, raw)


KEPT = {
    "plain": (b"x = 1\n", "x = 1\n", "utf-8", "\n"),
    "BOM": (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8-sig", "\n"),
    "coding line": (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n", "iso-8859-1", "\n"),
    "coding in the second line": (b"#!\r# vim: fileencoding=cp1252\rx = '\x80'\r", None, "cp1252", "\r"),
    "CRLF": (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n", "utf-8", "\r\n"),
    "mixed newlines": (b"x = 1\r\ny = 2\nz = 3\r\n", "x = 1\ny = 2\nz = 3\n", "utf-8", "\r\n"),
    "a last CR": (b"x = 1\ny = 2\n\r", "x = 1\ny = 2\n\n", "utf-8", "\n"),
    "no last newline": (b"x = 1", "x = 1", "utf-8", "\n"),
    "form feeds": (
        b"\x0cx = 1\nif x:\n \x0c  y = 2 # \x0c\n",
        "x = 1\nif x:\n  y = 2 # \x0c\n",
        "utf-8",
        "\n",
    ),
    "other line separators": ("x = '\u2028\x85\x1c'\ny = 1\n".encode(), None, "utf-8", "\n"),
    "tabs": (b"if x:\n\ty = 1\n", "if x:\n\ty = 1\n", "utf-8", "\n"),
}


@pytest.mark.parametrize("case", KEPT)
def test_bytes_survive(case):
    raw, code, encoding, newline = KEPT[case]
    found = source(raw)
    assert found.text.encode(found.encoding) == raw
    assert code is None or found.code == code
    assert (found.encoding, found.newline) == (encoding, newline)
    assert len(found.lines) == len(found.line_offsets)


@pytest.mark.parametrize("case", KEPT)
def test_positions_in_code_lead_to_the_same_text(case):
    found = source(KEPT[case][0])
    for number, line in enumerate(found.lines, 1):
        start = found.offset(number, 1)
        assert found.text[start : start + len(line)] == line


def test_lines_count_as_python_counts_them():
    found = source("a = '\u2028\x0b\x1c'\rb = 1\r\n\x0cc = 2\n".encode())
    assert [node.lineno for node in found.tree.body] == [1, 2, 3]
    assert found.lines[2] == "c = 2"


BAD = {
    "empty": (b"", r"train\.py is empty"),
    "blank": (b"\xef\xbb\xbf\n \n", r"is empty"),
    "syntax error": (b"x = 1\ny = (\n", r"train\.py:2:5 is not valid Python: .*never closed"),
    "indentation": (b"if x:\ny\n", r"train\.py:2:1 is not valid Python: expected an indented block"),
    "print statement": (b"x = 1\nprint 'a'\n", r"train\.py:2:1 is not Python 3 \(print statement\)\. 2to3"),
    "print behind a colon": (b"if x: print x, y\n", r"is not Python 3 \(print statement\)"),
    "raise X, e": (b"raise A, 'b'\n", r"is not Python 3 \(`raise"),
    "octal": (b"x = 0755\n", r"is not Python 3 \(an octal"),
    "not UTF-8": (b"x = 1\ny = '\xe9'\n", r"train\.py:2 is not UTF-8 \(byte 0xe9\).*coding: latin-1"),
    "not UTF-8 behind a BOM": (b"\xef\xbb\xbfx = 1\n\xe9", r"train\.py:2 is not UTF-8"),
    "not what the coding line says": (b"# coding: ascii\nx = '\xe9'\n", "cannot be read as ascii"),
    "unknown coding": (b"# coding: klingon\nx = 1\n", r"unknown encoding \(klingon\)"),
    "no text coding": (b"# coding: rot13\nk = 1\n", "cannot be read as rot13"),
    "BOM against coding line": (b"\xef\xbb\xbf# coding: latin-1\nx\n", "BOM and a coding line"),
    "does not round-trip": (b"# coding: utf-7\nx = '+AGE-'\n", "does not survive"),
    "UTF-16": ("x = 1\n".encode("utf-16"), "is UTF-16"),
    "binary": (b"\x7fELF\x00\x01", r"NUL byte \(at byte 4\)"),
    "parentheses": (b"x = " + b"(" * 3000 + b")" * 3000, r"train\.py:1:\d+ is nested more than 200"),
    "long sum": (b"x = 1\ny = " + b"+".join([b"a"] * 300), r"train\.py:2 is nested more than 200"),
    "endless sum": (b"x = " + b"+".join([b"1"] * 100_000), "nested more than 200"),
    "minus signs": (b"x = " + b"-" * 50_000 + b"1", "nested more than 200"),
    "elif chain": (b"if a: b\n" + b"elif a: b\n" * 300, "nested more than 200"),
}
if sys.version_info < (3, 14):  # where it names two exceptions (PEP 758)
    BAD["except X, e"] = (b"try: f()\nexcept A.B, e:\n  pass\n", r"train\.py:2:\d+ is not Python 3 \(`except")


@pytest.mark.parametrize("case", BAD)
def test_bad_content_is_a_sentence(case):
    raw, message = BAD[case]
    with pytest.raises(InputError, match=message) as error:
        source(raw)
    assert str(error.value).startswith("train.py") and str(error.value).endswith((".", "-*-"))


def test_newer_syntax_names_the_python_it_needs(monkeypatch):
    monkeypatch.setattr("modereview.records.text.ast.parse", _parse_as_an_older_python)
    with pytest.raises(InputError, match=r"needs Python 3\.12, and modereview runs on 3\.\d+"):
        source(b"type Pair = tuple[int, int]\n")


def _parse_as_an_older_python(code: str):
    raise SyntaxError("invalid syntax", ("train.py", 1, 6, code, 1, 10))


def test_long_but_flat_code_is_fine():
    many = b"x = [\n" + b"    f(1, 2),\n" * 5000 + b"]\n"
    assert len(source(many).tree.body) == 1


def test_warnings_of_the_users_code_stay_off_our_stderr(recwarn):
    assert source(b'x = "\\d"\n').tree.body
    assert not recwarn.list


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.py does not exist"):
        parse.read(tmp_path / "nothing.py")


def test_a_folder_and_a_fifo_and_a_loop(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    for name, message in (
        (".", "is a folder"),
        ("pipe.py", "not a regular file"),
        ("loop.py", "cannot be read"),
    ):
        with pytest.raises(InputError, match=message):
            parse.read(tmp_path / name)


def test_a_large_file(tmp_path):
    (tmp_path / "big.py").write_bytes(b"x = 1\n" * 900_000)
    with pytest.raises(InputError, match=r"big\.py is 5\.1 MB; files over 2 MB"):
        parse.read(tmp_path / "big.py")


def test_an_unreadable_file(tmp_path, monkeypatch):
    (tmp_path / "secret.py").write_bytes(b"x = 1\n")

    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(InputError, match=r"secret\.py cannot be read: permission denied"):
        parse.read(tmp_path / "secret.py")


def test_the_root_is_the_nearest_marked_folder(tmp_path):
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / "pyproject.toml").touch()
    (inner / "train.py").write_bytes(b"x = 1\n")
    assert parse.read(inner / "train.py").name == "inner/train.py"
    assert parse.find_root(inner / ".." / "inner" / "train.py") == (tmp_path / "outer").resolve()
    assert parse.read(inner / "train.py", inner).name == "train.py"
    with pytest.raises(InputError, match="outside the project"):
        parse.read(inner / "train.py", tmp_path / "other")
