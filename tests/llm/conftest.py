"""Questions with a small shape, for tests of what carries them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.llm import Message, Question
from modereview.llm.shape import Shape


class Verdict(Shape):
    """An answer of two fields."""

    word: str
    reasons: tuple[str, ...]


def made(text: str = "Ready?", prompt: str = "tests", subject: str = "Net of train.py") -> Question[Verdict]:
    return Question(prompt, subject, (Message("system", "Be brief."), Message("user", text)), Verdict)


@pytest.fixture
def question() -> Callable[..., Question[Verdict]]:
    return made


@pytest.fixture
def shape() -> type[Verdict]:
    return Verdict
