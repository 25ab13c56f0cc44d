"""The command line: turns arguments into Settings, calls the corridor, prints what it says.

Everything heavy is imported where it is used, so that `--version` and `--help` answer at once.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from modereview import arguments
from modereview.errors import InputError, ToolError
from modereview.report.tally import BAD_INPUT, CLEAN, FOUND, STOPPED, TOOL_FAILED, exit_code

if TYPE_CHECKING:
    from modereview.records import Review
    from modereview.report import Options
    from modereview.report.progress import Progress
    from modereview.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Whatever goes wrong is one sentence on stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except ToolError as error:
        return _say(str(error), TOOL_FAILED)
    except KeyboardInterrupt:
        return _say("stopped. No file is half written.", STOPPED)
    except Exception as error:  # the one place where a fault of ours ends
        if "-v" in words or "--verbose" in words:
            traceback.print_exc()
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        return _say(f"failed: {told}. This is our bug, please report it (-v shows where).", TOOL_FAILED)


def _say(text: str, code: int) -> int:
    from modereview.report.words import printable

    # GitHub's runner obeys `##[...]` wherever in a line it stands, and the text may quote a stranger's.
    _emit(printable(f"modereview: {text}").replace("##[", "# #[") + "\n", sys.stderr)
    return code


def _emit(text: str | bytes, stream: TextIO) -> None:
    """Write to a stream of ours, quietly when its reader has left: `modereview ... | head` is no fault."""
    try:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        if isinstance(text, bytes):
            stream.buffer.write(text)
        else:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # Python flushes once more at exit; give it something that takes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(words: list[str]) -> int:
    commands = {"undo": _undo, "rules": _rules, "explain": _explain, "github": _github}
    if words and words[0] in commands:
        return commands[words[0]](words[1:])
    return _review(arguments.settings(words))


def _undo(words: list[str]) -> int:
    from modereview.journal import undo
    from modereview.parse import find_root
    from modereview.report.words import printable

    root = find_root(arguments.undo(words))
    done = undo(root)
    told = [f"Taken back: {_within(path, root)}" for path in done.back]
    told += [f"Kept, as it was edited since: {_within(path, root)}" for path in done.kept]
    told = told or ["Nothing to take back: the files are as before the review."]
    _emit("".join(printable(line) + "\n" for line in told), sys.stdout)
    return CLEAN


def _within(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _rules(words: list[str]) -> int:
    from modereview.report import catalogue
    from modereview.rules import rules

    show = catalogue.as_json if arguments.rules(words) == "json" else catalogue.table
    _emit(show(rules()), sys.stdout)
    return CLEAN


def _explain(words: list[str]) -> int:
    from modereview.report import catalogue
    from modereview.rules import rules

    _emit(catalogue.page(catalogue.find(rules(), arguments.explain(words))), sys.stdout)
    return CLEAN


def _github(words: list[str]) -> int:
    try:
        from modereview.github.command import run
    except ModuleNotFoundError as error:
        if error.name not in ("httpx", "pydantic"):
            raise
        raise ToolError("The bot needs more: pip install 'modereview[github]'.") from None
    return run(words, lambda text: _emit(f"{text}\n", sys.stdout))


def _review(settings: Settings) -> int:
    """Review what can be read, say what cannot, report."""
    from modereview.report.progress import Progress, is_terminal

    began = time.monotonic()
    with Progress(sys.stderr, shown=is_terminal(sys.stderr) and not settings.quiet) as progress:
        reviews, refused = _reviews(settings, progress)
    refused = (*refused, *_unwritten(reviews), *_unrecorded(reviews))
    for sentence in refused:
        _say(sentence, BAD_INPUT)
    if settings.llm.show:
        return exit_code((), refused)
    _report(settings, reviews, refused, time.monotonic() - began)
    code = exit_code(reviews, refused)
    return CLEAN if settings.write_baseline and code == FOUND else code


def _reviews(settings: Settings, progress: Progress) -> tuple[tuple[Review, ...], tuple[str, ...]]:
    """A review of each file that can be read, and a sentence for each that cannot."""
    if settings.static and not settings.stdin:
        from modereview.scan import scan

        return scan(settings, progress)
    from modereview.inputs import readable

    settings, refused = readable(settings)
    if not (settings.paths or settings.stdin):
        return (), refused
    from modereview.review import review_all

    return review_all(settings, progress), refused


def _unwritten(reviews: tuple[Review, ...]) -> tuple[str, ...]:
    """Why files were not written, each reason once: it holds for all files of a project."""
    return tuple(dict.fromkeys(review.not_written for review in reviews if review.not_written))


def _unrecorded(reviews: tuple[Review, ...]) -> tuple[str, ...]:
    """What a replay held no answer to: it was given, like the files, and it does not fit them."""
    return tuple(review.usage.error for review in reviews if review.usage.unrecorded)


def _report(
    settings: Settings, reviews: tuple[Review, ...], refused: tuple[str, ...], seconds: float
) -> None:
    """Files first, so that a closed pipe loses none. With --diff stdout is the patch alone."""
    from modereview import baseline
    from modereview.report import render
    from modereview.report.words import amount

    if settings.write_baseline:
        _write(settings.write_baseline, baseline.render(reviews))
    for name, path in settings.outputs:
        _write(path, render(name, reviews, _options(settings, refused, seconds)))
    if settings.diff:
        from modereview.report.diff import patch

        _emit(patch(reviews), sys.stdout)
    _emit(
        render(settings.format, reviews, _options(settings, refused, seconds, screen=True)), _screen(settings)
    )
    if settings.write_baseline and not settings.quiet:
        where = _within(settings.write_baseline, Path.cwd())
        count = amount(len(baseline.left(reviews)), "finding")
        _say(f"{where} holds {count} for --baseline to pass over.", CLEAN)


def _screen(settings: Settings) -> TextIO:
    """Where the report goes that a person reads."""
    return sys.stderr if settings.diff else sys.stdout


def _options(settings: Settings, refused: tuple[str, ...], seconds: float, screen: bool = False) -> Options:
    """How to render: on a screen with its colours and width, in a file without."""
    import shutil

    from modereview.report import Options
    from modereview.report.progress import is_terminal, wants_color

    stream = _screen(settings)
    on_terminal = screen and is_terminal(stream)
    gutter = 12  # a deep line number and its bars
    width = max(shutil.get_terminal_size().columns - gutter, 40) if on_terminal else Options.width
    return Options(
        color=screen and wants_color(stream),
        width=width,
        quiet=settings.quiet,
        verbose=settings.verbose,
        writes=settings.writes,
        refused=refused,
        seconds=seconds,
        base=_base(),
    )


def _base() -> Path:
    """The checkout on a runner of GitHub, else the repository of this folder, else the folder."""
    here = Path.cwd()
    known = os.environ.get("GITHUB_WORKSPACE")
    repositories = (folder for folder in (here, *here.parents) if (folder / ".git").exists())
    return Path(known).resolve() if known else next(repositories, here)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(f"The report {path} cannot be written: {error.strerror}.") from error
