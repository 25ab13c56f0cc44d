"""What the conditions of a file ask: the rest of what happens need not be kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.texts import Text

# Calls whose argument is a condition.
_DECIDING = (".train", "set_grad_enabled")
_OPPOSITE = {"!=": "==", "is not": "is", "not in": "in"}


@dataclass(frozen=True)
class Asked:
    """Conditions of one or several files."""

    texts: Counter[str]  # how often each is asked
    names: frozenset[str]  # last parts of all names that they speak of
    ways: frozenset[tuple[str, bool]] = frozenset()  # each, and whether it was asked as it is assumed

    def both_ways(self, test: ir.Expr, text: Text) -> bool:
        """Whether a comparison is asked the other way round as well: `rank == 0` here, `rank != 0` there."""
        key, _ = assumption(bare(test), text)
        return {(key, True), (key, False)} <= self.ways


def asked_in(block: ir.Block, text: Text) -> Asked:
    """The conditions of a block."""
    tests, compared = _read(block)
    parts = [e for test in tests for e in walk.subexpressions(test)]
    names = {e.id.rpartition(".")[2] for e in parts if isinstance(e, ir.Name)}
    names |= {e.name for e in parts if isinstance(e, ir.Attr)} | compared
    assumed = [assumption(bare(test), text) for test in tests]
    return Asked(Counter(key for key, _ in assumed), frozenset(names), frozenset(assumed))


def together(several: Iterable[Asked]) -> Asked:
    """The conditions of several files."""
    texts: Counter[str] = Counter()
    names: set[str] = set()
    ways: set[tuple[str, bool]] = set()
    for asked in several:
        ways |= asked.ways
        texts.update(asked.texts)
        names |= asked.names
    return Asked(texts, frozenset(names), frozenset(ways))


def _read(block: ir.Block) -> tuple[list[ir.Expr], set[str]]:
    """Every condition of a block, and what is compared with a constant wherever: `on = phase == "train"`.

    Arguments of mode switches and what loops run over are conditions, too.
    """
    tests: list[ir.Expr] = []
    compared = set()
    for statement in walk.statements(block, nested=True):
        if isinstance(statement, ir.If | ir.Loop):
            tests += (e for e in (statement.test, getattr(statement, "iterable", None)) if e is not None)
        for part in (p for e in walk.expressions(statement) for p in walk.subexpressions(e)):
            if isinstance(part, ir.Choice):
                tests.append(part.test)
            elif isinstance(part, ir.Logic | ir.Comprehension):
                tests += walk.children(part)
            elif isinstance(part, ir.Call) and (walk.dotted(part.func) or "").endswith(_DECIDING):
                tests += (*part.args, *(v for _, v in part.kwargs))
            elif isinstance(part, ir.Compare) and isinstance(part.right, ir.Const):
                compared.add((walk.dotted(part.left) or "").rpartition(".")[2])
    return tests, compared


def assumption(test: ir.Expr, text: Text) -> tuple[str, bool]:
    """What is assumed where a test is unknown, and whether the test holds with it.

    `rank != 0` speaks of `rank == 0`.
    """
    if isinstance(test, ir.Compare):
        op = _OPPOSITE.get(test.op, test.op)
        return f"{text.slice(test.left.span)} {op} {text.slice(test.right.span)}", op == test.op
    return text.slice(test.span), True


def bare(test: ir.Expr) -> ir.Expr:
    """The test without any `not` around it."""
    return bare(test.operand) if isinstance(test, ir.Not) else test
