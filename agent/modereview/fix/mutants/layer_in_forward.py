"""A layer as if it were made in `forward`: a copy in TRAIN for each call, that no switch reaches."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import SENSITIVE_LAYERS
from modereview.fix.mutants._fault import Fault, method
from modereview.records import Program


def faults(program: Program) -> Iterator[Fault]:
    """One for each call of a layer whose behaviour depends on its mode."""
    for module in program.modules:
        forward = method(program, module, "forward")
        layers = {f"self.{layer.attr}" for layer in module.layers if layer.kind in SENSITIVE_LAYERS}
        for call in walk.calls(forward.body) if forward else ():
            name = walk.dotted(call.func) if isinstance(call.func, ir.Attr) else None
            if forward is None or name not in layers:
                continue
            copied = f"__import__('copy').deepcopy({name}).train()"
            yield Fault(
                f"made in forward:{forward.name}:{name}",
                f"`{name}` at {call.span.line} made anew in each forward",
                call.span,
                forward.name,
                (edits.replace(program.source, call.func.span, copied),),
            )
