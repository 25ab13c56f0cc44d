"""Walking the representation: the expressions under a node, the statements of a block, dotted names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from modereview.analyze import ir
from modereview.records import Span

_LEAVES = (ir.Name, ir.Const)
_KEPT = 1024  # functions: those of a file and its neighbours


def children(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The direct sub-expressions, in source order. A lambda's body counts as its child."""
    # The walk spends its time here, and nine of ten expressions are one of these.
    if isinstance(expr, _LEAVES):
        return ()
    if isinstance(expr, ir.Attr):
        return (expr.base,)
    if isinstance(expr, ir.Call):
        return (expr.func, *expr.args, *(value for _, value in expr.kwargs))
    return _parts(expr)


def _parts(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The same for what is rare."""
    match expr:
        case ir.Item(base, key):
            return (base, key)
        case ir.Items(items) | ir.Logic(operands=items) | ir.Other(items):
            return items
        case ir.Pairs(pairs):
            return tuple(part for pair in pairs for part in pair)
        case ir.Not(operand) | ir.Star(operand):
            return (operand,)
        case ir.Bind(target, value):
            return (value, target)
        case ir.Yield(value) if value is not None:
            return (value,)
        case ir.Compare(_, left, right):
            return (left, right)
        case ir.Choice(test, then, orelse):
            return (test, then, orelse)
        case ir.Comprehension(target, iterable, conditions, element):
            return (target, iterable, *conditions, element)
        case ir.Lambda(function):
            return tuple(e for s in function.body for e in expressions(s))
        case _:
            return ()


def subexpressions(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and everything inside it, outermost first."""
    todo = [expr]
    while todo:
        part = todo.pop()
        yield part
        if isinstance(part, ir.Attr):  # a call of `children` for these and for leaves takes half of the time
            todo.append(part.base)
        elif not isinstance(part, _LEAVES):
            todo.extend(reversed(children(part)))


def expressions(statement: ir.Stmt) -> tuple[ir.Expr, ...]:
    """The expressions a statement itself evaluates, its blocks left out."""
    match statement:
        case ir.Assign(targets, value):
            return (value, *targets)
        case ir.Do(value):
            return (value,)
        case ir.If(test):
            return (test,)
        case ir.Loop(target, iterable, test):
            return tuple(e for e in (iterable, target, test) if e is not None)
        case ir.With(items):
            return tuple(e for pair in items for e in pair if e is not None)
        case ir.Leave(_, value) if value is not None:
            return (value,)
        case ir.Define(function):
            return (*function.decorators, *(p.default for p in function.params if p.default))
        case ir.DefineClass(cls):
            return cls.bases
        case _:
            return ()


def blocks(statement: ir.Stmt) -> tuple[ir.Block, ...]:
    """The blocks inside a statement; bodies of functions and classes are not among them."""
    match statement:
        case ir.If(_, body, orelse) | ir.Loop(body=body, orelse=orelse):
            return (body, orelse)
        case ir.With(_, body):
            return (body,)
        case ir.Try(body, handlers, orelse, final):
            return (body, *handlers, orelse, final)
        case _:
            return ()


def all_blocks(block: ir.Block) -> Iterator[ir.Block]:
    """A block and every one inside it; bodies of functions and classes are not among them."""
    yield block
    for statement in statements(block):
        yield from blocks(statement)


def statements(block: ir.Block, *, nested: bool = False) -> Iterator[ir.Stmt]:
    """Every statement of a block and the blocks in it; with `nested` those of functions and classes too."""
    for statement in block:
        yield statement
        for inner in blocks(statement):
            yield from statements(inner, nested=nested)
        if nested and isinstance(statement, ir.Define):
            yield from statements(statement.function.body, nested=True)
        if nested and isinstance(statement, ir.DefineClass):
            yield from statements(statement.cls.body, nested=True)
            for method in statement.cls.methods:
                yield from statements(method.body, nested=True)


def is_main_guard(statement: ir.Stmt) -> bool:
    """`if __name__ == "__main__":`, and other conditions on `__name__`."""
    return isinstance(statement, ir.If) and any(
        isinstance(e, ir.Name) and e.id == "__name__" for e in subexpressions(statement.test)
    )


def is_super(expr: ir.Expr) -> bool:
    """Whether it is an attribute of `super()`: `super().__init__`, `super(Net, self).train`."""
    match expr:
        case ir.Attr(ir.Call(ir.Name("super"))):
            return True
        case _:
            return False


def all_expressions(block: ir.Block, *, nested: bool = False) -> Iterator[ir.Expr]:
    """Every expression under a block: walked once, as each rule asks the same functions."""
    return iter(_expressions_in(_Same(block), nested))


def calls(block: ir.Block, *, nested: bool = False) -> Iterator[ir.Call]:
    """Every call under a block, found once as well."""
    return iter(_calls_in(_Same(block), nested))


def forget() -> None:
    """Let go of the blocks that were walked: their file is done."""
    _expressions_in.cache_clear()
    _calls_in.cache_clear()


class _Same:
    """A block that equals itself alone: to compare what is in it would take as long as to walk it."""

    __slots__ = ("block",)

    def __init__(self, block: ir.Block) -> None:
        self.block = block

    def __hash__(self) -> int:
        return id(self.block)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.block is other.block


@lru_cache(maxsize=_KEPT)
def _expressions_in(same: _Same, nested: bool) -> tuple[ir.Expr, ...]:
    own = (expr for statement in statements(same.block, nested=nested) for expr in expressions(statement))
    return tuple(part for expr in own for part in subexpressions(expr))


@lru_cache(maxsize=_KEPT)
def _calls_in(same: _Same, nested: bool) -> tuple[ir.Call, ...]:
    return tuple(e for e in _expressions_in(same, nested) if isinstance(e, ir.Call))


def dotted(expr: ir.Expr) -> str | None:
    """`a.b.c` as text, or None for anything else."""
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Attr):
        base = dotted(expr.base)
        return f"{base}.{expr.name}" if base else None
    return None


def within(inner: Span, outer: Span) -> bool:
    """Whether a span lies inside another."""
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return begins and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
