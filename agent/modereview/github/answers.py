"""What an answer of GitHub's says: its JSON, the data of a query, or a no with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import httpx

from modereview.errors import ToolError
from modereview.report.words import printable

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
Object: TypeAlias = Mapping[str, Json]

_FORBIDDEN, _UNPROCESSABLE = 403, 422
_REASON = 300  # characters of GitHub's own words


class Refused(Exception):  # the word for it in this room
    """GitHub understood and said no: `status` is a 4xx, `reason` its own words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


def accepted(response: httpx.Response) -> httpx.Response:
    """The same answer. Raises Refused for a 4xx."""
    if response.status_code >= httpx.codes.BAD_REQUEST:
        raise Refused(response.status_code, _reason(response))
    return response


def json_of(response: httpx.Response) -> Json:
    """What it holds; None where it is empty. Raises ToolError for what is no JSON."""
    if not response.content:
        return None
    try:
        answer: Json = response.json()
    except ValueError:
        raise ToolError(
            f"GitHub's answer to {response.request.method} is no JSON. Run the job again."
        ) from None
    return answer


def object_of(value: Json) -> Object:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def under(value: Json, key: str) -> Object:
    """The object at a key of an object; an empty one where there is none."""
    return object_of(object_of(value).get(key))


def objects(value: Json) -> list[Object]:
    """The objects of a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def number(value: Json) -> int:
    """A number; GraphQL sends those of 64 bits as text."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else 0


def data_of(response: httpx.Response) -> Object:
    """The data of a GraphQL answer, whose errors come with status 200. Raises Refused for them."""
    answer = object_of(json_of(response))
    errors = answer.get("errors")
    if errors:
        told = object_of(errors[0] if isinstance(errors, list) else None)
        status = _FORBIDDEN if told.get("type") == "FORBIDDEN" else _UNPROCESSABLE
        raise Refused(status, printable(str(told.get("message", "")))[:_REASON])
    return object_of(answer.get("data"))


def _reason(response: httpx.Response) -> str:
    try:
        answer = object_of(response.json())
    except ValueError:
        return response.reason_phrase
    details = answer.get("errors")
    return printable(f"{answer.get('message', '')} {details or ''}".strip())[:_REASON]
