"""Options that nobody in view turns on: `Block()` holds nothing that only `Block(drops=True)` builds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from modereview.analyze import ir, walk
from modereview.analyze.arguments import argument, spreads
from modereview.analyze.names import Names
from modereview.records import Span

_Site = tuple[ir.Function | None, ir.Call]  # the function that calls (None: the top level), and its call
_Asked = frozenset[tuple[str, str]]  # parameters that are being asked for, so that recursion ends


class Options:
    """Parameters that are false at every call in view. Nothing is looked at before it is asked for."""

    def __init__(self, blocks: Iterable[ir.Block], names: Names) -> None:
        """`blocks`: the top levels of the files in view."""
        self._blocks, self._names = tuple(blocks), names
        self._sites: dict[str, list[_Site]] | None = None
        self._handed: set[str] = set()

    def standing(self, function: ir.Function) -> Iterator[ir.Call]:
        """The calls of a function, without those that only an option asks for which nobody turns on."""
        left_out = tuple(self._left_out(function))
        for call in walk.calls(function.body):
            if not any(walk.within(call.span, span) for span in left_out):
                yield call

    def _left_out(self, function: ir.Function) -> Iterator[Span]:
        for statement in walk.statements(function.body):
            if isinstance(statement, ir.If) and self._is_false(function, statement.test):
                yield from (s.span for s in statement.body)
        for expr in walk.all_expressions(function.body):
            match expr:
                case ir.Choice(test, then) if self._is_false(function, test):
                    yield then.span
                case ir.Call(func) if "Dropout" in _last(func):
                    rate = argument(expr, "p", 0)
                    if isinstance(rate, ir.Name) and self._left_off(function, rate.id, frozenset()):
                        yield expr.span

    def _is_false(self, function: ir.Function, test: ir.Expr) -> bool:
        """`use_dropout`, `use_dropout and depth > 1`, `rate > 0`, `norm is not None`."""
        match test:
            case ir.Name(id):
                return self._left_off(function, id, frozenset())
            case ir.Logic(True, operands):
                return any(self._is_false(function, part) for part in operands)
            case ir.Compare(">" | "!=" | "is not", ir.Name(id), ir.Const(value)) if not value:
                return self._left_off(function, id, frozenset())
            case _:
                return False

    def _left_off(self, function: ir.Function, name: str, asked: _Asked) -> bool:
        """Whether every call in view leaves a parameter false, by its default or by what it is given.

        Not where nobody in view calls the function, or where it is handed about and called by another name.
        """
        rows = {p.name: p for p in function.params}
        key = (function.name, name)
        if name not in rows or rows[name].kind in ("*", "**") or key in asked or _rebinds(function, name):
            return False
        default, called = rows[name].default, _called_as(function)
        if isinstance(default, ir.Const) and default.value:
            return False
        position = [n for n in rows if n not in ("self", "cls")].index(name)
        sites = self._calls_of(called)
        return (
            bool(sites)
            and called not in self._handed
            and not any(spreads(call) for _, call in sites)
            and all(
                self._gives_nothing(around, argument(call, name, position) or default, asked | {key})
                for around, call in sites
            )
        )

    def _gives_nothing(self, around: ir.Function | None, given: ir.Expr | None, asked: _Asked) -> bool:
        match given:
            case ir.Const(value):
                return not value
            case ir.Name(id) if around is not None:
                return self._left_off(around, id, asked)
            case _:
                return False

    def _calls_of(self, name: str) -> list[_Site]:
        if self._sites is None:
            self._sites = defaultdict(list)
            for around, statement in self._statements():
                for root in walk.expressions(statement):
                    self._handed.add(_last(root))
                    for expr in walk.subexpressions(root):
                        self._note(around, expr)
        return self._sites.get(name, [])

    def _note(self, around: ir.Function | None, expr: ir.Expr) -> None:
        assert self._sites is not None
        if not isinstance(expr, ir.Call):
            self._handed.update(map(_last, walk.children(expr)))
            return
        called = _last(expr.func)
        self._sites[called].append((around, expr))
        if called not in ("super", "isinstance"):
            self._handed.update(map(_last, (*expr.args, *(value for _, value in expr.kwargs))))

    def _statements(self) -> Iterator[tuple[ir.Function | None, ir.Stmt]]:
        yield from ((None, s) for block in self._blocks for s in walk.statements(block))
        yield from ((f, s) for f in self._names.functions.values() for s in walk.statements(f.body))


def _called_as(function: ir.Function) -> str:
    """What stands before the brackets where it is called: the class, for a constructor."""
    name = function.method_of if function.short == "__init__" and function.method_of else function.name
    return name.rpartition(".")[2]


def _last(expr: ir.Expr) -> str:
    return (walk.dotted(expr) or "").rpartition(".")[2]


def _rebinds(function: ir.Function, name: str) -> bool:
    assigns = (s for s in walk.statements(function.body) if isinstance(s, ir.Assign))
    return any(walk.dotted(target) == name for s in assigns for target in s.targets)
