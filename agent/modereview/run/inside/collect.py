"""The cases of a test file that need no pytest run: functions, parametrize, plain fixtures."""

from __future__ import annotations

import inspect
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

BUILT_IN = ("request", "tmp_path", "monkeypatch")


class Unsupported(Exception):
    """The file uses more of pytest than this runner knows; pytest itself must run it."""


class Fixture(NamedTuple):
    """A fixture function of the file and the parameters it is run for."""

    function: Callable[..., Any]
    params: Sequence[Any]
    ids: Any


class Call(NamedTuple):
    """One case: a test function with the values of its parameters and of its fixtures' parameters."""

    name: str
    function: Callable[..., Any]
    values: dict[str, Any]
    params: dict[str, Any]


class _Choice(NamedTuple):
    """One parameter set of a function or fixture."""

    id: str
    values: dict[str, Any]


def calls(module: ModuleType, fixtures: dict[str, Fixture]) -> list[Call]:
    """The cases in pytest's order and by pytest's names. Raises Unsupported."""
    if hasattr(module, "pytestmark") or any(name.startswith("Test") for name in _classes(module)):
        raise Unsupported
    functions = [f for name, f in vars(module).items() if name.startswith("test") and inspect.isroutine(f)]
    return [call for function in functions for call in _calls_of(function, fixtures)]


def fixtures(module: ModuleType) -> dict[str, Fixture]:
    """The fixtures of the file by name. Raises Unsupported for a scope, a name or autouse."""
    return {name: found for name, value in vars(module).items() if (found := _fixture(value)) is not None}


def arguments(function: Callable[..., Any]) -> list[str]:
    """The names a test or fixture asks for."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty]


def _classes(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if inspect.isclass(value)]


def _fixture(value: Any) -> Fixture | None:
    # pytest 8.4 gave the marker a new name
    marker = getattr(value, "_fixture_function_marker", getattr(value, "_pytestfixturefunction", None))
    if marker is None:
        return None
    if marker.scope != "function" or marker.autouse or marker.name:
        raise Unsupported
    return Fixture(inspect.unwrap(value), marker.params or (), marker.ids)


def _calls_of(function: Callable[..., Any], fixtures: dict[str, Fixture]) -> Iterator[Call]:
    if inspect.iscoroutinefunction(function):
        raise Unsupported
    direct = [_choices_of_mark(mark) for mark in getattr(function, "pytestmark", ()) if _counts(mark)]
    given = {name for choices in direct for choice in choices for name in choice.values}
    used = _closure([name for name in arguments(function) if name not in given], fixtures)
    indirect = [_choices([name], _tuples(fixtures[name].params), fixtures[name].ids) for name in used]
    for picked in itertools.product(*indirect, *direct):
        label = "-".join(choice.id for choice in picked)
        params = {k: v for choice in picked[: len(indirect)] for k, v in choice.values.items()}
        values = {k: v for choice in picked[len(indirect) :] for k, v in choice.values.items()}
        name = function.__name__ + (f"[{label}]" if picked else "")
        yield Call(name, function, values, params)


def _closure(names: list[str], fixtures: dict[str, Fixture]) -> list[str]:
    """The fixtures with parameters that `names` lead to."""
    seen: list[str] = []
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name in seen or (name in BUILT_IN and name not in fixtures):
            continue
        if name not in fixtures:
            raise Unsupported
        seen.append(name)
        queue += arguments(fixtures[name].function)
    return [name for name in seen if fixtures[name].params]


def _counts(mark: Any) -> bool:
    """Whether a mark makes parameters. An expected failure is none here: the raw outcome counts."""
    if mark.name in ("skip", "skipif", "usefixtures", "filterwarnings"):
        raise Unsupported
    return bool(mark.name == "parametrize")


def _choices_of_mark(mark: Any) -> list[_Choice]:
    names, sets, *more = mark.args
    if more or set(mark.kwargs) - {"ids"}:
        raise Unsupported
    ids = mark.kwargs.get("ids")
    if not isinstance(names, str):  # a list of names takes tuples, even when it holds one
        return _choices(list(names), list(sets), ids)
    split = [name.strip() for name in names.split(",") if name.strip()]
    return _choices(split, list(sets) if len(split) > 1 else _tuples(sets), ids)


def _tuples(sets: Sequence[Any]) -> list[Any]:
    return [each if hasattr(each, "marks") else (each,) for each in sets]


def _choices(names: list[str], sets: Sequence[Any], ids: Any) -> list[_Choice]:
    if ids is not None and not isinstance(ids, (list, tuple)):
        raise Unsupported
    choices = [_choice(names, each, (ids or {i: None})[i], i) for i, each in enumerate(sets)]
    if len({choice.id for choice in choices}) != len(choices):
        raise Unsupported
    return choices


def _choice(names: list[str], given: Any, label: Any, index: int) -> _Choice:
    marks, values = getattr(given, "marks", ()), getattr(given, "values", given)
    if any(mark.name != "xfail" for mark in marks):
        raise Unsupported
    own = getattr(given, "id", None)
    label = label if own is None else own
    named = dict(zip(names, values))  # noqa: B905  Python 3.9 has no `strict`; pytest will complain
    if label is None:
        label = "-".join(_label(value, name, index) for name, value in named.items())
    return _Choice(str(label), named)


def _label(value: Any, name: str, index: int) -> str:
    """How pytest names a value."""
    if isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            raise Unsupported
        return value
    if value is None or isinstance(value, (bool, int, float, complex)):
        return str(value)
    return str(getattr(value, "__name__", f"{name}{index}"))
