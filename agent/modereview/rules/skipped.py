"""An `eval` that does more than switch, in a part of a larger model: nobody calls it there.

`nn.Module.eval()` is `self.train(False)`, which calls `train(False)` of each part, and never `eval()` of one.
"""

from __future__ import annotations

from textwrap import dedent, indent

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, ModuleClass, Program
from modereview.rules import inside, lookup
from modereview.rules.freezing import switches_off

MODULES = ("torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module")


def is_skipped(program: Program, module: ModuleClass, method: ir.Function) -> bool:
    """Whether an override of `eval` changes the module, and the module is a part of others."""
    written = (t for s in walk.statements(method.body) for t, _ in lookup.bindings(s))
    changed = {t for t in map(walk.dotted, written) if t and t.startswith("self.")} - {"self.training"}
    return method.short == "eval" and bool(changed) and _is_part(program, module)


def _is_part(program: Program, module: ModuleClass) -> bool:
    """Whether it is a layer by its base class, or another module of the file is built of it."""
    assert program.names is not None
    bases = [base for cls in inside.lineage(program, module.name) for base in cls.bases]
    origins = [program.names.origin(base) or "" for base in bases]
    owners = {site.caller.rpartition(".")[0] for site in module.builds} - {module.name}
    layer = any(origin.startswith("torch.nn.") and origin not in MODULES for origin in origins)
    return layer or any(program.module(owner) for owner in owners)


def moved(program: Program, module: ModuleClass, evaluating: ir.Function) -> tuple[Edit, ...] | None:
    """What `eval` does put at the end of `train`, for a mode of False; None where that is not so simple."""
    assert program.names is not None
    training = program.names.classes[module.name].method("train")
    if training is None or len(training.params) != 2 or training.decorators or evaluating.decorators:
        return None
    last = training.body[-1]
    early = any(isinstance(s, ir.Leave) and s is not last for s in walk.statements(training.body))
    own = _own_part(program, evaluating, training)
    if own is None or early:
        return None
    lines = f"if not {training.params[1].name}:\n{indent(own, ' ' * 4)}"
    if isinstance(last, ir.Leave):
        place = edits.insert_before(program.source, last.span, lines)
    else:
        place = edits.insert_after(program.source, last.span, f"{lines}\nreturn self")
    return edits.together((place, edits.remove_statement(program.source, evaluating.span)))


def _own_part(program: Program, evaluating: ir.Function, training: ir.Function) -> str | None:
    """The lines of `eval` behind its `super().eval()`, in steps of four; None where more would be lost."""
    source = program.source
    helpers = {source.slice(s.span) for s in training.body if isinstance(s, ir.Define)}
    body = [s for s in evaluating.body if source.slice(s.span) not in (*helpers, "return self")]
    left = any(isinstance(s, ir.Leave) for s in walk.statements(tuple(body)))
    if len(body) < 2 or left or not _switches_above(body[0]):
        return None
    first, last = body[1].span, body[-1].span
    follows = evaluating.body.index(body[1]) == evaluating.body.index(body[0]) + 1  # comments above go along
    begin = body[0].span.end_line if follows else first.line - 1
    whole, text = source.slice(evaluating.span), "\n".join(source.lines[begin : last.end_line]).lstrip("\n")
    comments = whole.count("#") - text.count("#") - sum(h.count("#") for h in helpers if h in whole)
    one_line = source.lines[first.line - 1][: first.column - 1].strip()
    if comments or one_line or '"""' in whole or "'''" in whole:
        return None
    return "\n".join(_in_fours(line, source.module.default_indent) for line in dedent(text).split("\n"))


def _in_fours(line: str, step: str) -> str:
    levels = 0
    while step and line.startswith(step):
        line, levels = line.removeprefix(step), levels + 1
    return " " * 4 * levels + line.rstrip()


def _switches_above(statement: ir.Stmt) -> bool:
    """`super().eval()`, `super().train(False)` or, as it was written once, `nn.Linear.eval(self)`."""
    match statement:
        case ir.Do(ir.Call(ir.Attr(ir.Call(ir.Name("super")), "eval" | "train")) as call):
            return switches_off(call)
        case ir.Do(ir.Call(ir.Attr(ir.Name() | ir.Attr(), "eval"), (ir.Name("self"),))):
            return True
        case _:
            return False
