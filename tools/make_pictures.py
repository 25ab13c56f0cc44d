"""Makes the pictures of docs/github.md: a comment, the summary and the check of a real review.

A scratch repository gets a pull request that takes `model.train()` out of a training loop. `modereview
github` reviews it in full, the words that it would post are rendered by GitHub's own renderer of Markdown
with GitHub's style sheet, and a headless Chromium takes the pictures. The boxes around them are ours.

Usage: python tools/make_pictures.py NODE_MODULES    a folder that holds github-markdown-css
Needs chromium, bubblewrap, and the extra `dev`.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from modereview.cli import main as modereview
from modereview.github import check, checkout, event, handover, summary
from modereview.github.decide import concerning, decide
from modereview.github.decision import Decision
from modereview.github.diff import Diff
from modereview.github.seen import Seen
from modereview.github.told import Handover

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "github"))  # the scratch repository is the one of the tests

WIDTH = 820
DAY = "2026-01-01T00:00:00Z"  # of the commits: their ids, which the pictures show, stay the same
PAGE = """<!doctype html><meta charset="utf-8"><style>{css}
body {{ margin: 0; padding: 16px; width: {width}px; box-sizing: border-box; background: #fff }}
.box {{ border: 1px solid #d1d9e0; border-radius: 6px; font-family: sans-serif }}
.head {{ background: #f6f8fa; padding: 8px 16px; border-bottom: 1px solid #d1d9e0; font-size: 14px }}
.markdown-body {{ padding: 16px; font-size: 14px }}
.diff {{ font: 12px/20px monospace; white-space: pre; border: 1px solid #d1d9e0; border-radius: 6px }}
.diff div {{ padding: 0 12px }} .old {{ background: #ffebe9 }} .new {{ background: #dafbe1 }}
.note {{ border-left: 4px solid #cf222e; padding: 8px 12px; margin: 12px }}
.note {{ font-size: 13px; white-space: pre-wrap }}
</style><div class="box"><div class="head">{head}</div>{body}</div>
<script>document.title = document.documentElement.scrollHeight</script>"""


def main(node_modules: str) -> None:
    """Write docs/pictures/*.png."""
    css = (Path(node_modules) / "github-markdown-css" / "github-markdown-light.css").read_text()
    with tempfile.TemporaryDirectory() as folder:
        handed, diff, lines = _reviewed(Path(folder))
        decision = decide(handed, diff, Seen())
        for name, (head, body) in _pages(decision, handed, diff, lines).items():
            page = PAGE.format(css=css, width=WIDTH, head=head, body=body)
            _shoot(page, ROOT / "docs" / "pictures" / f"{name}.png", Path(folder))


def _reviewed(folder: Path) -> tuple[Handover, Diff, list[str]]:
    """The review of the pull request, and the lines of its file."""
    from stage.repository import CLEAN, Repository  # type: ignore[import-not-found]

    os.environ |= {"GIT_AUTHOR_DATE": DAY, "GIT_COMMITTER_DATE": DAY}
    repository = Repository(folder / "train")
    path = repository.pull_request(
        {"train.py": CLEAN}, {"train.py": CLEAN.replace("    model.train()\n", "")}
    )
    here = event.read(path)
    os.chdir(repository.folder)
    modereview(["github", "--event", str(path), "--handover", str(folder / "h.json"), "--fail-on", "never"])
    local = checkout.checkout(repository.folder, here.head, here.base)
    lines = (repository.folder / "train.py").read_text().split("\n")
    return handover.read(folder / "h.json"), local.diff(local.changed()), lines


def _pages(decision: Decision, handed: Handover, diff: Diff, lines: list[str]) -> dict[str, tuple[str, str]]:
    """Of each picture its head and its body."""
    (comment,) = decision.comments
    told = concerning(handed, diff)
    page = summary.page(handed, summary.tally(handed, told, ()))
    notes = "".join(_note(check.annotation(each)) for each in told)
    before = lines[comment.first - 1 : comment.last]
    return {
        "comment": (
            f"<b>github-actions</b> bot on <code>train.py</code>, line {comment.first}",
            _shown(comment.body, before),
        ),
        "summary": ("<b>github-actions</b> bot commented", _shown(decision.summary, [])),
        "check": (f"<b>{check.NAME}</b> / {check.title(told)}", _shown(page, []) + notes),
    }


def _note(note: Mapping[str, object]) -> str:
    """A note of the check, as it stands below the check's summary and beside the line."""
    where = f"Check {note['annotation_level']} on line {note['start_line']} in {note['path']}"
    text = html.escape(str(note["message"]))
    return f'<div class="note"><b>{where}</b>\n<b>{note["title"]}</b>\n{text}</div>'


def _shown(markdown: str, before: list[str]) -> str:
    """The page of a comment; a suggestion as the small diff that GitHub makes of it."""
    page = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    found = re.search(r'<pre lang="suggestion"><code>(.*?)\n</code></pre>', page, re.DOTALL)
    if found:
        old = "".join(f'<div class="old">- {html.escape(line)}</div>' for line in before)
        new = "".join(f'<div class="new">+ {line}</div>' for line in found[1].split("\n"))
        button = '<div class="head">Suggested change <span style="float:right">Commit suggestion</span></div>'
        page = page.replace(found[0], f'<div class="diff">{button}{old}{new}</div>')
    return f'<div class="markdown-body">{page}</div>'


def _shoot(page: str, picture: Path, folder: Path) -> None:
    """Two passes: the first tells how tall the page is."""
    source = folder / "page.html"
    source.write_text(page)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = [f"--window-size={WIDTH},200"]
    dom = subprocess.run(
        [*command, *size, "--dump-dom", str(source)], capture_output=True, text=True, check=True
    )
    found = re.search(r"<title>(\d+)</title>", dom.stdout)
    assert found, dom.stderr
    picture.parent.mkdir(exist_ok=True)
    size = [f"--window-size={WIDTH},{found[1]}", f"--screenshot={picture}"]
    subprocess.run([*command, *size, str(source)], capture_output=True, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
