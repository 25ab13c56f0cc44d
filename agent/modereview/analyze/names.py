"""The names of a file: what it imports, which classes and functions it defines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import (
    CUSTOMARY,
    MODULE_METHODS,
    MOVES,
    SHARED_METHODS,
    names_a_network,
    names_something_else,
)

_HANDS = 8  # through which a name may pass from file to file


@dataclass(frozen=True)
class Names:
    """What is bound where. Imports anywhere in the file count, so that local ones resolve as well."""

    imports: dict[str, str]  # local name -> dotted origin
    classes: dict[str, ir.Class]  # by qualified name
    functions: dict[str, ir.Function]  # by qualified name, methods and nested functions included
    switched: frozenset[str]  # last parts of the expressions on which module-only methods are called
    networks: frozenset[str]  # of those that are moved, hooked or made by `Net()`: tensors may be among them
    linked: bool = False  # whether neighbour files are among them, their names qualified by module

    def origin(self, expr: ir.Expr) -> str | None:
        """The dotted origin of a name or attribute chain: "torch.nn.functional.dropout" for `F.dropout`."""
        text = walk.dotted(expr)
        found = self._imported(text) if text else None
        return self.resolve(found) if found else None

    def resolve(self, origin: str) -> str:
        """Where a name comes from that a neighbour only hands on: "models.net.Net" for "models.Net"."""
        for _ in range(_HANDS if self.linked else 0):
            further = self._imported(origin, least=2)
            if further is None or further == origin:
                break
            origin = further
        return origin

    def _imported(self, text: str, least: int = 1) -> str | None:
        """The text with what an import binds replaced by its origin; the longest match counts."""
        parts = text.split(".")
        for count in range(len(parts) if self.linked else 1, least - 1, -1):
            origin = self.imports.get(".".join(parts[:count]))
            if origin is not None:
                return ".".join((origin, *parts[count:]))
        return None

    def class_at(self, expr: ir.Expr) -> ir.Class | None:
        """The class in view that a name or attribute chain means."""
        text = walk.dotted(expr) or ""
        return self.classes.get(text) or (self.classes.get(self.origin(expr) or "") if self.linked else None)

    def function_at(self, expr: ir.Expr) -> ir.Function | None:
        """The function in view that a name or attribute chain means."""
        text = walk.dotted(expr) or ""
        known = self.functions.get(text)
        return known or (self.functions.get(self.origin(expr) or "") if self.linked else None)


def names_of(program: ir.Block) -> Names:
    """Collect the names of a file."""
    imports: dict[str, str] = {}
    classes: dict[str, ir.Class] = {}
    functions: dict[str, ir.Function] = {}
    statements = tuple(walk.statements(program, nested=True))
    for statement in statements:
        match statement:
            case ir.Import(names):
                imports.update(names)
            case ir.DefineClass(cls):
                classes[cls.name] = cls
                functions.update((m.name, m) for m in cls.methods)
            case ir.Define(function):
                functions.setdefault(function.name, function)
    if any(name.endswith("*") for name in imports):
        imports = {**CUSTOMARY, **imports}
    methods = [call for call in walk.calls(program, nested=True) if isinstance(call.func, ir.Attr)]
    return Names(imports, classes, functions, _switched(methods), _networks(statements, methods))


def hands_own_mode_on(call: ir.Call) -> bool:
    """Whether it gives a new part the mode of its owner: `self.head.train(self.training)`."""
    match call:
        case ir.Call(ir.Attr(_, "train"), (ir.Attr(ir.Name("self"), "training"),)):
            return True
        case _:
            return False


def _switched(methods: Sequence[ir.Call]) -> frozenset[str]:
    found = set()
    for call in (c for c in methods if not hands_own_mode_on(c)):
        match call.func:
            case ir.Attr(ir.Name(owner) | ir.Attr(_, owner), name) if name in MODULE_METHODS:
                if name in SHARED_METHODS and names_something_else(owner):
                    continue
                # `pandas.eval("a + b")` and `trainer.train(data)` take arguments that a switch never does.
                if name not in ("eval", "train") or len(call.args) + len(call.kwargs) <= (name == "train"):
                    found.add(owner.rpartition(".")[2])
    return frozenset(found - {"trainer"})


def _moves(func: ir.Expr) -> bool:
    """Whether what is built is moved at once: `Segmenter().cuda()`."""
    return isinstance(func, ir.Attr) and isinstance(func.base, ir.Call) and func.name in MOVES


def _networks(statements: Sequence[ir.Stmt], methods: Sequence[ir.Call]) -> frozenset[str]:
    found = set()
    for statement in statements:
        match statement:
            case ir.Assign(targets, ir.Call(func)) if names_a_network(walk.dotted(func) or "") or _moves(
                func
            ):
                found |= {text.rpartition(".")[2] for t in targets if (text := walk.dotted(t))}
    for call in methods:
        match call.func:
            case ir.Attr(ir.Name(owner) | ir.Attr(_, owner), name) if name in MOVES:
                found.add(owner.rpartition(".")[2])
    return frozenset(found)
