"""Prompt templates: Markdown files that a person can read and change.

A template starts with front matter between two `---` lines (`purpose`, `variables`, `answer`), then the
headings `# System` and `# User`, each followed by Jinja2 text. A variable that is missing fails loudly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError, meta

import modereview
from modereview.errors import InputError
from modereview.llm.answers import SHAPES
from modereview.llm.protocol import Message, Question, T
from modereview.llm.shape import Shape

# The headings split the template, never the rendered text: code of the user may hold such a line too.
_PARTS = re.compile(r"---\n(?P<front>.*?)\n---\n+# System\n(?P<system>.*?)\n# User\n(?P<user>.*)", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """A template: what it is for, what it is given, the shape of the answer that it expects."""

    name: str
    purpose: str
    variables: tuple[str, ...]
    answer: type[Shape]
    system: str
    user: str

    def render(self, **values: object) -> tuple[Message, ...]:
        """The messages to send. Raises jinja2.UndefinedError for a variable that is not given."""
        system, user = (environment().from_string(part).render(values) for part in (self.system, self.user))
        return (Message("system", system.strip()), Message("user", user.strip()))


@dataclass(frozen=True)
class Prompts:
    """The templates of a run: those of the user's own folder first."""

    own: Path | None = None

    def check(self) -> None:
        """Read all templates of the user's folder. Raises InputError for one that could not be used."""
        if self.own is None:
            return
        if not self.own.is_dir():
            raise InputError(f"prompts-dir {self.own} is no folder. Copy the templates of modereview there.")
        for path in sorted(self.own.glob("*.md")):
            if (folder() / path.name).is_file():
                _check(path)

    def question(self, name: str, subject: str, shape: type[T], **values: object) -> Question[T]:
        """A question by its template. `subject` says for people what it is about."""
        return Question(name, subject, self.load(name).render(**values), shape)

    def load(self, name: str) -> Prompt:
        """A template: the user's, if there is one of that name."""
        own = self.own / f"{name}.md" if self.own else None
        return _parsed(own) if own is not None and own.is_file() else load(name)


@cache
def load(name: str) -> Prompt:
    """The template `prompts/<name>.md` as we ship it. Raises ValueError where the file has another form."""
    return _parsed(folder() / f"{name}.md")


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


def unknown_variables(prompt: Prompt, given: tuple[str, ...]) -> set[str]:
    """Variables that a template reads and is not given."""
    tree = environment().parse(f"{prompt.system}\n{prompt.user}")
    return meta.find_undeclared_variables(tree) - set(given)


def _parsed(path: Path) -> Prompt:
    parts = _PARTS.fullmatch(path.read_text(encoding="utf-8"))
    if parts is None:
        raise ValueError(f"{path} needs front matter, then `# System`, then `# User`.")
    front = dict(line.partition(": ")[::2] for line in parts["front"].splitlines())
    missing = [key for key in ("purpose", "variables", "answer") if not front.get(key)]
    if missing or front["answer"] not in SHAPES:
        what = f"lacks `{missing[0]}`" if missing else f"has an `answer` that is none of {', '.join(SHAPES)}"
        raise ValueError(f"The front matter of {path} {what}.")
    variables = tuple(front["variables"].split(", "))
    return Prompt(
        path.stem, front["purpose"], variables, SHAPES[front["answer"]], parts["system"], parts["user"]
    )


def _check(path: Path) -> None:
    """Raises InputError where a template of the user's would fail once it is needed."""
    ours = load(path.stem)
    try:
        prompt = _parsed(path)
        strange = unknown_variables(prompt, ours.variables)
    except (ValueError, OSError, TemplateError) as error:
        raise InputError(f"The prompt {path} cannot be used: {error}") from error
    if strange:
        raise InputError(
            f"The prompt {path} reads `{min(strange)}`, which is not there. "
            f"It is given {', '.join(ours.variables)}."
        )
    if prompt.answer is not ours.answer:
        raise InputError(f"The prompt {path} must keep the answer {ours.answer.__name__}.")
