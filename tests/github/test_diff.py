"""The patch of a file, as GitHub gives it, becomes the lines a comment can stand at."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from modereview.github.diff import FileDiff, Hunk, hunks

TWO_HUNKS = """\
@@ -1,4 +1,5 @@ import torch
 import torch
-import os
+import sys
+import json

 def f():
@@ -20 +21,2 @@ def g():
-    return 1
+    return 2
+    # end
\\ No newline at end of file"""


def test_each_hunk_is_a_stretch_of_the_new_file_with_its_added_lines():
    assert hunks(TWO_HUNKS) == (Hunk(1, 5, frozenset({2, 3})), Hunk(21, 22, frozenset({21, 22})))


def test_a_comment_spans_lines_of_one_hunk_only():
    file = FileDiff("train.py", hunks=hunks(TWO_HUNKS))
    assert file.shows(1, 5)
    assert file.shows(21, 21)
    assert not file.shows(5, 6)
    assert not file.shows(5, 21)
    assert file.adds(3)
    assert not file.adds(4)


def test_a_hunk_that_only_removes_at_the_top_shows_no_line():
    assert hunks("@@ -1,2 +0,0 @@\n-a\n-b") == ()


def test_a_file_without_patch_shows_no_line():
    assert not FileDiff("big.py", complete=False).shows(1, 1)


def test_content_that_looks_like_a_header_is_content():
    patch = "@@ -1,2 +1,3 @@\n a\n+@@ -5 +900,50 @@\n b"
    assert [(h.first, h.last) for h in hunks(patch)] == [(1, 3)]


LINES = st.lists(
    st.sampled_from(["a", "b", "c", "", "@@ -1 +1 @@", "+x", "-y", "\\ z"]), min_size=1, max_size=30
)


@settings(max_examples=25, deadline=None)
@given(LINES, LINES)
def test_what_git_says_of_any_two_files_is_read_right(tmp_path_factory, old, new):
    folder = tmp_path_factory.mktemp("pair")
    before, after = _written(folder / "old", old), _written(folder / "new", new)
    command = ["git", "diff", "--no-index", "--no-color", str(before), str(after)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = hunks(shown[shown.find("\n@@") + 1 :] if "\n@@" in shown else "")

    kept = [line for n, line in enumerate(new, 1) if not any(n in hunk.added for hunk in found)]
    assert all(1 <= hunk.first <= hunk.last <= len(new) for hunk in found)
    assert len(new) - len(kept) == sum(len(hunk.added) for hunk in found)
    assert _is_subsequence(kept, old)


def _written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def _is_subsequence(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(line in rest for line in few)
