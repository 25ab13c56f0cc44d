"""Asks a model several questions side by side and counts what that took."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from modereview.llm.protocol import Message, Model, ModelError
from modereview.records import Usage

SIDE_BY_SIDE = 4  # local servers queue what is beyond, hosted ones begin to refuse it


class Meter:
    """A model with its bill. A question without an answer gives None; why is said once, in the usage.

    After a lasting failure nothing more is sent: forty targets are not forty waits for a dead endpoint.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._calls = 0
        self._tokens = 0
        self._error = ""
        self._over = False

    @property
    def usage(self) -> Usage:
        """Calls and tokens so far, and the first failure as a sentence."""
        return Usage(model=self._model.name, calls=self._calls, tokens=self._tokens, error=self._error)

    async def ask_all(self, questions: Sequence[Sequence[Message]]) -> list[str | None]:
        """The answers in the order of the questions."""
        # A semaphore belongs to one event loop; each call may run in its own.
        limit = asyncio.Semaphore(SIDE_BY_SIDE)
        return list(await asyncio.gather(*(self._ask(question, limit) for question in questions)))

    async def _ask(self, question: Sequence[Message], limit: asyncio.Semaphore) -> str | None:
        async with limit:
            if self._over:
                return None
            self._calls += 1
            try:
                answer = await self._model.ask(question)
            except ModelError as error:
                self._error = self._error or str(error)
                self._over = self._over or error.lasting
                return None
            self._tokens += answer.tokens
            return answer.text
