"""What an answer must look like, and how it is read out of what a model really sends.

Models wrap JSON in prose, in fences and in thoughts; servers forget what form was asked for. Reading is
lenient about the wrapping and strict about the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.S | re.I)
_FENCED = re.compile(r"^ *(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<text>.*?)(?:^ *(?P=fence)|\Z)", re.M | re.S)
LONGEST = 200_000  # characters; an answer of that length is no answer to a question of ours


class Shape(BaseModel):
    """The base of all answers. Every field is required, so that strict endpoints take the schema."""

    model_config = ConfigDict(extra="ignore", frozen=True, json_schema_extra={"additionalProperties": False})

    @classmethod
    def from_plain(cls, text: str) -> Shape | None:
        """The value of an answer that holds no JSON, where the shape foresees one."""
        return None


S = TypeVar("S", bound=Shape)


def read(text: str, shape: type[S], cut: bool = False) -> S:
    """The value in an answer. Of one that the length limit cut, whatever is complete counts.

    Raises ValueError with the reason in words.
    """
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST:,} characters")
    plain = _THOUGHTS.sub("", text).strip()
    reasons: list[str] = []
    for candidate in _candidates(plain):
        try:
            return shape.model_validate(from_json(candidate, allow_partial=cut))
        except ValidationError as error:
            reasons.append(_in_words(error))
        except ValueError as error:
            reasons.append(f"it is not JSON ({str(error).partition(' at ')[0]})")
    value = shape.from_plain(plain)
    if isinstance(value, shape):
        return value
    raise ValueError(_best(reasons) if plain else "it is empty")


def _candidates(text: str) -> Iterator[str]:
    """What may be the JSON: the whole text, a fenced block, what stands between the outermost braces."""
    if text.startswith("{"):
        yield text
    yield from (match["text"] for match in _FENCED.finditer(text) if match["text"].lstrip().startswith("{"))
    start, end = text.find("{"), text.rfind("}")
    if start > 0:
        yield text[start : end + 1] if end > start else text[start:]


def _in_words(error: ValidationError) -> str:
    """The first two complaints of pydantic, each with the place it is about."""
    found = [f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg'].lower()}" for e in error.errors()]
    return "; ".join(found[:2])


def _best(reasons: list[str]) -> str:
    """A complaint about the value tells more than one that a piece is not JSON."""
    about_values = [reason for reason in reasons if not reason.startswith("it is not JSON")]
    return (about_values or reasons or ["it holds no JSON"])[0]
