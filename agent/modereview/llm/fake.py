"""A model for tests: it answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modereview.llm.protocol import Answer, Message, ModelError


class FakeModel:
    """Gives its answers in order; one that is a ModelError is raised. `prompts` records each question.

    Tokens are counted as words of question and answer, so that a test can reckon them.
    """

    def __init__(self, answers: Iterable[str | ModelError], name: str = "fake") -> None:
        self.name = name
        self.prompts: list[tuple[Message, ...]] = []
        self._answers = iter(answers)

    async def ask(self, messages: Sequence[Message]) -> Answer:
        """The next answer of the script. Raises ModelError where it holds one, or has come to its end."""
        self.prompts.append(tuple(messages))
        answer = next(
            self._answers, ModelError("The fake model was asked more often than its script foresees.")
        )
        if isinstance(answer, ModelError):
            raise answer
        words = sum(len(message.content.split()) for message in messages) + len(answer.split())
        return Answer(answer, tokens=words)
