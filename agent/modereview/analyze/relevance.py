"""Which functions of a file can matter for modes at all; the others are not entered."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.classes import inherited
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import LIBRARY_MODELS, names_a_model

_TELLING = frozenset(
    "eval train forward backward step zero_grad no_grad inference_mode enable_grad set_grad_enabled "
    "from_pretrained create_model deepcopy prepare setup training".split()
)


class Relevance:
    """Answers `matters(function)`: whether it may run, switch, build, keep or hand on a model."""

    def __init__(self, names: Names, modules: frozenset[str], kept: frozenset[str]) -> None:
        """`kept`: attributes that functions assign: one may hold a model."""
        self._names, self._modules, self._kept = names, modules, kept
        self._known: dict[ir.Function, bool] = {}
        self._open: set[ir.Function] = set()  # being looked at
        self._by_short: dict[str, list[ir.Function]] = {}
        for function in names.functions.values():
            self._by_short.setdefault(function.short, []).append(function)

    def matters(self, function: ir.Function) -> bool:
        """Errs on the side of yes. A cycle of functions matters if one of them does."""
        if function in self._known or function in self._open:
            return self._known.get(function, False)
        outermost = not self._open
        self._open.add(function)
        found = self._look(function)
        if found:
            self._known[function] = True
            self._open.discard(function)
        if outermost:  # whatever is still open led to nothing that matters, or was cut short by a cycle
            self._known.update({} if found else dict.fromkeys(self._open, False))
            self._open.clear()
        return found

    def _look(self, function: ir.Function) -> bool:
        given = {p.name for p in function.params} - {"self", "cls"}
        if function.yields or any(self._names_a_model(name) for name in given):
            return True
        if any(self.matters(base) for base in self._inherited(function)):
            return True
        for statement in walk.statements(function.body):
            if isinstance(statement, ir.Define | ir.Global):
                return True
            returned = statement.value if isinstance(statement, ir.Leave) else None
            if isinstance(returned, ir.Name) and returned.id in given:
                return True
            if isinstance(returned, ir.Call) and self._builds(returned):
                return True
            if any(
                self._telling(e, given) for x in walk.expressions(statement) for e in walk.subexpressions(x)
            ):
                return True
        return False

    def _inherited(self, function: ir.Function) -> Iterator[ir.Function]:
        """The methods of bases that a method calls by `super()`."""
        cls = self._names.classes.get(function.method_of or "")
        for call in walk.calls(function.body) if cls else ():
            if cls and walk.is_super(call.func) and isinstance(call.func, ir.Attr):
                found = inherited(cls, call.func.name, self._names)
                if found is not None:
                    yield found

    def _telling(self, expr: ir.Expr, given: set[str]) -> bool:
        match expr:
            case ir.Attr(_, name):
                return name in _TELLING or self._names_a_model(name)
            case ir.Name(id):
                cls = self._names.class_at(expr)
                # Whether `self` is a model its attributes and calls tell; the name alone does not.
                return id != "self" and ((cls and cls.name in self._modules) or self._names_a_model(id))
            case ir.Lambda():
                return True
            case ir.Call(ir.Name(id), _, _) if id in given or self._is_variable(id):
                return True
            case ir.Call(ir.Attr(_, name), _, _) if name in self._kept:
                return True
            case ir.Call(ir.Item(), _, _):  # `models[0](x)`
                return True
            case ir.Call(func, _, _):
                short = (walk.dotted(func) or "").rpartition(".")[2]
                cls, function = self._names.class_at(func), self._names.function_at(func)
                init = cls.method("__init__") if cls else None
                callees = (*self._by_short.get(short, ()), *(f for f in (init, function) if f))
                return any(self.matters(callee) for callee in callees)
            case _:
                return False

    def _builds(self, call: ir.Call) -> bool:
        """`return nn.Sequential(...)`: what comes back is a model, whatever the function is called."""
        origin = self._names.origin(call.func) or ""
        return origin.startswith(LIBRARY_MODELS) and origin.rpartition(".")[2][:1].isupper()

    def _names_a_model(self, name: str) -> bool:
        return name in self._names.switched or names_a_model(name)

    def _is_variable(self, name: str) -> bool:
        """Whether what is called by this name was assigned somewhere: `self`, a loop's variable."""
        known = (self._names.functions, self._names.classes, self._names.imports, vars(builtins), {"cls"})
        return not any(name in group for group in known)
