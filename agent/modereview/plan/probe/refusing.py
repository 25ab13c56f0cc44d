"""What a function calls besides its models, and that refuses stand-ins: a metric, a loss from elsewhere.

It is not what the test looks at: the global that the function calls gives way to a mock, or to the mean of
what the model gave.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .statements import statement_at

_LOSS = re.compile(r"loss|criterion|^err", re.IGNORECASE)
_NEEDED = {"torch", "numpy", "modereview_probe"}  # packages without which nothing runs

Json = dict[str, Any]


def instead(
    error: BaseException, script: Any, running: list[str], lines: list[int]
) -> tuple[str, str] | None:
    """(global of the script, what is called instead) for the call that failed; None where it is none such.

    `lines` call models, `running` are functions that do so: neither is ever replaced.
    """
    path = script.__file__
    tree = ast.parse(Path(path).read_bytes())
    around = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    own = [n for n in around if any(n.lineno <= line <= (n.end_lineno or 0) for line in lines)]
    frames = [f.f_lineno for f in _frames(error) if f.f_code.co_filename == path]
    held = [n for n in frames if any(f.lineno <= n <= (f.end_lineno or 0) for f in own)]
    statement = statement_at(tree, held[-1]) if held else None
    if statement is None or hasattr(statement, "body") or held[-1] in lines:
        return None
    names = [name for name in _called(statement) if name not in running and _replaceable(script, name)]
    function = next(f for f in own if f.lineno <= held[-1] <= (f.end_lineno or 0))
    return (names[0], _stand_in(statement, names[0], function)) if names else None


def _frames(error: BaseException) -> Iterator[Any]:
    return (frame for frame, _ in traceback.walk_tb(error.__traceback__))


def _called(statement: ast.stmt) -> Iterator[str]:
    """The plain names that a statement calls with something: who is given nothing refuses no stand-in."""
    calls = (n for n in ast.walk(statement) if isinstance(n, ast.Call) and (n.args or n.keywords))
    return (call.func.id for call in calls if isinstance(call.func, ast.Name))


def _replaceable(script: Any, name: str) -> bool:
    """Whether it is a function of the script's own, or of a package that can be missed."""
    value = getattr(script, name, None)
    package = str(getattr(value, "__module__", "")).partition(".")[0]
    known = hasattr(builtins, name) or package in _NEEDED or package in sys.stdlib_module_names
    return callable(value) and not isinstance(value, type) and not known


def _stand_in(statement: ast.stmt, callee: str, function: ast.AST) -> str:
    """A mock that gives as many numbers as are wanted, or for a loss the mean of what it is given."""
    target = getattr(statement, "targets", [None])[0]
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    text = f"{callee} {ast.unparse(target) if target is not None else ''}"
    loss = _LOSS.search(text)
    if loss and not parts:
        return "any_loss"
    numbers = [_number(function, ast.unparse(part)) for part in parts or [target] if part is not None]
    if not loss:
        value = f"({', '.join(numbers)})" if parts else (numbers or ["0.0"])[0]
        return f"unittest.mock.MagicMock(return_value={value})"
    return f"unittest.mock.MagicMock(side_effect=lambda *given: (any_loss(given), {', '.join(numbers[1:])}))"


def _number(function: ast.AST, name: str) -> str:
    """A number, or numbers in a tensor where the function takes it for one: `acc[0]`, `acc.item()`."""
    parts = (n for n in ast.walk(function) if isinstance(n, (ast.Attribute, ast.Subscript)))
    read = [n for n in parts if ast.unparse(n.value) == name]
    if any(isinstance(n, ast.Subscript) for n in read):
        return "torch.zeros(8)"
    return "torch.tensor(0.0)" if read else "0.0"
