"""The patch is taken by the tools that take patches, and gives the very bytes a review would write."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modereview.errors import InputError
from modereview.records import Review
from modereview.report.diff import file_patch, patch

TOOLS = {"git": ["git", "apply", "--whitespace=nowarn", "-"], "patch": ["patch", "-p1", "--quiet"]}
PAIRS = {
    "a line in the middle": (b"a\nb\nc\n", b"a\nx\nb\nc\n"),
    "CRLF": (b"a\r\nb\r\nc\r\n", b"a\r\nx\r\nb\r\nc\r\n"),
    "mixed line ends": (b"a\r\nb\nc\rd\n", b"a\r\nx\nb\nc\rd\n"),
    "no last newline": (b"a\nb", b"a\nx\nb"),
    "last newline added": (b"a\nb", b"a\nb\n"),
    "last newline dropped": (b"a\nb\n", b"a\nb"),
    "no UTF-8": (b"# \xe9\na\n", b"# \xe9\nb\n"),
    "form feed and separators": (b"a\x0cb\x1c\n\xe2\x80\xa8c\n", b"a\x0cb\x1c\nx\n\xe2\x80\xa8c\n"),
    "far apart": (b"\n".join(b"%d" % i for i in range(60)), b"\n".join(b"%d" % (i % 50) for i in range(60))),
    "new file": (None, b"a\nb\n"),
    "new file, no last newline": (None, b"a\nb"),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("name", ["train.py", "sub dir/tr\u00e4in.py"])
def test_the_tool_makes_the_new_bytes(
    tmp_path: Path, tool: str, pair: tuple[bytes | None, bytes], name: str
) -> None:
    old, new = pair
    apply(tmp_path, tool, name, old, file_patch(name, old, new))
    assert (tmp_path / name).read_bytes() == new


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.text("ab\r\n\x0c", min_size=1).map(str.encode),
    new=st.text("ab\r\n\x0c", min_size=1).map(str.encode),
)
def test_git_takes_the_patch_between_any_two_files(tmp_path: Path, old: bytes, new: bytes) -> None:
    if old != new:
        apply(tmp_path, "git", "train.py", old, file_patch("train.py", old, new))
    assert old == new or (tmp_path / "train.py").read_bytes() == new


def apply(folder: Path, tool: str, name: str, old: bytes | None, text: bytes) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    (folder / name).parent.mkdir(exist_ok=True)
    if old is not None:
        (folder / name).write_bytes(old)
    run = subprocess.run(TOOLS[tool], input=text, cwd=folder, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr + text


def test_equal_files_have_no_patch() -> None:
    assert file_patch("train.py", b"a\n", b"a\n") == b""


def test_a_review_gives_the_mended_file_and_the_tests(zombie: Review, tmp_path: Path) -> None:
    text = patch([at(zombie, tmp_path)]).decode()
    assert "--- a/train.py\n+++ b/train.py\n" in text
    assert "--- /dev/null\n+++ b/tests/test_train_modes.py\n" in text
    assert "\n+        model.train()\n" in text


def test_tests_that_are_there_already_are_compared_with_the_disk(clean: Review, tmp_path: Path) -> None:
    review = at(clean, tmp_path)
    assert review.suite is not None
    review.suite.path.parent.mkdir()
    review.suite.path.write_text(review.suite_text)
    assert patch([review]) == b""


def test_tests_outside_the_project_are_refused_with_a_sentence(zombie: Review, tmp_path: Path) -> None:
    review = at(zombie, tmp_path / "project")
    assert review.suite is not None
    outside = replace(review, suite=replace(review.suite, path=tmp_path / "test_train_modes.py"))
    with pytest.raises(InputError, match=r"outside the project .* Choose a --tests-dir inside"):
        patch([outside])


def at(review: Review, root: Path) -> Review:
    """The review, moved to a folder that exists."""
    assert review.suite is not None
    source = replace(review.source, path=root / "train.py", root=root)
    return replace(
        review, source=source, suite=replace(review.suite, path=root / "tests" / "test_train_modes.py")
    )
