"""The budget of a run: what may be spent on a model, and what has been. Shared by all files of a review."""

from __future__ import annotations

from dataclasses import dataclass, field

from modereview.llm.protocol import Message, ModelError, Spent
from modereview.llm.tokens import tokens_of

ANSWER_TOKENS = 1500  # what an answer is reckoned with before it is there; most have a third of that


@dataclass(frozen=True)
class Prices:
    """US dollars for a million tokens, from the user's settings: ours would be out of date soon."""

    input: float
    output: float

    def of(self, prompt: int, answer: int) -> float:
        """The price of an exchange."""
        return (prompt * self.input + answer * self.output) / 1e6


@dataclass(frozen=True)
class Budget:
    """Bounds of a run; None where there is none."""

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None  # US dollars
    prices: Prices | None = None  # must be given where `cost` is


@dataclass
class Purse:
    """What has been spent of a budget. A call is paid for, as far as can be told, before it is made."""

    budget: Budget = field(default_factory=Budget)
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def reserve(self, messages: tuple[Message, ...]) -> Spent:
        """Take out what a call is reckoned to need. Raises ModelError where that is not there any more."""
        likely = Spent(tokens_of(messages), ANSWER_TOKENS)
        self._check(self.calls + 1, self.budget.calls, "call", "--max-calls")
        self._check(self.tokens + _sum(likely), self.budget.tokens, "token", "--max-tokens")
        self._check(self.cost + self.price(likely), self.budget.cost, "US dollar", "--max-cost")
        self.calls += 1
        self._add(likely, 1)
        return likely

    def settle(self, reserved: Spent, spent: Spent | None) -> Spent:
        """Replace the reserve by what the call really took; None: it was refused and cost nothing.

        What an endpoint does not tell stays as it was reckoned.
        """
        self._add(reserved, -1)
        if spent is None:
            return Spent(0, 0)
        known = Spent(
            reserved.prompt if spent.prompt is None else spent.prompt,
            reserved.answer if spent.answer is None else spent.answer,
        )
        self._add(known, 1)
        return known

    def price(self, spent: Spent) -> float:
        """US dollars; 0 where the prices are unknown."""
        prices = self.budget.prices
        return prices.of(spent.prompt or 0, spent.answer or 0) if prices else 0.0

    def _add(self, spent: Spent, sign: int) -> None:
        self.tokens += sign * _sum(spent)
        self.cost += sign * self.price(spent)

    def _check(self, wanted: float, limit: float | None, what: str, option: str) -> None:
        if limit is not None and wanted > limit:
            budget = f"{limit:g} {what}" if limit == 1 else f"{limit:g} {what}s"
            raise ModelError(
                f"the budget of {budget} ({option}) does not allow another call; "
                "the review went on without the model."
            )


def _sum(spent: Spent) -> int:
    return (spent.prompt or 0) + (spent.answer or 0)
