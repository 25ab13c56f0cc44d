"""The agent loop: plan -> ask -> gate -> (repair) -> keep or drop.

A chain is one question and the gate that its answer must pass. The rooms plan chains; this file asks, hands
each answer to its gate, and sends back what failed, with the failure, a bounded number of times. Questions do
not wait for each other. Gates take turns in a thread of their own: there is one sandbox, and Python's parser
is not safe in two threads at once (3.11 raises SystemError).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from modereview.llm.meter import Failed
from modereview.llm.protocol import Question, T

K = TypeVar("K")

ROUNDS = 3  # what three repairs do not mend is not worth a fourth
SIDE_BY_SIDE = 8  # questions on their way at once; hosted endpoints begin to refuse more

# (what, reason) of something that a model proposed and that is not kept
Drop = tuple[str, str]
Ask = Callable[[Question[Any]], Awaitable[Any]]  # gives a value of the question's shape, or Failed


@dataclass(frozen=True)
class Judged(Generic[K]):
    """What a gate makes of one answer."""

    kept: tuple[K, ...] = ()
    dropped: tuple[Drop, ...] = ()
    again: tuple[Chain[K, Any], ...] = ()  # what failed and goes back with its failure


@dataclass(frozen=True)
class Chain(Generic[K, T]):
    """A question, the gate for its answer, and what is lost where no answer comes."""

    what: str  # what it is about: the name that a drop is reported under
    question: Question[T]
    gate: Callable[[T], Judged[K]]
    otherwise: str = ""  # why there was something to mend; "" for a first question

    def dropped(self, reason: str) -> Judged[K]:
        """Nothing came of it. A question that was only to help leaves nothing behind."""
        return Judged(dropped=((self.what, f"{self.otherwise}; {reason}" if self.otherwise else reason),))


Judge: TypeAlias = Callable[[Chain[K, Any], Any], Awaitable[Judged[K]]]


async def pursue(
    chains: Iterable[Chain[K, Any]], ask: Ask, rounds: int = ROUNDS, side_by_side: int = SIDE_BY_SIDE
) -> Judged[K]:
    """What comes of the chains in the end, in their order. Raises nothing that a model could cause."""
    # Both belong to one event loop; each call may run in its own.
    limit, turn = asyncio.Semaphore(side_by_side), asyncio.Lock()

    async def asked(question: Question[Any]) -> Any:
        async with limit:
            return await ask(question)

    async def judged(chain: Chain[K, Any], answer: Any) -> Judged[K]:
        async with turn:
            return await asyncio.to_thread(chain.gate, answer)

    return _together(await asyncio.gather(*(_one(chain, asked, judged, rounds) for chain in chains)))


async def _one(chain: Chain[K, Any], ask: Ask, judge: Judge[K], rounds: int) -> Judged[K]:
    answer = await ask(chain.question)
    if isinstance(answer, Failed):
        if answer.over and not chain.otherwise:
            return Judged()  # nothing was proposed
        if answer.again is None or not rounds:
            return chain.dropped(answer.reason)
        return await _one(replace(chain, question=answer.again), ask, judge, rounds - 1)
    judged = await judge(chain, answer)
    if not rounds:
        given_up = [c.dropped(f"given up after {ROUNDS} repairs") for c in judged.again]
        return _together([replace(judged, again=()), *given_up])
    mended = await asyncio.gather(*(_one(c, ask, judge, rounds - 1) for c in judged.again))
    return _together([replace(judged, again=()), *mended])


def _together(parts: Sequence[Judged[K]]) -> Judged[K]:
    return Judged(
        tuple(kept for part in parts for kept in part.kept),
        tuple(drop for part in parts for drop in part.dropped),
    )
