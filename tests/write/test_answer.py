"""A model's answer, however it comes, falls into functions."""

from __future__ import annotations

import ast

import pytest
from modereview.write.answer import read

ONE = "def test_a():\n    assert f()"
TWO = "def test_b():\n    assert g()"


def names(answer: str) -> list[str]:
    return [piece.node.name for piece in read(answer).pieces]


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{ONE}\n\n\n{TWO}\n```",
        f"Sure!\n\n```py\n{ONE}\n```\nand\n```\n{TWO}\n```\nDone.",
        f"~~~~Python\n{ONE}\n{TWO}\n~~~~",
        f"```python\n{ONE}\n{TWO}",
        f'```python\n"""Tests."""\n# first\n{ONE}\n{TWO}\n```',
    ],
    ids=["one block", "two blocks", "tildes", "never closed", "docstring and comment"],
)
def test_functions_of_all_blocks_are_found(answer):
    parsed = read(answer)
    assert [piece.code for piece in parsed.pieces] == [ONE, TWO]
    assert not parsed.refused


def test_decorators_belong_to_the_code():
    assert (
        read(f"```python\n@mark.slow\n@mark(\n    1\n)\n{ONE}\n```").pieces[0].code.startswith("@mark.slow")
    )


def test_syntax_error_costs_one_function():
    bad = "def test_bad():\n    assert ("
    parsed = read(
        f"```python\nimport math\n{ONE}\n{bad}\n@mark(\n    1\n)\nasync def test_c():\n    pass\n{TWO}\n```"
    )
    assert [piece.node.name for piece in parsed.pieces] == ["test_a", "test_c", "test_b"]
    assert [name for name, _ in parsed.refused] == ["test_bad"]
    assert "not Python" in parsed.refused[0][1]


def test_cut_answer_loses_only_its_end():
    assert names(f"```python\n{ONE}\n\n{TWO[:-1]}") == ["test_a"]


def test_each_function_gets_the_imports_it_uses():
    block = (
        "import math, copy\nfrom itertools import chain as c, cycle\n"
        "def test_a():\n    assert math.pi\ndef test_b():\n    assert list(c())"
    )
    imports = [
        [ast.unparse(line) for line in piece.imports] for piece in read(f"```python\n{block}\n```").pieces
    ]
    assert imports == [["import math"], ["from itertools import chain as c"]]


def test_code_without_a_fence_is_read_whole():
    assert names(f"{ONE}\n\n{TWO}") == ["test_a", "test_b"]


@pytest.mark.parametrize("answer", ["I cannot help with that.", "```json\n{}\n```", "`def test_a(): ...`"])
def test_prose_holds_no_function(answer):
    parsed = read(answer)
    assert not parsed.pieces
    assert "not Python" in parsed.refused[0][1]


def test_what_is_no_function_is_refused_by_its_first_words():
    parsed = read(f"```python\nprint('hello')\n{ONE}\nclass Helper:\n    pass\n```")
    assert [piece.node.name for piece in parsed.pieces] == ["test_a"]
    assert [name for name, _ in parsed.refused] == ["print('hello')", "class Helper:"]


@pytest.mark.parametrize(
    "code",
    ["\x00", "x = " + "+".join(["1"] * 3000), "(" * 5000, "x = " + "-" * 100_000 + "1", "def test_a(:"],
)
def test_hostile_text_is_a_refusal(code):
    parsed = read(f"```python\n{code}\n```")
    assert not parsed.pieces and parsed.refused
