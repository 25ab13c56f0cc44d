"""The forms in which an endpoint can be asked for a shape, the strictest first, and what each adds."""

from __future__ import annotations

import json
from typing import Any, Literal

from modereview.llm.protocol import Message, Question, T
from modereview.llm.shape import Shape

Form = Literal["json_schema", "json_object", "text"]
FORMS: tuple[Form, ...] = ("json_schema", "json_object", "text")

_IN_JSON = "Answer with one JSON object, and nothing else, that fits this JSON schema:"
_IN_A_BLOCK = "Answer with one fenced block, ```json, that holds one object and fits this JSON schema:"


def response_format(shape: type[Shape], form: Form) -> dict[str, Any] | None:
    """What the request says of the form; None where it says nothing."""
    if form == "json_schema":
        described = {"name": shape.__name__, "strict": True, "schema": shape.model_json_schema()}
        return {"type": "json_schema", "json_schema": described}
    return {"type": "json_object"} if form == "json_object" else None


def worded(question: Question[T], form: Form) -> tuple[Message, ...]:
    """The messages. What the request cannot say of the shape, the system message says."""
    if form == "json_schema":
        return question.messages
    lead = _IN_JSON if form == "json_object" else _IN_A_BLOCK
    schema = json.dumps(question.shape.model_json_schema(), separators=(",", ":"))
    first, *rest = question.messages
    return (Message(first.role, f"{first.content}\n\n{lead}\n\n{schema}"), *rest)
