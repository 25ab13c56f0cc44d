"""What a report says of a language model: its remarks, what it cost, and what that bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from modereview.records import Remark, Review, Usage
from modereview.report.options import Options
from modereview.report.words import amount, listed, sentence


def remarks(review: Review, options: Options) -> list[str]:
    """Each remark as a note of the model's; with -v, what was dropped and why."""
    drops = _drops(review.usage) if options.verbose else []
    return [_remark(review, remark) for remark in review.remarks] + drops


def cost(reviews: Sequence[Review]) -> str:
    """Whether code left the machine, and what for: `model m (3 calls, 900 tokens; 1 test kept, ...)`."""
    used = [review.usage for review in reviews if review.usage.model]
    if not used:
        return "offline"
    names = listed(sorted({usage.model for usage in used}))
    return f"model {names} ({', '.join(_spent(used))}; {_bought(used)})"


def _drops(usage: Usage) -> list[str]:
    """Each thing dropped that is no test, with its reason; then how often each reason was met."""
    each = [f"Dropped: {what}: {sentence(why)}" for what, why in usage.reasons]
    counts = "; ".join(f"{count} times: {why}" if count > 1 else f"once: {why}" for why, count in usage.drops)
    return each + ([f"The model's drops, by reason: {counts}."] if counts else [])


def _remark(review: Review, remark: Remark) -> str:
    place = f"{review.source.name}:{review.source.label(remark.line)}"
    about = f"disputes {remark.disputes}" if remark.disputes else remark.contract
    return f"The model's note ({about}; not proved: {remark.reason}): {place}: {sentence(remark.text)}"


def _spent(used: Sequence[Usage]) -> list[str]:
    """The bill. A price that nobody gave is not guessed."""
    calls, cached = sum(usage.calls for usage in used), sum(usage.cached for usage in used)
    parts = [amount(calls, "call")] + ([f"{cached} from the cache"] if cached else [])
    parts.append(f"{sum(usage.tokens for usage in used)} tokens")
    costs = [usage.cost for usage in used if usage.cost is not None]
    return [*parts, f"${sum(costs):.4f}" if costs else "price unknown"]


def _bought(used: Sequence[Usage]) -> str:
    bought = Counter[str]()
    for usage in used:
        bought.update(recipe=usage.recipes, test=usage.kept, fix=usage.fixes, claim=usage.claims)
    parts = [_amount(bought[what], what) for what in ("recipe", "test", "fix", "claim") if bought[what]]
    dropped = sum(usage.dropped for usage in used)
    return f"{listed(parts) if parts else 'nothing'} kept, {dropped} dropped"


def _amount(count: int, what: str) -> str:
    return f"{count} fixes" if what == "fix" and count > 1 else amount(count, what)
