"""Which functions of a file can matter for modes at all; the others are not entered."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import names_a_model

_TELLING = frozenset(
    "eval train forward backward step zero_grad no_grad inference_mode enable_grad set_grad_enabled "
    "from_pretrained create_model deepcopy prepare setup training".split()
)


class Relevance:
    """Answers `matters(function)`: whether it may run, switch, build, keep or hand on a model."""

    def __init__(self, names: Names, modules: frozenset[str]) -> None:
        self._names, self._modules = names, modules
        self._known: dict[str, bool] = {}
        self._by_short: dict[str, list[ir.Function]] = {}
        for function in names.functions.values():
            self._by_short.setdefault(function.short, []).append(function)

    def matters(self, function: ir.Function) -> bool:
        """Errs on the side of yes."""
        if function.name not in self._known:
            self._known[function.name] = False  # ends recursion: a cycle matters if something in it does
            self._known[function.name] = self._look(function)
        return self._known[function.name]

    def _look(self, function: ir.Function) -> bool:
        given = {p.name for p in function.params} - {"self", "cls"}
        if function.yields or any(self._names_a_model(name) for name in given):
            return True
        for statement in walk.statements(function.body):
            if isinstance(statement, ir.Define | ir.Global):
                return True
            returned = statement.value if isinstance(statement, ir.Leave) else None
            if isinstance(returned, ir.Name) and returned.id in given:
                return True
            if any(
                self._telling(e, given) for x in walk.expressions(statement) for e in walk.subexpressions(x)
            ):
                return True
        return False

    def _telling(self, expr: ir.Expr, given: set[str]) -> bool:
        match expr:
            case ir.Attr(_, name):
                return name in _TELLING or self._names_a_model(name)
            case ir.Name(id):
                return id in self._modules or self._names_a_model(id)
            case ir.Lambda():
                return True
            case ir.Call(ir.Name(id), _, _) if id in given:
                return True
            case ir.Call(func, _, _):
                short = (walk.dotted(func) or "").rpartition(".")[2]
                callees = self._by_short.get(short, [])
                init = self._names.classes.get(walk.dotted(func) or "")
                callees = callees + ([m] if init and (m := init.method("__init__")) else [])
                return any(self.matters(callee) for callee in callees)
            case _:
                return False

    def _names_a_model(self, name: str) -> bool:
        return name in self._names.switched or names_a_model(name)
