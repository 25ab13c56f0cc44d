"""OpenAIModel: Chat Completions through the `openai` package, which most endpoints speak.

`openai` takes half a second to import, so that happens at the first question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from modereview.llm.protocol import Answer, Message, ModelError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

HOSTED = "https://api.openai.com/v1"
# Servers on one's own machine want no key, but the client insists on one.
PLACEHOLDER = "not-needed"


class OpenAIModel:
    """A model at an endpoint: OpenAI's unless `base_url` names another, where the key is optional.

    `timeout` is in seconds, for each attempt; `retries` are the client's own, which wait as the endpoint
    asks (Retry-After) and repeat 408, 409, 429, 5xx and lost connections.
    """

    def __init__(
        self, name: str, *, key: str = "", base_url: str = "", timeout: float = 120.0, retries: int = 2
    ) -> None:
        self.name = name
        self._key = key or (PLACEHOLDER if base_url else "")
        self._base_url = base_url or HOSTED
        self._timeout = timeout
        self._retries = retries

    @property
    def host(self) -> str:
        """Where the code goes, without the credentials that an address may hold."""
        return urlsplit(self._base_url).netloc.rpartition("@")[2]

    async def ask(self, messages: Sequence[Message]) -> Answer:
        """Send the conversation. Raises ModelError with a sentence for whatever goes wrong."""
        self._check_settings()
        import openai

        from modereview.llm.failures import sentence

        try:
            completion = await self._complete(messages)
        except (openai.OpenAIError, OSError, ValueError, TypeError) as error:
            raise ModelError(sentence(error, self.name, self.host, self._key)) from error
        return self._answer(completion)

    def _check_settings(self) -> None:
        if not _is_address(self._base_url):
            raise ModelError(
                "OPENAI_BASE_URL is not an http or https address; it looks like http://localhost:11434/v1."
            )
        if not self._key:
            raise ModelError(
                f"The model {self.name} needs a key: set OPENAI_API_KEY, "
                "or OPENAI_BASE_URL for a server of your own."
            )

    async def _complete(self, messages: Sequence[Message]) -> object:
        """A ChatCompletion if all is well; the client hands through whatever else the endpoint says."""
        import openai

        # A client for each question: its connections belong to one event loop, and each file of a
        # review may run its own. Opening one costs nothing beside the wait for a model.
        async with openai.AsyncOpenAI(
            api_key=self._key, base_url=self._base_url, timeout=self._timeout, max_retries=self._retries
        ) as client:
            return await client.chat.completions.create(
                model=self.name, messages=[_param(message) for message in messages]
            )

    def _answer(self, completion: object) -> Answer:
        """Reads what came, trusting no field: gateways leave out what their models do not give."""
        choices = getattr(completion, "choices", None)
        if not isinstance(choices, list):
            raise ModelError(
                f"{self.host} did not answer as a Chat Completions endpoint does; "
                "check OPENAI_BASE_URL (it usually ends in /v1)."
            )
        message = getattr(choices[0], "message", None) if choices else None
        text = getattr(message, "content", None)
        if not isinstance(text, str) or not text.strip():
            raise ModelError(f"The model {self.name} at {self.host} gave an empty answer.", lasting=False)
        tokens = getattr(getattr(completion, "usage", None), "total_tokens", None)
        return Answer(text, tokens=tokens if isinstance(tokens, int) else 0)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def _param(message: Message) -> ChatCompletionMessageParam:
    if message.role == "system":
        return {"role": "system", "content": message.content}
    if message.role == "assistant":
        return {"role": "assistant", "content": message.content}
    return {"role": "user", "content": message.content}
