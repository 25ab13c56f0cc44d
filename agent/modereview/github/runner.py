"""What a job leaves on GitHub without any token: notes at lines, the job's summary, and its outputs.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from modereview.errors import InputError
from modereview.github.told import Told
from modereview.report.words import amount, printable, sentences

_OF_A_KIND = 10  # annotations of one kind that GitHub takes from a step; the others it drops without a word
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SUMMARY = 900_000  # bytes; GitHub refuses a step's summary of more than 1 MiB


def notes_at_lines(told: Sequence[Told]) -> list[str]:
    """Workflow commands, the gravest first, and a word on those that GitHub would drop."""
    shown: Counter[str] = Counter()
    lines = []
    for each in told:
        shown[each.severity] += 1
        if shown[each.severity] <= _OF_A_KIND - (each.severity == "note"):
            lines.append(_command(each))
    left_out = len(told) - len(lines)
    if left_out:
        word = f"{amount(left_out, 'finding')} more than GitHub annotates: the job's summary lists them."
        lines.append(f"::notice title=modereview::{_data(word)}")
    return lines


def summarize(page: str, environ: Mapping[str, str]) -> None:
    """Add a page to the job's summary, where there is one."""
    _append(environ.get("GITHUB_STEP_SUMMARY", ""), page.encode()[:_SUMMARY].decode(errors="ignore") + "\n")


def give(outputs: Mapping[str, int | Path], environ: Mapping[str, str]) -> None:
    """The step's outputs. They are numbers and paths that the workflow chose, never words of a stranger."""
    text = "".join(f"{name}={value}\n" for name, value in outputs.items() if "\n" not in str(value))
    _append(environ.get("GITHUB_OUTPUT", ""), text)


def log(say: Callable[[str], None]) -> Callable[[str], None]:
    """A way to print text of a stranger's, none of which the runner takes for a command."""

    def print_quoted(text: str) -> None:
        for line in text.split("\n"):
            shown = printable(line).replace("##[", "# #[")
            # The runner skips white space before "::" when it looks for a command.
            say(f"| {shown}" if shown.lstrip().startswith("::") else shown)

    return print_quoted


def _command(told: Told) -> str:
    place = {"file": told.path, "line": str(told.first), "endLine": str(max(told.first, told.last))}
    place["title"] = f"{told.rule} {told.name}"
    given = ",".join(f"{key}={_property(value)}" for key, value in place.items())
    chain = [f"line {step.line}: {step.text}" for step in told.evidence]
    text = "\n".join((*sentences(told.message), *chain, *sentences(*told.facts)))
    return f"::{_COMMANDS[told.severity]} {given}::{_data(text)}"


def _data(text: str) -> str:
    lines = (printable(line).replace("%", "%25").replace("##[", "# #[") for line in text.split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _append(path: str, text: str) -> None:
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
