"""The table [tool.modereview.llm] and its options of the command line -> Options.

There is no key for an API key and none for an address: a project that one reviews must not say where one's
key and code are sent. Both come from the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from modereview.errors import InputError
from modereview.llm import Budget, Options, Prices

COMMAND_LINE = ("max_calls", "max_tokens", "max_cost", "record", "replay", "show_prompts")

Reader = Callable[[object, Path], object]


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
    except ValueError as error:
        raise InputError(f"{where} `{key}` should be {error}, not {value!r}.") from None


def _count(value: object, _: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("a whole number of 0 or more")


def _positive(value: object, _: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("a whole number above 0")


def _number(value: object, _: Path) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise ValueError("a number of 0 or more")


def _flag(value: object, _: Path) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _text(value: object, _: Path) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a text in quotes")


def _folder(value: object, base: Path) -> Path:
    return base / Path(_text(value, base)).expanduser()


def _prices(value: object, base: Path) -> Prices:
    if isinstance(value, dict) and set(value) == {"input", "output"}:
        return Prices(_number(value["input"], base), _number(value["output"], base))
    raise ValueError("two prices for a million tokens, as in { input = 0.15, output = 0.60 }")


KEYS: Mapping[str, Reader] = {
    "model": _text,
    "max-calls": _count,
    "max-tokens": _count,
    "max-cost": _number,
    "prices": _prices,
    "concurrency": _positive,
    "timeout": _number,
    "retries": _count,
    "temperature": _number,
    "cache": _flag,
    "context-tokens": _positive,
    "prompts-dir": _folder,
}
_NOT_PLAIN = ("model", "max_calls", "max_tokens", "max_cost", "prices")
