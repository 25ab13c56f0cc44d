"""The one door to a model: masks what goes out, keeps to the budget, counts what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modereview.llm.masks import masked
from modereview.llm.protocol import (
    Answer,
    Message,
    Model,
    ModelError,
    NotSentError,
    Question,
    Spent,
    T,
    UnreadableError,
    UnrecordedError,
)
from modereview.llm.purse import Purse
from modereview.records import Usage


@dataclass(frozen=True)
class Failed:
    """No value came of a question: why, and the same question to ask again where that may help."""

    reason: str
    again: Question | None = None  # type: ignore[type-arg]  # of whatever shape it was
    over: bool = False  # nothing more is asked, and the bill says why


class Meter:
    """A model with the bill of one file. After a lasting failure nothing more is sent.

    Forty targets are not forty waits for a dead endpoint: why is said once, in the usage.
    """

    def __init__(self, model: Model, purse: Purse | None = None, secrets: tuple[str, ...] = ()) -> None:
        self._model = model
        self._purse = purse or Purse()
        self._secrets = secrets
        self._usage = Usage(model=model.name, cost=0.0 if self._purse.budget.prices else None)
        self._over = False

    @property
    def usage(self) -> Usage:
        """Calls, tokens and cost so far, and the first failure as a sentence."""
        return self._usage

    async def ask(self, question: Question[T]) -> T | Failed:
        """The value of the answer."""
        if self._over:
            return Failed("the model gave no answer any more", over=True)
        question = replace(question, messages=tuple(map(self._masked, question.messages)))
        try:
            answer = await self._paid(question)
        except UnreadableError as error:
            turns = Message("assistant", error.text), Message("user", _once_more(error.reason))
            return Failed(f"the answer could not be read: {error.reason}", question.after(*turns))
        except ModelError as error:
            self._over = self._over or error.lasting
            if not self._usage.error:
                missing = isinstance(error, UnrecordedError)
                self._usage = replace(self._usage, error=str(error), unrecorded=missing)
            return Failed("the model gave no answer", over=self._over)
        return answer.value

    async def _paid(self, question: Question[T]) -> Answer[T]:
        reserved = self._purse.reserve(question.messages)
        try:
            answer = await self._model.ask(question)
        except NotSentError:
            self._give_back(reserved)
            raise
        except ModelError as error:
            self._book(reserved, error.spent)
            raise
        except BaseException:  # cancelled: what it cost is not known, what was reckoned with stands
            self._book(reserved, reserved)
            raise
        if answer.cached:
            self._give_back(reserved)
            cached, stale = self._usage.cached + 1, self._usage.stale + answer.stale
            self._usage = replace(self._usage, cached=cached, stale=stale)
        else:
            self._book(reserved, answer.spent)
        return answer

    def _give_back(self, reserved: Spent) -> None:
        """No call was made for it."""
        self._purse.calls -= 1
        self._purse.settle(reserved, None)

    def _book(self, reserved: Spent, spent: Spent | None) -> None:
        known = self._purse.settle(reserved, spent)
        before = self._usage
        self._usage = replace(
            before,
            calls=before.calls + 1,
            tokens=before.tokens + (known.prompt or 0) + (known.answer or 0),
            cost=None if before.cost is None else before.cost + self._purse.price(known),
        )

    def _masked(self, message: Message) -> Message:
        return replace(message, content=masked(message.content, self._secrets))


def _once_more(reason: str) -> str:
    return f"Your answer could not be read: {reason}. Answer once more, in the form that was asked for."
