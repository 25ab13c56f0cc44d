"""Edits of notebooks: the lines of a cell that change, and nothing else in the file."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from modereview import parse
from modereview.records import Edit, Source

ROOT = Path("/project")
OUTPUTS = [{"output_type": "stream", "name": "stdout", "text": ["epoch 1 é\n"]}]


def raw_of(*cells: str | list[str], **how: Any) -> bytes:
    """A notebook as Jupyter writes it, with outputs and metadata."""
    code = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "execution_count": n,
            "metadata": {},
            "outputs": OUTPUTS,
            "source": s,
        }
        for n, s in enumerate(cells, 1)
    ]
    text = {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}
    document = {"cells": [text, *code], "metadata": {"b": 1, "a": 2}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, **{"indent": 1, "ensure_ascii": False, **how}) + "\n").encode()


def read(raw: bytes) -> Source:
    return parse.decode(ROOT / "a.ipynb", ROOT, raw)


def put(source: Source, line: int, text: str) -> Source:
    """A line put before another."""
    start = source.offset(line, 1)
    return parse.apply(source, [Edit(start, start, f"{text}\n")])


def changed(old: bytes, new: bytes) -> list[str]:
    lines = difflib.ndiff(*(raw.decode().splitlines(keepends=True) for raw in (old, new)))
    return [line.rstrip("\n") for line in lines if line[0] in "+-"]


def sources(raw: bytes) -> list[str | list[str]]:
    return [cell["source"] for cell in json.loads(raw)["cells"] if cell["cell_type"] == "code"]


def test_a_line_is_put_into_the_list() -> None:
    old = raw_of(["x = 1\n", "y = 'é'"], ["z = 3"])
    new = put(read(old), 2, "model.eval()").raw
    assert changed(old, new) == ['+     "model.eval()\\n",']


def test_a_line_behind_the_last_belongs_to_its_own_cell() -> None:
    old = raw_of(["if x:\n", "    y = 2"], ["z = 3"])
    source = read(old)
    end = source.offset(2, len(source.lines[1]) + 1)
    new = parse.apply(source, [Edit(end, end, "\n    model.train()")]).raw
    assert sources(new) == [["if x:\n", "    y = 2\n", "    model.train()"], ["z = 3"]]


def test_a_line_before_the_first_belongs_to_the_cell_below() -> None:
    new = put(read(raw_of(["x = 1"], ["y = 2"])), 2, "model.train()").raw
    assert sources(new) == [["x = 1"], ["model.train()\n", "y = 2"]]


def test_a_list_of_one_string_is_laid_out_as_its_brackets_are() -> None:
    old = raw_of(["x = 1"])
    assert changed(old, put(read(old), 1, "a = 0").raw) == ['+     "a = 0\\n",']


def test_a_part_of_a_line_is_replaced() -> None:
    source = read(raw_of(["x = 1\n", "model.train()\n", "y = 2"]))
    at = source.offset(2, 7)
    new = parse.apply(source, [Edit(at, at + 5, "eval")]).raw
    assert changed(source.raw, new) == ['-     "model.train()\\n",', '+     "model.eval()\\n",']


def test_a_line_is_taken_out() -> None:
    source = read(raw_of(["x = 1\n", "model.eval()\n", "y = 2"]))
    new = parse.apply(source, [Edit(source.offset(2, 1), source.offset(3, 1), "")]).raw
    assert changed(source.raw, new) == ['-     "model.eval()\\n",']


def test_the_last_line_of_a_cell_is_taken_out() -> None:
    source = read(raw_of(["x = 1\n", "model.eval()"], ["y = 2"]))
    new = parse.apply(source, [Edit(source.offset(2, 1), source.offset(3, 1), "")])
    assert sources(new.raw) == [["x = 1"], ["y = 2"]]
    assert new.lines == ("x = 1", "y = 2")


def test_a_cell_of_one_string_stays_one() -> None:
    new = put(read(raw_of("x = 1\ny = 2")), 2, "a = 0").raw
    assert sources(new) == ["x = 1\na = 0\ny = 2"]


def test_other_letters_are_written_as_the_line_was() -> None:
    source = read(raw_of(["x = 'é'"], ensure_ascii=True))
    at = source.offset(1, 6)
    new = parse.apply(source, [Edit(at, at + 1, "éé")]).raw
    assert b"x = '\\u00e9\\u00e9'" in new


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_whatever_the_layout_nothing_else_changes(indent: Any, mark: bytes) -> None:
    old = mark + raw_of(
        ["%matplotlib inline\n", "x = 1\n", "\n", "y = 'a\\\\u00e9b/'"], ["z = 3\n"], indent=indent
    )
    source = read(old)
    new = put(source, 2, "model.eval()").raw
    between = {None: b" ", 1: b"\n    ", 2: b"\n        ", "\t": b"\n\t\t\t\t"}[indent]
    assert len(new) - len(old) == len(b'"model.eval()\\n",' + between)
    assert sources(new)[0][:3] == ["%matplotlib inline\n", "model.eval()\n", "x = 1\n"]
    assert new.replace(b'"model.eval()\\n",', b"").split() == old.split()


@pytest.mark.parametrize(
    ("cells", "edit"),
    [
        ((["x = 1"], ["y = 2"]), Edit(3, 8, "7\ny")),  # from one cell into the next
        ((["%time x = 1"],), Edit(7, 8, "y")),  # in what stands for a magic
        (
            (["if x:\n", "    y = 2"], ["z = 3"]),
            Edit(16, 16, "    y = 3\n"),
        ),  # a body goes on in the next cell
    ],
)
def test_what_does_not_fit_is_refused(cells: tuple[list[str], ...], edit: Edit) -> None:
    source = read(raw_of(*cells))
    with pytest.raises(ValueError, match=r"a\.ipynb"):
        parse.apply(source, [edit])
