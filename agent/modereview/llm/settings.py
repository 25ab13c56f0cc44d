"""The table [tool.modereview.llm] and its options of the command line -> Options.

There is no key for an API key and none for an address: a project that one reviews must not say where one's
key and code are sent. Both come from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from modereview import wanted
from modereview.errors import InputError
from modereview.llm import Budget, Options, Prices
from modereview.wanted import Reader, WrongError

COMMAND_LINE = ("max_calls", "max_tokens", "max_cost", "record", "replay", "show_prompts")


def table(value: object, base: Path) -> dict[str, object]:
    """The values of the table, checked, by field name. `base` is the folder of its pyproject.toml."""
    where = f"{base / 'pyproject.toml'}: [tool.modereview.llm]"
    if not isinstance(value, dict):
        raise InputError(f"{where} should be a table.")
    return {key.replace("-", "_"): _read(where, key, item, base) for key, item in value.items()}


def options(found: Mapping[str, object]) -> Options:
    """The options of a run. Raises InputError for a bound on the cost where no prices are known."""
    known: dict[str, Any] = dict(found)
    if known.get("max_cost") is not None and known.get("prices") is None:
        raise InputError(
            "--max-cost needs the prices of the model, in US dollars for a million tokens: "
            "[tool.modereview.llm] prices = { input = 0.15, output = 0.60 }."
        )
    budget = Budget(
        known.get("max_calls"), known.get("max_tokens"), known.get("max_cost"), known.get("prices")
    )
    renamed = {"concurrency": "side_by_side", "show_prompts": "show"}
    plain = {renamed.get(key, key): value for key, value in known.items() if key not in _NOT_PLAIN}
    return Options(budget=budget, **plain)


def _read(where: str, key: str, value: object, base: Path) -> object:
    if key not in KEYS:
        near = get_close_matches(key, KEYS, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(KEYS)}."
        raise InputError(f"{where} has no key `{key}`. {hint}")
    try:
        return KEYS[key](value, base)
    except WrongError as error:
        raise InputError(f"{where} `{key}` should be {error}, not {value!r}.") from None


def _prices(value: object, base: Path) -> Prices:
    if isinstance(value, dict) and set(value) == {"input", "output"}:
        return Prices(wanted.number(value["input"], base), wanted.number(value["output"], base))
    raise WrongError("two prices for a million tokens, as in { input = 0.15, output = 0.60 }")


KEYS: Mapping[str, Reader] = {
    "model": wanted.text,
    "max-calls": wanted.count,
    "max-tokens": wanted.count,
    "max-cost": wanted.number,
    "prices": _prices,
    "concurrency": wanted.positive,
    "timeout": wanted.number,
    "retries": wanted.count,
    "temperature": wanted.number,
    "cache": wanted.flag,
    "context-tokens": wanted.positive,
    "prompts-dir": wanted.path,
}
_NOT_PLAIN = ("model", "max_calls", "max_tokens", "max_cost", "prices")
