"""What an expression of a proposed recipe may say, judged on its syntax tree before anything runs.

Recipes end up in the builders of the user's test file and run there without our sandbox, like tests. They may
say less than tests: an expression builds, it switches nothing and patches nothing.
"""

from __future__ import annotations

import ast

from modereview.write.answer import Piece
from modereview.write.ground import Ground
from modereview.write.policy import folders, names_and_attributes

LONGEST = 2000  # characters; a config object of 40 fields has a fourth of that
NAMES = frozenset(
    "torch nn F np math types script SimpleNamespace MagicMock range len list tuple dict set int float bool "
    "str zip enumerate map sum min max sorted reversed isinstance getattr hasattr type iter next any all abs "
    "round slice".split()
)
RESERVED = frozenset(
    {"torch", "nn", "F", "np", "math", "types", "script", "pytest", "forwards", "round_number"}
)
_SWITCHES = {"train", "eval", "requires_grad_", "register_forward_hook", "apply", "side_effect"}


def refused(code: str, known: frozenset[str], where: Ground) -> str | None:
    """Why an expression must not enter a recipe, in words. `known` are the values before it."""
    if len(code) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    try:
        tree = ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "it is not a Python expression"
    allowed = folders(tree)
    nodes = [node for node in ast.walk(tree) if id(node) not in allowed]
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in NAMES | known | bound:
            return f"it uses `{node.id}`, which is not there"
        if isinstance(node, ast.Attribute) and node.attr in _SWITCHES:
            return f"it uses `.{node.attr}`: a recipe builds, and changes nothing"
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return "it binds names or waits"
    return next(names_and_attributes(_as_piece(tree.body), where), None)


def _as_piece(expression: ast.expr) -> Piece:
    """The expression as the body of a function, which is what the policy reads."""
    function = ast.parse("def test_recipe():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Expr(expression)]
    return Piece(function, ast.unparse(expression))
