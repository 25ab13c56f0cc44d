"""How long GitHub asks to wait.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

import httpx

from modereview.github.answers import object_of, objects

_SECONDARY = 60.0  # "wait for at least one minute" where GitHub does not say how long
# What it says of a limit. Comments that come too fast get a 422, as those at lines outside the diff do:
# https://github.com/cli/cli/issues/4801
_WORDS = ("rate limit", "abuse", "submitted too quickly")


def asked_to_wait(response: httpx.Response, now: float) -> float | None:
    """Seconds from `now`, in Unix time; None where the answer is about no limit."""
    if not _is_limit(response):
        return None
    after = response.headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(float(reset) - now, 0.0) + 1.0
    return _SECONDARY


def _is_limit(response: httpx.Response) -> bool:
    """A 429; a 403 or 422 that says so; of GraphQL a 200 whose errors say so."""
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return True
    if response.status_code == httpx.codes.FORBIDDEN:
        spent = response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers
        return spent or _speaks_of_one(response.text)
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return _speaks_of_one(_errors(response))
    return response.url.path.endswith("/graphql") and _speaks_of_one(_errors(response))


def _speaks_of_one(text: str) -> bool:
    return any(words in text.lower() for words in _WORDS)


def _errors(response: httpx.Response) -> str:
    """What a refusal complains of, without the text that was refused."""
    try:
        errors = objects(object_of(response.json()).get("errors"))
    except ValueError:
        return ""
    return " ".join(str(each.get(key, "")) for each in errors for key in ("type", "code", "message"))
