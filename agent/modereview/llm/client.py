"""OpenAIModel: Chat Completions through the `openai` package, which most endpoints speak.

`openai` takes a third of a second to import, so that happens at the first question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from modereview.llm.masks import MASK
from modereview.llm.protocol import (
    Answer,
    Message,
    ModelError,
    NotSentError,
    Question,
    Spent,
    T,
    UnreadableError,
)

if TYPE_CHECKING:
    from openai import APIStatusError
    from openai.types.chat import ChatCompletionMessageParam

    from modereview.llm.forms import Form

HOSTED = "https://api.openai.com/v1"
# Servers on one's own machine want no key, but the client insists on one.
PLACEHOLDER = "not-needed"
LONGEST_WAIT = 120.0  # seconds that the client waits before it asks again, where an endpoint wants it to
_FORM_REFUSED = (400, 404, 415, 422, 500, 501)  # how endpoints say that they know no such form

_ABOUT_ONE_QUESTION = (400, 413, 422)  # too long, say: the next one may be taken


class OpenAIModel:
    """A model at an endpoint: OpenAI's unless `base_url` names another, where the key is optional.

    `timeout` is in seconds, for each attempt; `retries` are the client's own, which wait as the endpoint
    asks (Retry-After) and repeat 408, 409, 429, 5xx and lost connections. `temperature` is sent only if
    it is given, and only until an endpoint refuses it.
    """

    def __init__(
        self,
        name: str,
        *,
        key: str = "",
        base_url: str = "",
        timeout: float = 120.0,
        retries: int = 2,
        temperature: float | None = None,
    ) -> None:
        self.name = name
        self._key = key or (PLACEHOLDER if base_url else "")
        self._base_url = base_url or HOSTED
        self._timeout = timeout
        self._retries = retries
        self._temperature = temperature
        self._form: Form | None = None  # the one that this endpoint is known to take

    @property
    def host(self) -> str:
        """Where the code goes, without the credentials that an address may hold."""
        return urlsplit(self._base_url).netloc.rpartition("@")[2]

    @property
    def place(self) -> str:
        """What tells this endpoint from others, and its answers from theirs."""
        return f"{self.host}{urlsplit(self._base_url).path} at {self._temperature}"

    async def ask(self, question: Question[T]) -> Answer[T]:
        """Send the conversation. Raises ModelError with a sentence for whatever goes wrong."""
        self._check_settings()
        import openai

        from modereview.llm.failures import TooLongError, sentence

        try:
            # Whatever else keeps the client waiting ends here, but not what the endpoint asked it to wait.
            patience = self._timeout * (self._retries + 1) + LONGEST_WAIT * self._retries
            completion = await asyncio.wait_for(self._complete(question), patience)
        except asyncio.TimeoutError:
            raise ModelError(f"{self.host} did not answer in time; try again, or a smaller model.") from None
        except (openai.OpenAIError, OSError, ValueError, TypeError, RecursionError, TooLongError) as error:
            about_this_one = getattr(error, "status_code", 0) in _ABOUT_ONE_QUESTION
            raise ModelError(
                sentence(error, self.name, self.host, self._key), lasting=not about_this_one
            ) from error
        return self._read(completion, question)

    def _check_settings(self) -> None:
        if not _is_address(self._base_url):
            raise NotSentError(
                "OPENAI_BASE_URL is not an http or https address; it looks like http://localhost:11434/v1."
            )
        if not self._key:
            raise NotSentError(
                f"The model {self.name} needs a key: set OPENAI_API_KEY, "
                "or OPENAI_BASE_URL for a server of your own."
            )

    async def _complete(self, question: Question[T]) -> object:
        """A ChatCompletion if all is well, in the strictest form that the endpoint takes."""
        import openai

        from modereview.llm.forms import FORMS

        forms = list(FORMS if self._form is None else [self._form])
        while True:
            try:
                completion = await self._send(question, forms[0])
            except openai.APIStatusError as error:
                if self._temperature is not None and "temperature" in _words(error):
                    self._temperature = None  # reasoning models take none
                elif len(forms) > 1 and error.status_code in _FORM_REFUSED and _is_about_form(error):
                    del forms[0]
                else:
                    raise
                continue
            self._form = forms[0]
            return completion

    async def _send(self, question: Question[T], form: Form) -> object:
        from modereview.llm.connection import client
        from modereview.llm.forms import response_format, worded

        extra: dict[str, Any] = {}
        if (asked := response_format(question.shape, form)) is not None:
            extra["response_format"] = asked
        if self._temperature is not None:
            extra["temperature"] = self._temperature
        # A client for each question: its connections belong to one event loop, and each file of a
        # review may run its own. Opening one costs little beside the wait for a model.
        async with client(self._key, self._base_url, self._timeout, self._retries) as opened:
            return await opened.chat.completions.create(
                model=self.name, messages=_params(worded(question, form)), **extra
            )

    def _read(self, completion: object, question: Question[T]) -> Answer[T]:
        """Reads what came, trusting no field: gateways leave out what their models do not give."""
        from modereview.llm.shape import read

        choices = getattr(completion, "choices", None)
        if not isinstance(choices, list):
            raise ModelError(
                f"{self.host} did not answer as a Chat Completions endpoint does; "
                "check OPENAI_BASE_URL (it usually ends in /v1)."
            )
        spent = _spent(completion)
        text, ended = self._text(choices, spent)
        if self._key != PLACEHOLDER:
            text = text.replace(self._key, MASK)  # an endpoint that repeats it brings it into no file
        try:
            return Answer(read(text, question.shape, cut=ended == "length"), text, spent)
        except ValueError as error:
            reason = "it was cut at the length limit" if ended == "length" else str(error)
            raise UnreadableError(
                f"An answer of {self.name} could not be read: {reason}.", text, reason, spent
            ) from error

    def _text(self, choices: list[Any], spent: Spent) -> tuple[str, str]:
        """The text of the first choice, and why it ended. Raises ModelError where there is none."""
        choice = choices[0] if choices else None
        message, ended = getattr(choice, "message", None), str(getattr(choice, "finish_reason", ""))
        text = getattr(message, "content", None)
        if isinstance(text, str) and text.strip() and ended != "content_filter":
            return text, ended
        what = "gave an empty answer"
        if isinstance(getattr(message, "refusal", None), str):
            what = "declined to answer"
        elif ended == "content_filter":
            what = "had its answer held back by a content filter"
        elif getattr(message, "tool_calls", None):
            what = "called a tool that nobody offered instead of answering"
        elif ended == "length":
            what = "reached its length limit before it answered; give it more room, or another model"
        raise ModelError(f"The model {self.name} at {self.host} {what}.", lasting=False, spent=spent)


def _is_about_form(error: APIStatusError) -> bool:
    """A server error is one only if it says so; a 404 may just as well be the model's name."""
    if error.status_code in (400, 415, 422):
        return True
    return any(word in _words(error) for word in ("response_format", "json", "schema", "grammar"))


def _words(error: APIStatusError) -> str:
    return f"{error.message} {error.body}".lower()


def _spent(completion: object) -> Spent:
    usage = getattr(completion, "usage", None)
    counts = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    return Spent(*(count if isinstance(count, int) and count >= 0 else None for count in counts))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def _params(messages: Sequence[Message]) -> list[ChatCompletionMessageParam]:
    return [_param(message) for message in messages]


def _param(message: Message) -> ChatCompletionMessageParam:
    if message.role == "system":
        return {"role": "system", "content": message.content}
    if message.role == "assistant":
        return {"role": "assistant", "content": message.content}
    return {"role": "user", "content": message.content}
