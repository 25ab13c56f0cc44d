"""Nothing but what an edit says changes: each kind, at random places of real files, in odd layouts."""

from __future__ import annotations

from pathlib import Path

import laws
import pytest
import torch

SEED = 5
FILES = laws.sample(Path(torch.__file__).parent, len(laws.EVERY), SEED)


@pytest.mark.parametrize(("path", "layout"), FILES, ids=[f"{p.stem}-{layout}" for p, layout in FILES])
def test_the_laws_hold(path: Path, layout: str) -> None:
    broken = [f"{kind}: {what}" for kind, what in laws.check(path, layout, SEED) if what]
    assert broken == []


@pytest.mark.parametrize("layout", laws.EVERY)
def test_each_layout_is_one_that_files_can_have(layout: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(x):\n    if x:\n        return g(x)\n\n\nclass A:\n    b = 1\n")
    assert laws.laid_out(tmp_path / "a.py", layout) is not None
    assert {what for _, what in laws.check(tmp_path / "a.py", layout, SEED)} == {""}


WRITTEN = {
    "semicolons": "def f(x):\n    a = 1; b = 2\n    if x:\n        g()\n    return a\n",
    "one-line suites": "def f(x):\n    a = 1\n    b = 2\n    if x: g()\n    return a\n",
    "backslashes": "def f(x):\n    a = \\\n        1\n    b = \\\n        2\n    if x:\n        g()\n",
    "type comments": "def f(x):\n    a = 1  # type: ignore\n",
    "long lines": "def f(x):\n    a = 1  # so it goes onso it goes on",
}


@pytest.mark.parametrize("shape", laws.SHAPES)
def test_each_shape_is_the_one_it_is_called(shape: str) -> None:
    text = "def f(x):\n    a = 1\n    b = 2\n    if x:\n        g()\n    return a\n"
    assert laws.SHAPES[shape](text).decode().startswith(WRITTEN[shape])


def test_a_law_that_is_broken_is_told(tmp_path: Path) -> None:
    """The judge judges: an edit that drops a comment, and one that touches another statement."""
    (tmp_path / "a.py").write_text("a()  # why\nb()\n")
    source = laws.laid_out(tmp_path / "a.py", "as it is")
    assert source is not None
    marked = laws.Edit(0, 0, f"{laws.MARK}()\n")
    assert laws.broken(source, "before", (marked,)) == ""
    assert "comment" in laws.broken(source, "before", (marked, laws.Edit(5, 10, "")))
    assert "tree" in laws.broken(source, "before", (laws.Edit(0, 1, "c"),))
