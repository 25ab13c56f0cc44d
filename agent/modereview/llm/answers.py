"""The shapes of answers, one for each prompt. The front matter of a template names its shape.

Descriptions are part of what the model is told: endpoints that take a schema hand them on.
"""

from __future__ import annotations

import re

from pydantic import Field

from modereview.llm.shape import Shape

# A block that the length limit cut has no closing fence.
_PYTHON = re.compile(
    r"^ *(?P<fence>`{3,}|~{3,})[ \t]*(?:python|py|python3)?[ \t]*\n(?P<code>.*?)(?:^ *(?P=fence)|\Z)",
    re.M | re.S | re.I,
)


def python_blocks(text: str) -> tuple[str, ...]:
    """The code of the fenced Python blocks of a text."""
    return tuple(match["code"] for match in _PYTHON.finditer(text))


class NewTests(Shape):
    """New tests of one target."""

    tests: tuple[str, ...] = Field(
        description="each one pytest function, with the import lines that it needs"
    )

    @classmethod
    def from_plain(cls, text: str) -> NewTests | None:
        """The fenced Python blocks of an answer: what models without JSON give."""
        blocks = python_blocks(text)
        return cls(tests=blocks) if blocks else None


class Repair(Shape):
    """Another try at one test."""

    code: str = Field(description="the one function under its old name, with the import lines that it needs")

    @classmethod
    def from_plain(cls, text: str) -> Repair | None:
        """The fenced Python blocks of an answer."""
        blocks = python_blocks(text)
        return cls(code="\n".join(blocks)) if blocks else None


class NamedValue(Shape):
    """A value of a recipe."""

    name: str = Field(description="the name that the question asks for")
    code: str = Field(description="one Python expression; it may use the values before it")
    why: str = Field(description="where its sizes come from, in a few words")


class Recipe(Shape):
    """How to build and call a target."""

    values: tuple[NamedValue, ...] = Field(description="in order, each seeing those before it")
    watch: str = Field(description="the expression of the model whose forwards are observed")


class Edit(Shape):
    """One replacement of whole lines."""

    search: str = Field(description="whole lines as they stand in the code, enough of them to be found once")
    replace: str = Field(description="the lines that take their place")


class Fix(Shape):
    """A mend of one fault."""

    edits: tuple[Edit, ...]
    title: str = Field(description="what it does, in a few words: 'call `model.train()` before the loop'")


class Claim(Shape):
    """Something that a reviewer says of the code."""

    line: int = Field(description="the line of the file that it is about")
    contract: str = Field(description="the contract that would show it, by its id")
    claim: str = Field(description="what is wrong and why it matters, one sentence")


class Dispute(Shape):
    """A finding that a reviewer takes for wrong."""

    line: int
    rule: str = Field(description="the rule of the finding, as in MR102")
    why: str = Field(description="what makes it wrong, one sentence")


class ReviewNotes(Shape):
    """What a reader adds to an analysis."""

    missed: tuple[Claim, ...] = Field(description="mode and determinism faults that the findings do not name")
    wrong: tuple[Dispute, ...] = Field(description="findings that do not hold")


SHAPES: dict[str, type[Shape]] = {
    shape.__name__: shape for shape in (NewTests, Repair, Recipe, Fix, ReviewNotes)
}
