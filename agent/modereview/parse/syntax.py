"""Whether a text is Python that modereview reads; where it is not, a sentence that says why."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

from modereview.errors import InputError
from modereview.parse.depth import LIMIT, too_deep
from modereview.records import Source

# Matched against the parser's message and the line, as the wording differs between Python versions.
_PYTHON_2 = (
    ("print statement", re.compile(r"call to 'print'|^[^\n]*\n.*\bprint\s+[^\s=(.,:)\]]|\bprint\s*>>")),
    ("exec statement", re.compile(r"call to 'exec'")),
    (
        "`except X, name`",
        re.compile(r"\n\s*except\s+[\w.]+\s*,\s*\w+\s*:|\n\s*except\s*\(.*\)\s*,\s*\w+\s*:"),
    ),
    ("`raise X, message`", re.compile(r"\n\s*raise\s+[\w.]+\s*,")),
    ("`<>`", re.compile(r"\n[^#'\"]*<>")),
    ("an octal number such as 0755", re.compile(r"leading zeros in decimal integer")),
    ("a long number such as 1L", re.compile(r"\n.*\b\d+[lL]\b")),
)

# Asks libcst in a process of its own: on hostile input its parser crashes rather than raises.
_ASK_LIBCST = """
import sys, libcst
class Names(libcst.CSTVisitor):
    def on_visit(self, node):
        print(type(node).__name__)
        return True
libcst.parse_module(sys.stdin.buffer.read().decode()).visit(Names())
"""
_NEEDS = {
    "TemplatedString": "3.14",
    "TypeParameters": "3.12",
    "TypeAlias": "3.12",
    "TryStar": "3.11",
    "FormattedString": "3.12",  # equal quotes inside; last, as older Pythons know the plain form
}


def check_syntax(source: Source) -> None:
    """Parse the source (its tree is kept) and make sure that the tree can be walked.

    Raises:
        InputError: not Python 3, newer than this Python, or nested too deeply.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\\d"` is the user's business, and not on our stderr
            deep = too_deep(source.tree)
    except SyntaxError as error:
        raise InputError(_explain(source, error)) from None
    except (RecursionError, MemoryError):
        raise InputError(_nested(source.name)) from None
    except ValueError as error:
        raise InputError(f"{source.name} cannot be parsed: {error}.") from None
    if deep is not None:
        raise InputError(_nested(f"{source.name}:{source.label(getattr(deep, 'lineno', 1))}"))


def _nested(place: str) -> str:
    return f"{place} is nested more than {LIMIT} levels deep. Split it to have it reviewed."


def _explain(source: Source, error: SyntaxError) -> str:
    line = error.lineno or 1
    place = f"{source.name}:{source.label(line)}:{max(error.offset or 1, 1)}"
    if "too many nested" in error.msg:
        return _nested(place)
    text = source.lines[line - 1] if line <= len(source.lines) else ""
    old = next((what for what, pattern in _PYTHON_2 if pattern.search(f"{error.msg}\n{text}")), None)
    if old:
        return f"{place} is not Python 3 ({old}). 2to3 may help."
    newer = _newer_python(source.code)
    if newer:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"{place} needs Python {newer}, and modereview runs on {here}. Run it with the newer one."
    return f"{place} is not valid Python: {error.msg.rstrip('.?')}. Correct it and run the review again."


def _newer_python(code: str) -> str | None:
    """The Python whose syntax the code uses, where libcst accepts it; None where it does not."""
    try:
        # Elsewhere: where this runs, a `libcst.py` beside the code would be run in the place of libcst.
        answer = subprocess.run(
            [sys.executable, "-c", _ASK_LIBCST], input=code.encode(), capture_output=True, timeout=10, cwd="/"
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the plain syntax error is the better sentence then
    if answer.returncode != 0:
        return None
    kinds = set(answer.stdout.decode().split())
    return next((version for kind, version in _NEEDS.items() if kind in kinds), None)
