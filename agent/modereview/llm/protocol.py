"""The one interface that the corridor knows of a language model: messages in, text and its price out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Answer:
    """What the model said. `tokens` counts prompt and answer; 0 where the endpoint does not tell."""

    text: str
    tokens: int = 0


class ModelError(Exception):
    """The model gave no answer. `str(error)` is a sentence for the user; it never holds a key.

    `lasting` tells whether the next question would meet the same: a refused key does, an answer that a
    content filter held back does not.
    """

    def __init__(self, sentence: str, *, lasting: bool = True) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class Model(Protocol):
    """Something that answers questions: a hosted model, a local one, or a script in a test."""

    @property
    def name(self) -> str:
        """The model's name, as the user gave it; tests that it writes carry it as their author."""
        ...

    async def ask(self, messages: Sequence[Message]) -> Answer:
        """Answer the conversation so far. Raises ModelError, and nothing else, when there is no answer."""
        ...
