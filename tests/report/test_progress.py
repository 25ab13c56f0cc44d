"""The progress line, and when there is none."""

from __future__ import annotations

from io import StringIO

import pytest
from modereview.report.progress import Progress, is_terminal, wants_color


class Terminal(StringIO):
    """A stream that says a person watches."""

    def isatty(self) -> bool:
        return True


def test_a_step_replaces_the_one_before_and_the_last_is_wiped() -> None:
    stream = Terminal()
    with Progress(stream, shown=True) as progress:
        progress("reading")
        progress("running\n\x1b[31m")
    assert stream.getvalue() == "\r\x1b[2Kreading\r\x1b[2Krunning\\n\\x1b[31m\r\x1b[2K"


def test_a_step_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    with Progress(stream, shown=True) as progress:
        progress("x" * 100)
    assert len(stream.getvalue().split("\r\x1b[2K")[1]) < 20


def test_nothing_is_written_where_it_is_not_shown() -> None:
    stream = StringIO()
    with Progress(stream, shown=False) as progress:
        progress("reading")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("environ", "terminal", "color"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], terminal: bool, color: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert (is_terminal(Terminal()), wants_color(Terminal())) == (terminal, color)
    assert not is_terminal(StringIO()) and not wants_color(StringIO())
