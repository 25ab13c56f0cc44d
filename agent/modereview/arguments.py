"""What each command accepts, and how its words become values."""

from __future__ import annotations

import os
import re
import sys
from argparse import (
    SUPPRESS,
    ArgumentParser,
    ArgumentTypeError,
    BooleanOptionalAction,
    RawDescriptionHelpFormatter,
)
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from modereview.errors import InputError
from modereview.report import formats

if TYPE_CHECKING:
    from modereview.settings import Settings

SUFFIXES = {".json": "json", ".sarif": "sarif", ".txt": "text"}

EXAMPLES = """\
commands:
  modereview undo [PATH]       bring back the files that the last review changed
  modereview rules             list the rules
  modereview explain MR101     what a rule is about, with examples
  modereview github            review a pull request, or post what a review found

examples:
  modereview train.py                      find, prove and mend mode faults; write tests
  modereview --static src/                 read only, run nothing
  modereview --diff train.py | git apply   look at it first, or let git take it
  modereview --check --format sarif . > modereview.sarif
  modereview --static --write-baseline known.json .   accept what is there, then --baseline known.json
  modereview - --stdin-filename train.py < train.py   what an editor holds (read only)

exit codes:
  0  no error or warning is left     2  wrong usage, or a file that cannot be reviewed
  1  some are left                   3  modereview itself failed

Settings also stand in [tool.modereview] of pyproject.toml (tests-dir = "tests") and in the environment
(MODEREVIEW_MODEL, MODEREVIEW_OFFLINE, MODEREVIEW_PYTHON, MODEREVIEW_TIMEOUT). No code leaves this
machine unless a model is named. A file called `rules` is reviewed as ./rules."""


class Parser(ArgumentParser):
    """An argument parser whose complaints are sentences like all others."""

    def error(self, message: str) -> NoReturn:
        """Raises InputError in place of printing and leaving."""
        raise InputError(f"{message}. `{self.prog} --help` shows what there is.")


def settings(words: Sequence[str]) -> Settings:
    """The settings of a review. Raises InputError; leaves by SystemExit(0) after --help and --version."""
    parser = _review_parser()
    given = vars(parser.parse_intermixed_args(words))
    if given.pop("version", False):
        _leave_with_version()
    if not given.get("paths"):
        parser.error("name a file or a folder, as in `modereview train.py`")
    _refuse_conflicts(given)
    return _checked(_loaded(given))


def undo(words: Sequence[str]) -> Path:
    """The folder or file whose project is meant."""
    parser = Parser(prog="modereview undo", description="Bring back the files that the last review changed.")
    parser.add_argument("path", nargs="?", default=".", help="a path in the project (default: here)")
    return Path.cwd() / str(parser.parse_args(words).path)


def rules(words: Sequence[str]) -> str:
    """The format to list the rules in."""
    parser = Parser(prog="modereview rules", description="List the rules.")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return str(parser.parse_args(words).format)


def explain(words: Sequence[str]) -> str:
    """The rule to explain."""
    parser = Parser(prog="modereview explain", description="What a rule is about, with examples.")
    parser.add_argument("rule", help="an id or a name: MR101, trains-in-eval-mode")
    return str(parser.parse_args(words).rule)


def _review_parser() -> Parser:
    """Options that are not given leave no trace, so that file and environment show through."""
    parser = Parser(
        prog="modereview",
        usage="modereview [options] PATH...",
        description="Find train()/eval() faults in PyTorch scripts, prove them with tests, mend them.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="scripts and notebooks; of folders all that import torch; - for standard input",
    )
    _add_what(parser)
    _add_output(parser)
    _add_how(parser)
    _add_model(parser)
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser


def _add_what(parser: Parser) -> None:
    group = parser.add_argument_group("what to do")
    group.add_argument(
        "--fix",
        action=BooleanOptionalAction,
        help="write fixes that are proved and safe (default), or tests only",
    )
    group.add_argument(
        "--unsafe-fixes", action="store_true", help="write proved fixes that change more, as well"
    )
    group.add_argument("--unproved", action="store_true", help="write fixes as well that no test could prove")
    group.add_argument("--static", action="store_true", help="read only, run nothing")
    group.add_argument(
        "--check", action="store_true", help="prove all, write nothing; exit 1 for findings and fixes"
    )
    group.add_argument(
        "--diff", action="store_true", help="as --check, and print the patch (report on stderr)"
    )
    group.add_argument("--select", metavar="RULES", type=_ids, action="extend", help="only these: MR101,MR2")
    group.add_argument("--ignore", metavar="RULES", type=_ids, action="extend", help="all but these")
    group.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        help="pass over these in folders, as .gitignore would; repeatable",
    )
    baseline = group.add_mutually_exclusive_group()
    baseline.add_argument("--baseline", metavar="FILE", help="tell only what this file does not know")
    baseline.add_argument("--write-baseline", metavar="FILE", help="write what is left there; exit 0 for it")
    group.add_argument("--stdin-filename", metavar="NAME", help="the name that standard input goes by")


def _add_output(parser: Parser) -> None:
    group = parser.add_argument_group("report")
    group.add_argument("--format", choices=formats(), help="of the report on stdout (default: text)")
    group.add_argument(
        "--output",
        dest="outputs",
        metavar="[FORMAT=]FILE",
        action="append",
        help="write a report to a file as well; repeatable; the format by default from its suffix",
    )
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="findings only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="list everything")


def _add_how(parser: Parser) -> None:
    group = parser.add_argument_group("how")
    group.add_argument(
        "--python", metavar="PATH", help="the interpreter with your packages (default: the active one)"
    )
    group.add_argument(
        "--sandbox",
        choices=("preferred", "required"),
        help="required: run nothing where bubblewrap does not work (default: preferred)",
    )
    group.add_argument(
        "--tests-dir", metavar="DIR", help="where tests go (default: tests/, else beside the script)"
    )
    group.add_argument(
        "--no-cache", dest="cache", action="store_false", help="with --static: forget earlier runs"
    )
    group.add_argument("--timeout", metavar="SECONDS", type=float, help="for one test (default: 20)")


def _add_model(parser: Parser) -> None:
    group = parser.add_argument_group("language model")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="let this language model help: it is sent your code (where: OPENAI_API_KEY, OPENAI_BASE_URL)",
    )
    group.add_argument("--offline", action="store_true", help="ask no language model, whatever names one")
    group.add_argument("--max-calls", metavar="N", type=_whole, help="ask it at most so often")
    group.add_argument("--max-tokens", metavar="N", type=_whole, help="of questions and answers together")
    group.add_argument("--max-cost", metavar="DOLLARS", type=_amount, help="by the prices in the settings")
    group.add_argument(
        "--show-prompts", action="store_true", help="print what it would be asked, send nothing"
    )
    group.add_argument("--record", metavar="DIR", help="keep what is asked and answered there")
    group.add_argument("--replay", metavar="DIR", help="take the answers from there: no key, no network")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text} is not a whole number")
    return int(text)


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"{text} is not an amount of US dollars")
    return value


def _ids(text: str) -> list[str]:
    return [word.upper() for word in re.split(r"[,\s]+", text) if word]


def _leave_with_version() -> NoReturn:
    from modereview import version

    print(f"modereview {version()}")
    raise SystemExit(0)


def _refuse_conflicts(given: Mapping[str, object]) -> None:
    """Raises InputError where one option takes back what another asks for."""
    if given.get("static") and given.get("diff"):
        raise InputError("--diff shows proved fixes and --static proves none. Leave one of them out.")
    standard_input = "-" in _strings(given["paths"])
    if standard_input and len(_strings(given["paths"])) > 1:
        raise InputError("- stands for standard input. Name no other path beside it.")
    if standard_input and given.get("diff"):
        raise InputError("--diff shows proved fixes, and standard input is only read. Name a file.")
    if given.get("stdin_filename") and not standard_input:
        raise InputError("--stdin-filename names what comes on standard input. Give - as the path.")
    if given.get("unsafe_fixes") and given.get("fix") is False:
        raise InputError("--no-fix and --unsafe-fixes contradict each other. Leave one of them out.")
    if given.get("unproved") and (given.get("fix") is False or given.get("static")):
        raise InputError("--unproved writes fixes, and --no-fix and --static write none. Leave one out.")
    if given.get("diff") and given.get("format", "text") != "text":
        raise InputError("With --diff stdout is the patch. Write the report with --output FORMAT=FILE.")
    if given.get("show_prompts") and (given.get("static") or given.get("replay") or given.get("diff")):
        raise InputError("--show-prompts prints questions and sends none. Leave the other option out.")
    if not 0 < float(str(given.get("timeout", 1))) < float("inf"):
        raise InputError("--timeout should be a number of seconds above 0.")


def _loaded(given: Mapping[str, object]) -> Settings:
    """The command line laid over environment and file; its paths start here."""
    from modereview.parse import find_root
    from modereview.settings import load

    here = Path.cwd()
    values = {key: value for key, value in given.items() if key != "stdin_filename"}
    for key in ("python", "tests_dir", "baseline", "write_baseline", "record", "replay"):
        if key in values:
            values[key] = here / str(values[key])
    paths = [here / path for path in _strings(given["paths"])]
    values["paths"] = tuple(paths)
    if _strings(given["paths"]) == ["-"]:
        paths = [here / str(given.get("stdin_filename", "<stdin>"))]
        values.update(paths=(), stdin=(paths[0], sys.stdin.buffer.read()))
    values["outputs"] = tuple(_output(text, here) for text in _strings(given.get("outputs", [])))
    for key in ("select", "ignore", "exclude"):
        if key in values:
            values[key] = tuple(_strings(values[key]))
    return load(values, os.environ, find_root(paths[0]), here)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _output(text: str, here: Path) -> tuple[str, Path]:
    """Format and file of an --output. A word before `=` is a format; a path with `=` in it stays a path."""
    name, equals, file = text.partition("=")
    if not equals or not name.isalnum():
        name, file = "", text
    path = here / file
    form = name or SUFFIXES.get(path.suffix, "text")
    if form not in formats():
        raise InputError(f"--output {text}: there is no format {form}. Known are {', '.join(formats())}.")
    if not file or path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--output {text}: {path} cannot be written. Name a file in a folder that exists.")
    return form, path


def _checked(settings: Settings) -> Settings:
    """Refuses formats and rules that there are none of; --diff keeps the report out of the patch's way."""
    if settings.format not in formats():
        raise InputError(f"There is no format {settings.format}. Known are {', '.join(formats())}.")
    by_path = [rule for _, rules in settings.per_file_ignores for rule in rules]
    for rule in (*settings.select, *settings.ignore, *by_path):
        _check_rule(rule)
    if settings.llm.record and not (settings.model or settings.llm.replay):
        raise InputError("--record keeps what a model says. Name one with --model.")
    if settings.llm.replay and not settings.llm.replay.is_dir():
        raise InputError(f"--replay {settings.llm.replay} is no folder. --record makes one.")
    _ = settings.known  # a baseline that cannot be read is told before the work begins
    return replace(settings, format="text") if settings.diff else settings


def _check_rule(wanted: str) -> None:
    from modereview.rules import rules

    known = [rule.id for rule in rules()]
    if not any(rule.startswith(wanted) for rule in known):
        near = get_close_matches(wanted, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else "`modereview rules` lists them."
        raise InputError(f"There is no rule {wanted}. {hint}")
