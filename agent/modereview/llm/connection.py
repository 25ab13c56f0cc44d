"""The connection to an endpoint: the `openai` client, with a bound on what it reads."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai

try:
    from httpx2 import AsyncByteStream, Response
except ImportError:  # older versions of the client build on its predecessor
    from httpx import AsyncByteStream, Response  # type: ignore[import-not-found, unused-ignore, no-redef, assignment]

from modereview.llm.failures import TooLongError

LONGEST = 8 * 2**20  # bytes of one reply; an answer of ours has some thousands


class _Bounded(AsyncByteStream):
    """A reply's bytes, up to a limit: an endpoint that never ends must not fill the memory."""

    def __init__(self, stream: AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LONGEST:
                raise TooLongError
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: Response) -> None:
    if isinstance(response.stream, AsyncByteStream):
        response.stream = _Bounded(response.stream)


def client(key: str, base_url: str, timeout: float, retries: int) -> openai.AsyncOpenAI:
    """A client that asks for no compression (a small reply can unpack to a huge one). Close it after use."""
    return openai.AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        timeout=timeout,
        max_retries=retries,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultAsyncHttpxClient(
            base_url=base_url, timeout=timeout, event_hooks={"response": [_bound]}
        ),
    )
