"""What a call is given: an argument by its name or place, a literal, what is hidden in `*args`."""

from __future__ import annotations

from modereview.analyze import ir


def argument(call: ir.Call, name: str, position: int | None = None) -> ir.Expr | None:
    """The argument of that name or place; None where it is not given, or hidden in `*args`."""
    given = dict(call.kwargs)
    if name in given:
        return given[name]
    if position is None or position >= len(call.args):
        return None
    hidden = any(isinstance(a, ir.Star) for a in call.args[: position + 1])
    return None if hidden else call.args[position]


def constant(expr: ir.Expr | None) -> object:
    """The value of a literal; None for everything else."""
    return expr.value if isinstance(expr, ir.Const) else None


def spreads(call: ir.Call) -> bool:
    """Whether arguments come from a `*sequence` or a `**mapping`: what is given is then unknown."""
    return None in dict(call.kwargs) or any(isinstance(a, ir.Star) for a in call.args)
