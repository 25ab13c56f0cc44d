"""A submodule goes where no switch looks: past the registry, or into a plain list for a `ModuleList`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import SENSITIVE_LAYERS
from modereview.fix.mutants._fault import Fault, method, minds_modes
from modereview.records import ModuleClass, Program, Span

_PLAIN = {"torch.nn.ModuleList": "list", "torch.nn.ModuleDict": "dict"}


def faults(program: Program) -> Iterator[Fault]:
    """One for each layer with a mode, and each container, that a constructor assigns to `self`."""
    for module in program.modules:
        init = method(program, module, "__init__")
        for statement in walk.statements(init.body) if init and minds_modes(module) else ():
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
                yield from _hidden(program, module, statement, statement.value)


def _hidden(program: Program, module: ModuleClass, statement: ir.Assign, made: ir.Call) -> Iterator[Fault]:
    target = statement.targets[0]
    name = walk.dotted(target) or ""
    origin = (program.names.origin(made.func) if program.names else None) or ""
    if len(statement.targets) > 1 or not name.startswith("self.") or name.count(".") > 1:
        return
    where: Span | None = None
    if origin in _PLAIN and made.args:
        where, text, words = made.func.span, _PLAIN[origin], f"kept in a plain {_PLAIN[origin]}"
    elif origin.startswith("torch.nn.") and origin.rpartition(".")[2] in SENSITIVE_LAYERS:
        where, text = target.span, f'self.__dict__["{name.removeprefix("self.")}"]'
        words = "not registered as a submodule"
    if where is not None:
        edit = edits.replace(program.source, where, text)
        function = f"{module.name}.__init__"
        description = f"`{name}` at {statement.span.line} {words}"
        yield Fault(f"hidden:{function}:{name}", description, statement.span, function, (edit,))
