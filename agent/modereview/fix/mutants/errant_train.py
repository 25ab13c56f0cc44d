"""A class gets a `train` of its own that does not do as it is told."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.fix.mutants._fault import Fault, class_node, method, minds_modes
from modereview.fix.switches import span_of
from modereview.records import Program

_OVERRIDES = {
    "that stays in TRAIN": "return super().train(True)",
    "that stays in EVAL": "return super().train(False)",
    "that leaves submodules alone": "self.training = mode; return self",
}


def faults(program: Program) -> Iterator[Fault]:
    """Three for each class that has a mode and leaves `train` and `eval` to `nn.Module`."""
    for module in program.modules:
        node = class_node(program.source, module.span)
        own = method(program, module, "train") or method(program, module, "eval")
        if node is None or own or not module.has_forward or not minds_modes(module):
            continue
        last = span_of(program.source, node.body[-1])
        name = f"{module.name}.train"
        for what, body in _OVERRIDES.items():
            edit = edits.insert_after(program.source, last, f"def train(self, mode=True):\n    {body}")
            yield Fault(f"{what}:{name}", f"`{name}()` {what}", module.span, name, (edit,))
