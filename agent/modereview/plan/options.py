"""What the command line of a script gives when nothing is typed: the defaults of its options."""

from __future__ import annotations

import ast

_HOLDERS = frozenset("args opt opts cfg config conf hparams flags FLAGS hp params arguments".split())
_BY_TYPE: dict[str, int | float | str | bool] = {"int": 2, "float": 0.1, "str": "", "bool": False}


def holder(name: str) -> bool:
    """Whether a name is one that parsed options go by."""
    return name in _HOLDERS


def options(tree: ast.Module) -> dict[str, ast.expr]:
    """Destination -> default, of every `add_argument` call of the file."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    found = (_option(c) for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "add_argument")
    return dict(pair for pair in found if pair is not None)


def _option(call: ast.Call) -> tuple[str, ast.expr] | None:
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    keywords = {k.arg: k.value for k in call.keywords}
    if not flags:
        return None
    long = next((f for f in flags if f.startswith("--")), flags[0])
    dest = keywords.get("dest")
    name = str(dest.value) if isinstance(dest, ast.Constant) else long.lstrip("-").replace("-", "_")
    value = _value(keywords)
    return None if value is None else (name, value)


def _value(keywords: dict[str | None, ast.expr]) -> ast.expr | None:
    """The default; without one the first choice, the flag's resting state, or a value of its type."""
    action = keywords.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return ast.Constant(action.value == "store_false")
    if "default" in keywords:
        return keywords["default"]
    choices = keywords.get("choices")
    if isinstance(choices, (ast.List, ast.Tuple)) and choices.elts:
        return choices.elts[0]
    kind = keywords.get("type")
    return ast.Constant(_BY_TYPE[kind.id]) if isinstance(kind, ast.Name) and kind.id in _BY_TYPE else None
