"""What `modereview github` accepts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from modereview.arguments import Parser
from modereview.github.check import FailOn
from modereview.github.decide import CAP

EPILOG = """\
Two jobs (docs/github.md has the workflow to copy): the first reviews and holds no token that can write,
  modereview github --handover handover.json --sarif modereview.sarif
the second runs none of the pull request's code and speaks, with GITHUB_TOKEN:
  modereview github --post handover.json --code-scanning
On your own machine, in the repository, with an event as GitHub sends it:
  modereview github --event event.json --dry-run"""


@dataclass(frozen=True)
class Arguments:
    """One run of `modereview github`."""

    event: Path | None
    post: Path | None
    handover: Path | None
    sarif: Path | None
    report: Path | None
    tests: Path | None
    only: tuple[str, ...]
    python: Path | None
    static: bool
    offline: bool
    allow_unsandboxed: bool
    fail_on: FailOn
    comments: bool
    code_scanning: bool
    push_fixes: bool
    max_comments: int
    dry_run: bool


def parse(words: Sequence[str]) -> Arguments:
    """The arguments. Raises InputError; leaves by SystemExit(0) after --help."""
    parser = Parser(
        prog="modereview github",
        description="Review a pull request, or post what a review found.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_review(parser)
    _add_post(parser)
    given = vars(parser.parse_args(words))
    here = Path.cwd()
    for name in ("event", "post", "handover", "sarif", "report", "tests", "python"):
        given[name] = here / given[name] if given[name] else None
    event = os.environ.get("GITHUB_EVENT_PATH")
    given["event"] = given["event"] or (Path(event) if event else None)
    only = cast("list[str]", given["only"])
    given["only"] = tuple(word for text in only for word in text.split())
    if given["event"] is None:
        parser.error("there is no event: give --event FILE, or run on a runner that sets GITHUB_EVENT_PATH")
    return Arguments(**given)


def _add_review(parser: Parser) -> None:
    group = parser.add_argument_group("review")
    group.add_argument("--event", metavar="FILE", help="the event (default: what GITHUB_EVENT_PATH names)")
    group.add_argument("--handover", metavar="FILE", help="write here what the posting job needs")
    group.add_argument("--sarif", metavar="FILE", help="write a SARIF report")
    group.add_argument("--report", metavar="FILE", help="write the JSON report")
    group.add_argument("--tests", metavar="DIR", help="write the generated tests into this folder")
    group.add_argument(
        "--only",
        metavar="PATTERNS",
        action="append",
        default=[],
        help="keep to these paths, as in .gitignore",
    )
    group.add_argument("--python", metavar="PATH", help="the interpreter with the project's packages")
    group.add_argument("--static", action="store_true", help="read only, run nothing")
    group.add_argument("--offline", action="store_true", help="ask no language model")
    group.add_argument(
        "--allow-unsandboxed", action="store_true", help="run tests where bubblewrap does not work, too"
    )
    group.add_argument(
        "--fail-on",
        choices=("error", "warning", "never"),
        default="error",
        help="exit 1 for findings this grave that the change brings in or touches (default: error)",
    )


def _add_post(parser: Parser) -> None:
    group = parser.add_argument_group("post")
    group.add_argument("--post", metavar="HANDOVER", help="post what a review found; run nothing")
    group.add_argument("--no-comments", dest="comments", action="store_false", help="the check only")
    group.add_argument("--code-scanning", action="store_true", help="upload a SARIF report, too")
    group.add_argument(
        "--push-fixes", action="store_true", help="commit proved fixes and tests to the branch"
    )
    group.add_argument(
        "--max-comments", metavar="N", type=_count, default=CAP, help=f"at lines (default: {CAP})"
    )
    group.add_argument("--dry-run", action="store_true", help="print what would be posted, post nothing")


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("a number from 0 up")
    return int(text)
