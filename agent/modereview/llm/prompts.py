"""Prompt templates: Markdown files that a person can read and change.

A template starts with front matter between two `---` lines (`purpose`, `variables`, `answer`), then the
headings `# System` and `# User`, each followed by Jinja2 text. A variable that is missing fails loudly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined

import modereview
from modereview.llm.protocol import Message

# The headings split the template, never the rendered text: code of the user may hold such a line too.
_PARTS = re.compile(r"---\n(?P<front>.*?)\n---\n+# System\n(?P<system>.*?)\n# User\n(?P<user>.*)", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """A template: what it is for, what it is given, what shape of answer it expects."""

    name: str
    purpose: str
    variables: tuple[str, ...]
    answer: str
    system: str
    user: str

    def render(self, **values: object) -> tuple[Message, ...]:
        """The messages to send. Raises jinja2.UndefinedError for a variable that is not given."""
        system, user = (environment().from_string(part).render(values) for part in (self.system, self.user))
        return (Message("system", system.strip()), Message("user", user.strip()))


@cache
def load(name: str) -> Prompt:
    """The template `prompts/<name>.md`. Raises ValueError where the file has another form."""
    parts = _PARTS.fullmatch((folder() / f"{name}.md").read_text(encoding="utf-8"))
    if parts is None:
        raise ValueError(f"prompts/{name}.md needs front matter, then `# System`, then `# User`.")
    front = dict(line.split(": ", 1) for line in parts["front"].splitlines())
    variables = tuple(front["variables"].split(", "))
    return Prompt(name, front["purpose"], variables, front["answer"], parts["system"], parts["user"])


def folder() -> Path:
    """Where the templates are: in the package (a wheel), or beside `agent/` (a checkout)."""
    package = Path(modereview.__path__[0])
    shipped = package / "prompts"
    return shipped if shipped.is_dir() else package.parents[1] / "prompts"


def fenced(text: str, language: str = "python") -> str:
    """The text as a fenced block that its own backticks cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


@cache
def environment() -> Environment:
    """What the templates are read with: StrictUndefined, and the filter `fenced`."""
    made = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["fenced"] = fenced
    return made
