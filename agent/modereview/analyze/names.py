"""The names of a file: what it imports, which classes and functions it defines."""

from __future__ import annotations

from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import MODULE_METHODS


@dataclass(frozen=True)
class Names:
    """What is bound where. Imports anywhere in the file count, so that local ones resolve as well."""

    imports: dict[str, str]  # local name -> dotted origin
    classes: dict[str, ir.Class]  # by qualified name
    functions: dict[str, ir.Function]  # by qualified name, methods and nested functions included
    switched: frozenset[str]  # last parts of the expressions on which module-only methods are called

    def origin(self, expr: ir.Expr) -> str | None:
        """The dotted origin of a name or attribute chain: "torch.nn.functional.dropout" for `F.dropout`."""
        text = walk.dotted(expr)
        if text is None:
            return None
        first, _, rest = text.partition(".")
        origin = self.imports.get(first)
        if origin is None:
            return None
        return f"{origin}.{rest}" if rest else origin

    def module_function(self, name: str) -> ir.Function | None:
        """A function of the top level by its plain name."""
        return self.functions.get(name)


def names_of(program: ir.Block) -> Names:
    """Collect the names of a file."""
    imports: dict[str, str] = {}
    classes: dict[str, ir.Class] = {}
    functions: dict[str, ir.Function] = {}
    for statement in walk.statements(program, nested=True):
        match statement:
            case ir.Import(names):
                imports.update(names)
            case ir.DefineClass(cls):
                classes[cls.name] = cls
                functions.update((m.name, m) for m in cls.methods)
            case ir.Define(function):
                functions.setdefault(function.name, function)
    return Names(imports, classes, functions, _switched(program))


def _switched(program: ir.Block) -> frozenset[str]:
    found = set()
    for call in walk.calls(program, nested=True):
        match call.func:
            case ir.Attr(ir.Name(owner) | ir.Attr(_, owner), name) if name in MODULE_METHODS:
                # `pandas.eval("a + b")` and `trainer.train(data)` take arguments that a switch never does.
                if name not in ("eval", "train") or len(call.args) + len(call.kwargs) <= (name == "train"):
                    found.add(owner)
    return frozenset(found - {"trainer"})
