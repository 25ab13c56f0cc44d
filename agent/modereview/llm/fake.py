"""A model for tests: it answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from modereview.llm.protocol import Answer, Message, ModelError, Question, Spent, T, UnreadableError
from modereview.llm.shape import read
from modereview.llm.tokens import tokens, tokens_of

Line: TypeAlias = "str | ModelError"  # a text to answer with, or an error to raise


class FakeModel:
    """Gives its answers in order, or by the prompt's name; one that is a ModelError is raised.

    `prompts` records the messages of each question. `check` may assert on a question before it is answered.
    """

    def __init__(
        self,
        answers: Iterable[Line] | Mapping[str, Iterable[Line]],
        name: str = "fake",
        check: Callable[[Question], None] = lambda _: None,  # type: ignore[type-arg]  # of any shape
    ) -> None:
        self.name = name
        self.prompts: list[tuple[Message, ...]] = []
        self.asked: list[str] = []  # the names of the prompts
        by_name = answers if isinstance(answers, Mapping) else {"": answers}
        self._answers = {name: iter(lines) for name, lines in by_name.items()}
        self._check = check

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The next answer of the script. Raises ModelError where it holds one, or has come to its end."""
        self.prompts.append(question.messages)
        self.asked.append(question.prompt)
        self._check(question)
        script = self._answers.get(question.prompt, self._answers.get("", iter(())))
        line = next(script, ModelError("The fake model was asked more often than its script foresees."))
        if isinstance(line, ModelError):
            raise line
        spent = Spent(tokens_of(question.messages), tokens(line))
        try:
            return Answer(read(line, question.shape), line, spent)
        except ValueError as error:
            raise UnreadableError(f"It could not be read: {error}.", line, str(error), spent) from error
