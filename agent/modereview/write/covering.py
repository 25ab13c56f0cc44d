"""Which recipe runs a line."""

from __future__ import annotations

from modereview.records import Program, Recipe
from modereview.write.context import built_of


def covers(program: Program, recipe: Recipe, line: int) -> bool:
    """Whether a test by that recipe runs the code at the line: its functions or class, and what these use."""
    target = recipe.target
    classes = built_of(program, {target.name}) if target.kind == "module" else set[str]()
    reached = {target.name, *target.functions}
    reached |= {caller for caller, _ in program.calls if caller.partition(".")[0] in classes}
    while fresh := {callee for caller, callee in program.calls if caller in reached} - reached:
        reached |= fresh
    spans = [m.span for m in program.modules if m.name in classes]
    spans += [f.span for f in program.functions if f.name in reached]
    return any(span.line <= line <= span.end_line for span in spans)
