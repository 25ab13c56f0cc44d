"""A notebook's cell to plain Python: what IPython alone understands is taken out, line for line.

A `%` at the start of a line may as well be the rest of an expression or stand in a string. So only lines that
Python refuses are taken out, and only if they look like one of IPython's.
"""

from __future__ import annotations

import ast
import re
import warnings

from modereview.parse.text import NEWLINE

# Cells whose first line says how to run the Python below it; below any other `%%` stands something else.
_RUNS_PYTHON = {"capture", "prun", "time", "timeit"}
_CELL_MAGIC = re.compile(r"%%(\w+)")
_MAGIC = re.compile(
    r"\s*[%!?]"  # %matplotlib inline, !ls, ?print
    r"|.*\?\s*$"  # print?
    r"|\s*[\w., ]+=\s*[%!]"  # files = !ls
    r"|\s*(?:pip|conda|uv|cd|ls|cat|mkdir|rm|cp|mv|git|wget|unzip)\s"  # works without the sign, too
)
_TIMED = re.compile(r"(?P<indent>\s*)%time (?P<statement>.*)")
_ASSIGNED = re.compile(r"(?P<start>\s*[\w., ]+=\s*)[%!]")


def to_python(cell: str) -> str:
    """The cell with as many lines, each where it was. What is still no Python is for the parser to refuse."""
    lines = _shifted(NEWLINE.split(cell))
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic = _CELL_MAGIC.match(lines[first])
    if magic and magic[1] not in _RUNS_PYTHON:
        return "\n" * (len(lines) - 1)
    if magic:
        lines[first] = ""
    for _ in range(len(lines)):
        refused = _refused(lines)
        if refused is None or not _MAGIC.match(lines[refused]):
            break
        _take_out(lines, refused)
    return "\n".join(lines)


def _shifted(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first, as IPython runs a cell that was cut from a function."""
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return [line.removeprefix(indent) for line in lines]


def _refused(lines: list[str]) -> int | None:
    """The index of the first line that Python does not accept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except SyntaxError as error:
        return min(max(error.lineno or 1, 1), len(lines)) - 1
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _take_out(lines: list[str], index: int) -> None:
    """Put Python in the place of a magic and of the lines that a backslash adds to it."""
    last = index
    while lines[last].endswith("\\") and last + 1 < len(lines):
        last += 1
    lines[index : last + 1] = [_instead(lines[index]), *[""] * (last - index)]


def _instead(line: str) -> str:
    """Python that stands for a magic; a statement that is only timed stays, in its columns."""
    timed = _TIMED.match(line)
    if timed:
        kept = f"{timed['indent']}if 1: {timed['statement']}"
        if _refused([kept.strip()]) is None:
            return kept
    assigned = _ASSIGNED.match(line)
    if assigned:
        return f"{assigned['start']}get_ipython()"
    return f"{line[: len(line) - len(line.lstrip())]}pass"
