"""The conditions on which a program comes to a place of a function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from modereview.analyze import ir, walk
from modereview.records import Program, Span
from modereview.rules.meeting import body_of

Condition: TypeAlias = tuple[ir.Expr, bool]  # a test, and how it came out

_PLAIN = {"!=": "==", "is not": "is", "not in": "in"}  # what each is the opposite of
ASKS = frozenset("isinstance hasattr getattr callable bool type id print".split())  # they run no model


def key(program: Program, condition: Condition) -> tuple[str, bool]:
    """What stays of a condition in another version of the file."""
    return program.source.slice(condition[0].span), condition[1]


def common(program: Program, ways: Sequence[Sequence[Condition]]) -> list[Condition]:
    """The conditions that all ways have in common, outermost first; none of no ways."""
    keys = [{key(program, c) for c in held} for held in ways]
    return [c for c in ways[0] if all(key(program, c) in others for others in keys)] if ways else []


def may_move(
    program: Program, function: str, test: ir.Expr, known: Collection[str] = (), place: Span | None = None
) -> bool:
    """Whether a test may be asked earlier in a function: it runs nothing, nor reads what is made until then.

    `known` are names that are bound by then; so is what the function itself binds before the `place`.
    """
    parts = tuple(walk.subexpressions(test))
    if any(isinstance(e, ir.Bind | ir.Yield | ir.Lambda | ir.Comprehension | ir.Other) for e in parts):
        return False
    if any(isinstance(e, ir.Call) and walk.dotted(e.func) not in ASKS for e in parts):
        return False
    body = body_of(program, function)
    before = [s for s in body if place is not None and s.span < place and not walk.within(place, s.span)]
    made = {name for s in walk.statements(body) if s not in before for name in made_by(s)}
    return not function or not made.difference(known) & {e.id for e in parts if isinstance(e, ir.Name)}


def under(test: str, statement: str) -> str:
    """A statement under a test as it is written; by itself where there is none, or one of several lines."""
    if not test or "\n" in test or "\r" in test:
        return statement
    return f"if {test}:" + "".join(f"\n    {line}" for line in statement.split("\n"))


def made_by(statement: ir.Stmt) -> Iterator[str]:
    """The names that a statement itself binds."""
    for target in _targets(statement):
        yield from (e.id for e in walk.subexpressions(target) if isinstance(e, ir.Name))


def _targets(statement: ir.Stmt) -> Iterator[ir.Expr]:
    if isinstance(statement, ir.Assign):
        yield from (t for t in statement.targets if not isinstance(t, ir.Attr | ir.Item))
    elif isinstance(statement, ir.Loop) and statement.target is not None:
        yield statement.target
    elif isinstance(statement, ir.With):
        yield from (name for _, name in statement.items if name is not None)


def calls(block: ir.Block) -> Iterator[tuple[ir.Call, tuple[Condition, ...]]]:
    """Every call of a block, with the conditions on which it comes to that."""
    for statement, held in statements(block):
        for expr in walk.expressions(statement):
            yield from _calls_in(expr, held)


def statements(
    block: ir.Block, held: tuple[Condition, ...] = ()
) -> Iterator[tuple[ir.Stmt, tuple[Condition, ...]]]:
    """The same of every statement; behind `if done: return` that condition did not hold."""
    for statement in block:
        yield statement, held
        if isinstance(statement, ir.If):
            yield from statements(statement.body, (*held, (statement.test, True)))
            yield from statements(statement.orelse, (*held, (statement.test, False)))
            if leaves(statement.body):
                held = (*held, (statement.test, False))
        else:
            for inner in walk.blocks(statement):
                yield from statements(inner, held)


def exclude(program: Program, a: Iterable[Condition], b: Iterable[Condition]) -> bool:
    """Whether conditions contradict each other as they read: `rank == -1 and cuda`, and `rank != -1`."""
    first, second = dict(_atoms(program, a)), dict(_atoms(program, b))
    return any(second.get(text, holds) is not holds for text, holds in first.items())


def _atoms(program: Program, held: Iterable[Condition]) -> Iterator[tuple[str, bool]]:
    """What conditions come to: each comparison or name by its text, and whether it holds."""
    for test, holds in held:
        match test:
            case ir.Not(operand):
                yield from _atoms(program, [(operand, not holds)])
            case ir.Logic(conjunction, operands) if conjunction is holds:
                yield from _atoms(program, [(operand, holds) for operand in operands])
            case ir.Compare(op, left, right):
                sides = [program.source.slice(side.span) for side in (left, right)]
                yield f" {_PLAIN.get(op, op)} ".join(sides), holds is not (op in _PLAIN)
            case _:
                yield program.source.slice(test.span), holds


def _calls_in(expr: ir.Expr, held: tuple[Condition, ...]) -> Iterator[tuple[ir.Call, tuple[Condition, ...]]]:
    if isinstance(expr, ir.Call):
        yield expr, held
    if isinstance(expr, ir.Choice):
        yield from _calls_in(expr.test, held)
        yield from _calls_in(expr.then, (*held, (expr.test, True)))
        yield from _calls_in(expr.orelse, (*held, (expr.test, False)))
    elif isinstance(expr, ir.Logic):
        for operand in expr.operands:
            yield from _calls_in(operand, held)
            held = (*held, (operand, expr.conjunction))
    else:
        for part in walk.children(expr):
            yield from _calls_in(part, held)


def leaves(block: ir.Block) -> bool:
    """Whether nothing comes behind a block."""
    return bool(block) and isinstance(block[-1], ir.Leave)
