"""`self.training` reads as True: `F.dropout(x, training=self.training)`, `if self.training:`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.fix.mutants._fault import Fault, methods
from modereview.records import Program


def faults(program: Program) -> Iterator[Fault]:
    """One for each place where a module class asks for its mode."""
    for module in program.modules:
        for method in methods(program, module):
            if method.short in ("train", "eval"):
                continue
            for read in walk.all_expressions(method.body):
                if _is_flag(read) and not _is_target(read, method):
                    yield Fault(
                        f"flag:{method.name}",
                        f"`self.training` at {read.span.line} read as True",
                        read.span,
                        method.name,
                        (edits.replace(program.source, read.span, "True"),),
                    )


def _is_flag(expr: ir.Expr) -> bool:
    return walk.dotted(expr) == "self.training"


def _is_target(expr: ir.Expr, method: ir.Function) -> bool:
    assigned = (s for s in walk.statements(method.body) if isinstance(s, ir.Assign))
    return any(expr is part for s in assigned for target in s.targets for part in walk.subexpressions(target))
