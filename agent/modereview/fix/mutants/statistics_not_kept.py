"""A batch norm without running statistics: in EVAL a sample's output depends on its batch."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.fix.mutants._fault import Fault
from modereview.records import Program
from modereview.rules import lookup

_NORMS = tuple(f"torch.nn.BatchNorm{dims}d" for dims in (1, 2, 3))
_POSITION = 4  # BatchNorm1d(num_features, eps, momentum, affine, track_running_stats)


def faults(program: Program) -> Iterator[Fault]:
    """One for each batch norm that a module class builds."""
    modules = {module.name for module in program.modules}
    for function, call, origin in lookup.calls(program):
        if origin not in _NORMS or function.rpartition(".")[0] not in modules or lookup.spreads(call):
            continue
        edit = edits.set_argument(program.source, call.span, "track_running_stats", "False", _POSITION)
        name = origin.rpartition(".")[2]
        yield Fault(
            f"statistics:{function}:{name}",
            f"`{name}` at {call.span.line} keeps no running statistics",
            call.span,
            function,
            (edit,),
        )
