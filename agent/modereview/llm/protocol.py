"""The one interface that the corridor knows of a language model: a question in, a value and its price out.

What keeps a budget, a cache or a record wraps a model and is one itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from modereview.llm.shape import Shape

T = TypeVar("T", bound="Shape")


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked, and the shape that the answer must have."""

    prompt: str  # the name of its template: "tests"
    subject: str  # what it is about, for people: "Net of train.py"
    messages: tuple[Message, ...]
    shape: type[T]

    def after(self, *turns: Message) -> Question[T]:
        """The same question, further on in its conversation."""
        return replace(self, messages=(*self.messages, *turns))


@dataclass(frozen=True)
class Spent:
    """Tokens of one exchange; None where the endpoint does not tell."""

    prompt: int | None = None
    answer: int | None = None


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What the model said: the value, and the text that it was read from."""

    value: T
    text: str
    spent: Spent = Spent()
    cached: bool = False  # it was known already: nothing was sent, nothing was paid
    stale: bool = False  # it was given to other words of the question


class ModelError(Exception):
    """The model gave no answer. `str(error)` is a sentence for the user; it never holds a key.

    `lasting` tells whether the next question would meet the same: a refused key does, an answer that a
    content filter held back does not. `spent` is what it cost all the same.
    """

    def __init__(self, sentence: str, *, lasting: bool = True, spent: Spent | None = None) -> None:
        super().__init__(sentence)
        self.lasting = lasting
        self.spent = spent


class UnreadableError(ModelError):
    """There is an answer without the shape that was asked for. It can be asked again, with `reason`."""

    def __init__(self, sentence: str, text: str, reason: str, spent: Spent | None = None) -> None:
        super().__init__(sentence, lasting=False, spent=spent)
        self.text = text
        self.reason = reason


class NotSentError(ModelError):
    """Nothing left the machine: no call was made."""


class UnrecordedError(NotSentError):
    """A replay holds no answer to the question: what was given does not fit, and the exit code says so."""


class Model(Protocol):
    """What answers questions: a hosted model, a local one, the record of one, or a script in a test."""

    @property
    def name(self) -> str:
        """The model's name, as the user gave it; tests that it writes carry it as their author."""
        ...

    async def ask(self, question: Question[T]) -> Answer[T]:
        """Answer the conversation so far. Raises ModelError, and nothing else, when there is no answer."""
        ...


def conversation(messages: Sequence[Message]) -> str:
    """The messages as one text, to be read, counted or hashed."""
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)
