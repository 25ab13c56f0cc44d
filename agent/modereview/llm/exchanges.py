"""Exchanges with a model as files that a person can read: recorded once, replayed with no key and no network.

A file is Markdown: a front matter, then the messages and the answer, each under a comment that bears the hash
of the question. No message can hold that hash, so none can be taken for the answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modereview.llm.protocol import Answer, Model, ModelError, Question, T, UnrecordedError
from modereview.llm.shape import read

_FRONT = re.compile(r"---\n(?P<front>.*?)\n---\n", re.S)


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, as recorded."""

    model: str
    prompt: str
    subject: str
    turn: int  # how many messages went before
    key: str
    answer: str


def key_of(question: Question[T]) -> str:
    """The identity of a question: its messages and the shape of the answer, whatever model it goes to."""
    messages = [[message.role, message.content] for message in question.messages]
    text = json.dumps([messages, question.shape.model_json_schema()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Recorded:
    """A model whose exchanges are written to a folder."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.name = model.name
        self._model = model
        self._folder = folder

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The model's answer. Raises ModelError, also where the folder cannot be written."""
        answer = await self._model.ask(question)
        key = key_of(question)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{question.prompt}-{_file_name(question.subject)}-{key[:8]}.md"
            path.write_text(_written(question, answer, key, self.name), encoding="utf-8")
        except OSError as error:
            raise ModelError(f"{self._folder} cannot be written ({error.strerror}): see --record.") from error
        return answer


class Replayed:
    """What a model once said. A question that was never asked has no answer here, and that is said.

    Where the words of a question have changed since (another version of a template, or of the code), the
    answer to the same prompt about the same subject at the same turn stands in, and is marked as stale.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = tuple(_read_all(folder))
        self.name = next((exchange.model for exchange in self._known), "replay")

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The answer on record. Raises ModelError where there is none, or where it cannot be read."""
        found = self._find(question)
        if found is None:
            raise UnrecordedError(
                f"{self._folder} holds no answer to the question `{question.prompt}` about "
                f"{question.subject}; record it with --record."
            )
        stale = found.key != key_of(question)
        try:
            return Answer(read(found.answer, question.shape), found.answer, cached=True, stale=stale)
        except ValueError as error:
            raise ModelError(
                f"The answer to `{question.prompt}` about {question.subject} in {self._folder} "
                f"cannot be read: {error}.",
                lasting=False,
            ) from error

    def _find(self, question: Question[T]) -> Exchange | None:
        key = key_of(question)
        exact = next((e for e in self._known if e.key == key), None)
        if exact is not None:
            return exact
        return next((e for e in self._known if (e.prompt, e.subject, e.turn) == _place(question)), None)


def _place(question: Question[T]) -> tuple[str, str, int]:
    return question.prompt, question.subject, len(question.messages)


def _written(question: Question[T], answer: Answer[T], key: str, model: str) -> str:
    prompt, subject, turn = _place(question)
    front = {"model": model, "prompt": prompt, "subject": subject, "turn": turn, "key": key}
    parts = ["---", *(f"{name}: {value}" for name, value in front.items()), "---", ""]
    for message in question.messages:
        parts += [f"<!-- {key} {message.role} -->", message.content, ""]
    return "\n".join([*parts, f"<!-- {key} answer -->", answer.text, ""])


def _read_all(folder: Path) -> Iterator[Exchange]:
    """The exchanges of a folder; other files are passed over. Raises ModelError if it cannot be read."""
    try:
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))]
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} cannot be read: {error}.") from error
    for text in texts:
        match = _FRONT.match(text)
        front = (
            dict(line.split(": ", 1) for line in match["front"].splitlines() if ": " in line) if match else {}
        )
        _, found, answer = text.partition(f"<!-- {front.get('key')} answer -->\n")
        if found and {"model", "prompt", "subject", "turn"} <= front.keys():
            yield Exchange(
                front["model"],
                front["prompt"],
                front["subject"],
                int(front["turn"]),
                front["key"],
                answer.removesuffix("\n"),
            )


def _file_name(subject: str) -> str:
    return re.sub(r"\W+", "-", subject).strip("-").lower()[:60]
