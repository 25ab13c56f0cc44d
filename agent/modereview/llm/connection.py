"""The connection to an endpoint: the `openai` client, with bounds on what it reads, and for how long."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import openai

try:
    from httpx2 import AsyncByteStream, ReadTimeout, Response
except ImportError:  # older versions of the client build on its predecessor
    from httpx import AsyncByteStream, ReadTimeout, Response  # type: ignore[import-not-found, unused-ignore, no-redef, assignment]

from modereview.llm.failures import TooLongError

LONGEST = 8 * 2**20  # bytes of one reply; an answer of ours has some thousands


class _Bounded(AsyncByteStream):
    """A reply's bytes, up to limits: one that never ends must not fill the memory, nor drip for ever."""

    def __init__(self, stream: AsyncByteStream, seconds: float) -> None:
        self._stream = stream
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, end = 0, time.monotonic() + self._seconds
        async for chunk in self._stream:
            size += len(chunk)
            if size > LONGEST:
                raise TooLongError
            if time.monotonic() > end:  # the client's own limit is for each read
                raise ReadTimeout("the reply drips")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def client(key: str, base_url: str, timeout: float, retries: int) -> openai.AsyncOpenAI:
    """A client that asks for no compression (a small reply can unpack to a huge one). Close it after use."""

    async def bound(response: Response) -> None:
        if isinstance(response.stream, AsyncByteStream):
            response.stream = _Bounded(response.stream, timeout)

    return openai.AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        timeout=timeout,
        max_retries=retries,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultAsyncHttpxClient(
            base_url=base_url, timeout=timeout, event_hooks={"response": [bound]}
        ),
    )
