"""Notebooks: the cells as one program, and where each of its lines comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from modereview import parse
from modereview.errors import InputError
from modereview.parse.magics import to_python
from modereview.records import Source

ROOT = Path("/project")


def notebook(*cells: str | list[str], **fields: Any) -> dict[str, Any]:
    """A notebook with a text cell, then the code cells."""
    code = [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]
    return {"cells": [{"cell_type": "markdown", "source": "# Title"}, *code], "nbformat": 4, **fields}


def read(document: object, **how: Any) -> Source:
    return parse.decode(ROOT / "a.ipynb", ROOT, json.dumps(document, **how).encode())


def test_cells_are_one_program_in_order() -> None:
    source = read(notebook(["import torch\n", "x = 1"], "y = x\nz = y\n", []))
    assert source.lines == ("import torch", "x = 1", "y = x", "z = y", "")
    assert [source.label(line) for line in (1, 2, 3, 4)] == ["cell 2:1", "cell 2:2", "cell 3:1", "cell 3:2"]
    assert (source.name, source.slice(parse_span(source, 3))) == ("a.ipynb", "y = x")


def parse_span(source: Source, line: int) -> Any:
    from modereview.records import Span

    return Span(line, 1, line, len(source.lines[line - 1]) + 1)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_each_line_knows_its_line_in_the_file(ascii_only: bool) -> None:
    document = notebook(["a = 'é\\n'\n", "\n", "b = 2"], "c = 3\nd = 4")
    raw = json.dumps(document, indent=1, ensure_ascii=ascii_only)
    source = parse.decode(ROOT / "a.ipynb", ROOT, raw.encode())
    file_lines = raw.split("\n")
    for number, line in enumerate(source.lines, start=1):
        assert json.dumps(line, ensure_ascii=ascii_only)[1:-1] in file_lines[source.raw_line(number) - 1]


def test_a_notebook_on_one_line_is_line_one_all_through() -> None:
    source = read(notebook(["a = 1\n", "b = 2"], "c = 3"))
    assert {source.raw_line(line) for line in (1, 2, 3)} == {1}


def test_a_script_counts_as_it_is() -> None:
    source = parse.decode(ROOT / "a.py", ROOT, b"a = 1\nb = 2\n")
    assert (source.label(2), source.raw_line(2), source.cells) == ("2", 2, ())


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install torch \\\n    torchvision \\\n    timm\nx = 1", "pass\n\n\nx = 1"),
        ("pip install torch", "pass"),
        ("?print\nprint?\nprint??", "pass\npass\npass"),
        ("if x:\n    !ls 'it\n    y = 1", "if x:\n    pass\n    y = 1"),
        ("files = !ls\na, b = %sx ls", "files = get_ipython()\na, b = get_ipython()"),
        ("%time model.eval()", "if 1: model.eval()"),
        ("%time", "pass"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("%%bash\nls -la\nif [ x ]", "\n\n"),
        ("%%html\n<b>", "\n"),
        ("x = (5\n  % 3)", "x = (5\n  % 3)"),
        ('"""\n%time\n!ls\n"""', '"""\n%time\n!ls\n"""'),
        ('%cd x\ns = """\n%time\n"""', 'pass\ns = """\n%time\n"""'),
        ("  x = 1\n  if x:\n    y = 2\nz = 3", "x = 1\nif x:\n  y = 2\nz = 3"),
        ("await x", "await x"),
        ("x = = 1\n%time", "x = = 1\n%time"),
        ("", ""),
    ],
)
def test_what_only_ipython_knows_is_taken_out_line_for_line(cell: str, python: str) -> None:
    assert to_python(cell) == python


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"import torch\n", "a.ipynb is not a notebook: its JSON is broken"),
        (b"[1, 2]", "it has no `nbformat`"),
        (b'{"nbformat": "4"}', "it has no `nbformat`"),
        (b'{"nbformat": 3, "worksheets": []}', "a notebook of format 3: `jupyter nbconvert"),
        (b'{"nbformat": 4}', "a.ipynb is empty"),
        (b'{"nbformat": 4, "cells": [7, {"cell_type": "code", "source": 3}]}', "a.ipynb is empty"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "is not UTF-8, as notebooks are"),
    ],
)
def test_what_is_no_notebook_is_a_sentence(raw: bytes, told: str) -> None:
    with pytest.raises(InputError, match=r".*") as caught:
        parse.decode(ROOT / "a.ipynb", ROOT, raw)
    assert told in str(caught.value)


def test_a_wrong_line_is_named_by_its_cell() -> None:
    with pytest.raises(InputError, match=r"^a\.ipynb:cell 3:2:5 is not valid Python"):
        read(notebook("x = 1", "y = 2\nz = = 3"))


@pytest.mark.parametrize(
    "metadata", [{"kernelspec": {"language": "julia"}}, {"language_info": {"name": "julia"}}]
)
def test_other_languages_are_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="in julia: only Python"):
        read(notebook("x = 1", metadata=metadata))


def test_pictures_do_not_count_as_code(tmp_path: Path) -> None:
    big = notebook("import torch\n")
    big["cells"][1]["outputs"] = [{"data": {"image/png": "A" * 3 * 2**20}}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(big))
    assert parse.read(path).lines[0] == "import torch"
