"""Whether a test asserts anything: an assertion that cannot fail is none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# `same` is the helper of the generated files.
_COMPARE = {"same", "equal", "allclose", "isclose", "assert_close", "array_equal", "array_equiv"}
_BROAD = {"Exception", "BaseException", "AssertionError"}


def has_real_assertion(function: ast.AST) -> bool:
    """Whether some `assert`, `assert_close` or `pytest.raises` could fail."""
    return any(not _cannot_fail(condition) for condition in _conditions(function))


def swallows(function: ast.AST) -> bool:
    """Whether an exception, an AssertionError among them, can vanish on its way out."""
    return any(_swallows(node) for node in ast.walk(function))


def _conditions(function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call) and _name(node.func) in ("assert_close", "raises"):
            yield node


def _cannot_fail(test: ast.expr) -> bool:
    """Whether the condition holds whatever the model does: a constant, a tuple, a thing equal to itself."""
    if isinstance(test, ast.BoolOp):
        judge = any if isinstance(test.op, ast.Or) else all
        return judge(_cannot_fail(value) for value in test.values)
    if isinstance(test, ast.Tuple):
        return True
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        return _same(test.left, test.comparators[0]) or _is_constant(test)
    if isinstance(test, ast.Call) and _name(test.func) in _COMPARE and len(test.args) > 1:
        return _same(test.args[0], test.args[1])
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and _name(test.func) in _COMPARE:
        return bool(test.args) and _same(test.func.value, test.args[0])
    return _is_constant(test)


def _same(left: ast.expr, right: ast.expr) -> bool:
    """Whether both are the same thing. Two calls are not: `model(x) == model(x)` is determinism itself."""
    return not any(isinstance(node, ast.Call) for node in ast.walk(left)) and ast.dump(left) == ast.dump(
        right
    )


def _is_constant(test: ast.expr) -> bool:
    return not any(isinstance(node, ast.Name) for node in ast.walk(test))


def _swallows(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return not isinstance(node.body[-1], ast.Raise)
    if isinstance(node, ast.Try):
        return any(isinstance(child, ast.Return) for part in node.finalbody for child in ast.walk(part))
    if isinstance(node, ast.Call) and _name(node.func) == "raises":
        return any(_name(child) in _BROAD for child in ast.walk(node))
    return False


def _name(node: ast.AST) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
