"""Answers that were paid for once, on disk: the same question to the same model is not sent again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from modereview.llm.protocol import Answer, Model, Question, T
from modereview.llm.shape import read

_VERSION = 1  # of what is stored


class Cached:
    """A model that remembers. `place` is where it answers, for equal names at two places are two models.

    A file holds an answer, under the hash of everything that it depends on; the question is not stored.
    """

    def __init__(self, model: Model, folder: Path, place: str) -> None:
        self.name = model.name
        self._model = model
        self._folder = folder
        self._place = place

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The answer that is known, or the model's. Raises ModelError."""
        path = self._folder / f"{self._key(question)}.json"
        known = _known(path, question)
        if known is not None:
            return known
        answer = await self._model.ask(question)
        _store(path, answer.text)
        return answer

    def _key(self, question: Question[T]) -> str:
        parts = {
            "version": _VERSION,
            "model": self.name,
            "place": self._place,
            "messages": [[message.role, message.content] for message in question.messages],
            "shape": question.shape.model_json_schema(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def user_cache() -> Path:
    """The folder of the user for what may be lost."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modereview" / "llm"


def _known(path: Path, question: Question[T]) -> Answer[T] | None:
    try:
        text = str(json.loads(path.read_text(encoding="utf-8"))["text"])
        return Answer(read(text, question.shape), text, cached=True)
    except (OSError, ValueError, KeyError, TypeError):  # not there, or damaged: as good as not there
        return None


def _store(path: Path, text: str) -> None:
    """A cache that cannot be written is no reason to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"text": text}), encoding="utf-8")
        fresh.replace(path)
