"""Who else calls a function of a file: told by the text of the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.records import Source

SCORES = "def score(model, loader):\n    return model(loader)\n"


def source(root: Path, files: dict[str, str]) -> Source:
    """`engine/scores.py` of a project that holds the other files as well."""
    for name, text in {"engine/scores.py": SCORES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return parse.read(root / "engine/scores.py", root)


CALLERS = {
    "imported by name": "from engine.scores import score\nnet.eval()\nprint(score(net, data))\n",
    "as an attribute of the module": "from engine import scores\nnet.train(False)\nscores.score (net, x)\n",
    "in a function": "def main():\n    from engine.scores import score\n    score(net.eval(), data)\n",
}
NO_CALLERS = {
    "only imported": "net.eval()\nfrom engine.scores import score\n",
    "a function of its own": "net.eval()\nscores = 3\ndef score(model, loader):\n    return 0\n",
    "another name that ends so": "net.eval()\nfrom engine.scores import score\nhigh_score(net)\n",
    "without the file's name": "net.eval()\nprint(score(net, data))\n",
    "it switches no model": "from engine.scores import score\nprint(score(net, data))\n",
}


@pytest.mark.parametrize("text", CALLERS.values(), ids=CALLERS)
def test_a_caller(text: str, tmp_path: Path) -> None:
    assert parse.caller(source(tmp_path, {"train.py": text}), "score") == tmp_path / "train.py"


@pytest.mark.parametrize("text", NO_CALLERS.values(), ids=NO_CALLERS)
def test_no_caller(text: str, tmp_path: Path) -> None:
    assert parse.caller(source(tmp_path, {"train.py": text}), "score") is None


@pytest.mark.parametrize("name", ["tests/use.py", "test_use.py", ".cache/use.py", "use.txt"])
def test_tests_and_hidden_files_do_not_count(name: str, tmp_path: Path) -> None:
    assert parse.caller(source(tmp_path, {name: CALLERS["imported by name"]}), "score") is None


def test_a_method_needs_the_name_of_its_class(tmp_path: Path) -> None:
    others = {"a.py": "engine.generate(net.eval())\n", "b.py": "e = Engine(net.eval())\ne.generate(x)\n"}
    beside = source(tmp_path, others)
    assert parse.caller(beside, "Engine.generate") == tmp_path / "b.py"
    assert parse.caller(beside, "Motor.generate") is None


def test_a_notebook_calls_too(tmp_path: Path) -> None:
    cells = '{"cells": [{"source": ["from scores import score\\n", "score(net.eval(), x)\\n"]}]}'
    assert parse.caller(source(tmp_path, {"look.ipynb": cells}), "score") == tmp_path / "look.ipynb"
