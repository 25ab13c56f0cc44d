"""`ExitStack`: what it enters is a manager around the rest of the block, and is written so here."""

from __future__ import annotations

from dataclasses import replace

from modereview.analyze import ir, walk

_STACKS = ("ExitStack", "AsyncExitStack")
_ENTERS = ("enter_context", "enter_async_context")


def unstacked(block: ir.With) -> ir.With:
    """The block with a `with` of its own for each manager that its stack enters.

    `if c: stack.enter_context(manager())` is `with manager() if c else None` around what follows.
    """
    stacks = {walk.dotted(target) for expr, target in block.items if target is not None and _is_stack(expr)}
    return ir.With(block.items, _nested(block.body, stacks), block.span) if stacks else block


def _is_stack(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Call) and (walk.dotted(expr.func) or "").rpartition(".")[2] in _STACKS


def _nested(body: ir.Block, stacks: set[str | None]) -> ir.Block:
    for index, statement in enumerate(body):
        item = _entered(statement, stacks)
        if item is not None:
            last = body[-1].span
            span = replace(statement.span, end_line=last.end_line, end_column=last.end_column)
            return (*body[:index], ir.With((item,), _nested(body[index + 1 :], stacks), span))
    return body


def _entered(statement: ir.Stmt, stacks: set[str | None]) -> tuple[ir.Expr, ir.Expr | None] | None:
    """The manager that a statement puts on a stack, and the name for what it gives."""
    match statement:
        case ir.Do(ir.Call(ir.Attr(stack, name), (manager,))) if name in _ENTERS:
            return (manager, None) if walk.dotted(stack) in stacks else None
        case ir.Assign((target,), ir.Call(ir.Attr(stack, name), (manager,))) if name in _ENTERS:
            return (manager, target) if walk.dotted(stack) in stacks else None
        case ir.If(test, (only,), ()):
            inner = _entered(only, stacks)
            absent = ir.Const(None, test.span)
            return (ir.Choice(test, inner[0], absent, test.span), inner[1]) if inner else None
        case _:
            return None
