"""What an endpoint's failure means, in a sentence for the user: what, where, what to do next."""

from __future__ import annotations

import os

import openai

from modereview.llm.masks import MASK, masked

LONGEST_DETAIL = 160  # characters of the endpoint's own words; proxies send whole pages


class TooLongError(Exception):
    """A reply that is longer than any answer of ours."""


def sentence(error: Exception, model: str, host: str, key: str) -> str:
    """One sentence for anything that the client raises. `key` is masked, should the endpoint repeat it."""
    if isinstance(error, TooLongError) or isinstance(error.__cause__, TooLongError):
        return f"{host} sent more than any answer needs, and was cut off; check OPENAI_BASE_URL."
    if isinstance(error, openai.APITimeoutError):
        return f"{host} did not answer in time; try again, or a smaller model."
    if isinstance(error, openai.APIConnectionError):
        return f"{host} cannot be reached ({_cause(error)}); check OPENAI_BASE_URL and the network."
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, model, host) + _detail(error, key)
    return f"{host} sent no Chat Completions answer ({type(error).__name__}); check OPENAI_BASE_URL."


def _refusal(error: openai.APIStatusError, model: str, host: str) -> str:
    status = error.status_code
    if status == 401:
        return f"{host} refused the key (401); check OPENAI_API_KEY."
    if status == 403:
        return (
            f"{host} does not let this key use {model} (403); check the key's rights and the network's rules."
        )
    if status == 404:
        return (
            f"{host} knows no model {model}, or has another address (404); check --model and OPENAI_BASE_URL."
        )
    if status == 429:
        return f"{host} takes no more requests now (429); wait, or check the account's limits."
    if status >= 500:
        return f"{host} failed ({status}), also when asked again; try later."
    return f"{host} refused the request ({status}); check --model and OPENAI_BASE_URL."


def _cause(error: Exception) -> str:
    """The innermost reason in one line: "Connection refused", "certificate has expired"."""
    root: BaseException = error
    while root.__cause__ is not None or root.__context__ is not None:
        root = root.__cause__ or root.__context__ or root
    # asyncio words it "Connect call failed ('127.0.0.1', 9)".
    if isinstance(root, ConnectionError) and root.errno:
        return os.strerror(root.errno)
    return _one_line(str(root) or type(root).__name__)


def _detail(error: openai.APIStatusError, key: str) -> str:
    """The endpoint's own words, where it gave some as the protocol foresees."""
    message = error.body.get("message") if isinstance(error.body, dict) else None
    if not isinstance(message, str) or not message.strip():
        return ""
    return f' It says: "{_one_line(masked(message.replace(key or MASK, MASK)))}"'


def _one_line(text: str) -> str:
    """Printable characters only: what comes from outside must not steer a terminal."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= LONGEST_DETAIL else words[:LONGEST_DETAIL] + "..."
