"""A model that is only shown its questions: what `--show-prompts` prints. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable

from modereview.llm.protocol import Answer, NotSentError, Question, T, conversation
from modereview.llm.tokens import tokens_of


class Shown:
    """Hands each question to `tell`, as text, and answers none."""

    name = "nobody"

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    async def ask(self, question: Question[T]) -> Answer[T]:
        """Raises NotSentError, always."""
        size = tokens_of(question.messages)
        form = question.shape.__name__
        head = f"=== {question.prompt}: {question.subject} (about {size} tokens, answer: {form})"
        self._tell(f"{head}\n\n{conversation(question.messages)}\n")
        raise NotSentError("The questions were only shown.", lasting=False)
