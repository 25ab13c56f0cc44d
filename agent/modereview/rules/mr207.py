"""MR207 frozen-norm-thaws."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.classes import is_framework_class
from modereview.records import Event, Finding, Fix, ModuleClass, Program, Severity, Span
from modereview.rules import inside, lookup, overriding
from modereview.rules.base import Rule, fix
from modereview.rules.freezing import Freeze, at_construction, freezes, norms_of, submodules, switches_on

_SWITCHED_OFF = re.compile(r"\.(eval\(\s*\)|train\(\s*(mode\s*=\s*)?False)")


def check(program: Program) -> Iterator[Finding]:
    """Norm layers put in EVAL once, in `__init__` or before a loop, where a later `train()` undoes it."""
    if "torch" not in program.imports or not _SWITCHED_OFF.search(program.source.code):
        return
    for module in program.modules:
        yield from _in_init(program, module)
    for name, body in lookup.scopes(program):
        yield from _before_loops(program, name, body)


def _in_init(program: Program, module: ModuleClass) -> Iterator[Finding]:
    assert program.names is not None
    own = tuple(inside.lineage(program, module.name))
    if any(overriding.handed_on(t) is None for cls in own if (t := cls.method("train"))):
        return
    started = inside.reached(program, module.name, "__init__")
    later = [m for c in own for m in c.methods if m not in started]
    calls_of_init = {f.name for f in started}
    if any(norms_of(program, module, m) or _calls(m, calls_of_init) for m in later):
        return
    first = at_construction(program, module)
    if first is None:
        return
    hooked = any(is_framework_class(c, program.names) for c in own)
    public = [m for m in started if not m.short.startswith("_")]
    offered = any(norms_of(program, module, m) for m in public)  # who calls `train()` may call it again
    yield RULE.finding(
        program,
        first.span,
        f"`{module.name}` freezes its norm layers once, at construction: the next `train()` thaws them",
        severity=Severity.NOTE if hooked or offered else None,
        facts=(f"`train()` of `{module.name}` switches every submodule, frozen or not",),
        function=next(m.name for m in started if walk.within(first.span, m.span)),
        subject=first.target,
    )


def _calls(method: ir.Function, names: set[str]) -> bool:
    """Whether a method calls one of those that `__init__` freezes with: it may freeze again."""
    short = {n.rpartition(".")[2] for n in names} - {"__init__"}
    return any(isinstance(c.func, ir.Attr) and c.func.name in short for c in walk.calls(method.body))


def _before_loops(program: Program, name: str, body: ir.Block) -> Iterator[Finding]:
    """A freeze, and a loop behind it that switches the whole model on and does not freeze again."""
    for number, statement in enumerate(body):
        on = dict(_switched_on(program, statement.body)) if isinstance(statement, ir.Loop) else {}
        if isinstance(statement, ir.Loop) and on and not any(True for _ in freezes(program, (statement,))):
            for each in (*freezes(program, body[:number]), *submodules(body[:number])):
                model = next((m for m in on if each.target == m or each.target.startswith(m + ".")), None)
                again = any(f.target == each.target for f in submodules(statement.body))
                if model and not again and not _keeps(program) and (each.target == model) != each.part:
                    yield _finding(program, name, each, model, on[model])
        for inner in walk.blocks(statement):
            yield from _before_loops(program, name, inner)


def _switched_on(program: Program, body: ir.Block) -> Iterator[tuple[str, Span]]:
    """Models that a loop body switches to TRAIN: itself, or in a function of the file that is handed one."""
    assert program.names is not None
    for call in walk.calls(body):
        if model := switches_on(call):
            yield model, call.span
        function = program.names.functions.get(walk.dotted(call.func) or "")
        on = {m for c in walk.calls(function.body) if (m := switches_on(c))} if function else set()
        if function is None or not on or any(True for _ in freezes(program, function.body)):
            continue
        for parameter, argument in zip(function.params, call.args, strict=False):
            if parameter.name in on and (model := walk.dotted(argument)):
                yield model, call.span


def _keeps(program: Program) -> bool:
    """Whether some class of the file has a `train` of its own, which may keep the layers frozen."""
    return any(cls.method("train") for m in program.modules for cls in inside.lineage(program, m.name))


def _finding(program: Program, function: str, each: Freeze, model: str, on: Span) -> Finding:
    what = f"`{each.target}`" if each.part else f"the norm layers of `{each.target}`"
    return RULE.finding(
        program,
        each.span,
        f"{what} put in eval mode once: `{model}.train()` in the loop below thaws it",
        evidence=(
            Event(each.span, f"{what} switched to EVAL here, before the loop", "switch"),
            Event(on, f"`{model}` switched to TRAIN here, with all that is in it, at each turn", "switch"),
        ),
        facts=("`train()` switches every submodule, frozen or not",),
        function=function,
        subject=each.target,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """A `train` that freezes again; in a script, the freeze repeated behind the `train()` of the loop."""
    why = "running statistics stay where the freeze left them: training takes another course"
    owner = program.module(finding.function.rpartition(".")[0])
    if finding.evidence:
        again = _repeated(program, finding)
        if again is not None:
            call = program.source.lines[again.line - 1].strip()
            edit = edits.insert_after(program.source, again, program.source.slice(finding.span))
            yield fix(program.source, finding, f"freeze again behind `{call}`", edit, consequence=why)
    elif owner is not None:
        frozen = _statements(program, owner)
        override = program.names.classes[owner.name].method("train") if program.names else None
        switch = overriding.handed_on(override) if override else None
        title = f"let `{owner.name}.train` keep its frozen norm layers in EVAL"
        if frozen and switch and isinstance(switch, ir.Do):
            edit = edits.insert_after(program.source, switch.span, "\n".join(frozen))
            yield fix(program.source, finding, title, edit, consequence=why)
        elif frozen and not switch:
            typed = any(p.annotation for p in owner.init + owner.forward)
            lines = "\n".join(f"    {line}" for text in frozen for line in text.split("\n"))
            head = f"def train(self, mode{': bool = ' if typed else '='}True):"
            method = f"{head}\n    super().train(mode)\n{lines}\n    return self"
            edit = edits.insert_method(program.source, owner.span, method)
            yield fix(program.source, finding, title, edit, consequence=why)


def _repeated(program: Program, finding: Finding) -> Span | None:
    """The `train()` of the loop, if it stands where the freeze does and means the same names.

    A freeze under a condition is none to repeat without it.
    """
    on, body = finding.evidence[-1].span, dict(lookup.scopes(program)).get(finding.function, ())
    here = any(isinstance(s, ir.Do) and s.span == on for s in walk.statements(body))
    always = any(
        any(isinstance(s, ir.Do) and s.span == finding.span for s in block)
        and any(walk.within(on, s.span) for s in block)
        for block in walk.all_blocks(body)
    )
    one_line = finding.span.line == finding.span.end_line
    return on if here and always and one_line else None


def _statements(program: Program, module: ModuleClass) -> list[str]:
    """The statements of `__init__` that freeze, as they can stand in `train`; none if they use its locals.

    With the norms go the parts that are frozen whole: a `train` that keeps some and thaws others misleads.
    """
    assert program.names is not None
    init = program.names.classes[module.name].method("__init__")
    frozen = norms_of(program, module, init) if init else []
    if init and frozen:
        frozen += [f for f in submodules(init.body) if f.target.startswith("self.")]
    texts = []
    for statement in init.body if init else ():
        if any(walk.within(f.span, statement.span) for f in frozen):
            texts.append(_dedented(program, statement))
            if not _stands_alone(init, statement):
                return []
    return texts


def _dedented(program: Program, statement: ir.Stmt) -> str:
    lines = program.source.slice(statement.span).replace("\r\n", "\n").split("\n")
    margin = " " * (statement.span.column - 1)
    step = program.source.module.default_indent
    rest = [
        line.removeprefix(program.source.lines[statement.span.line - 1][: len(margin)]) for line in lines[1:]
    ]
    return "\n".join([lines[0], *(line.replace(step, " " * 4) if step else line for line in rest)])


def _stands_alone(init: ir.Function | None, statement: ir.Stmt) -> bool:
    """Whether nothing of `__init__` but `self` is read in it."""
    params = {p.name for p in init.params[1:]} if init else set()
    bound = {
        t.id
        for s in walk.statements(init.body if init else ())
        if not walk.within(s.span, statement.span)
        for t, _ in lookup.bindings(s)
        if isinstance(t, ir.Name)
    }
    read = {e.id for e in walk.all_expressions((statement,)) if isinstance(e, ir.Name)}
    return not read & (params | bound)


RULE = Rule(
    id="MR207",
    name="frozen-norm-thaws",
    severity=Severity.WARNING,
    summary="norm layers put in eval mode once: the next `model.train()` undoes it",
    why=(
        "`model.train()` switches every submodule. Batch norms that were frozen once, in `__init__` or "
        "before the epochs, are in TRAIN from the first epoch on: their running statistics move, although "
        "the author took them for frozen."
    ),
    source="https://github.com/pgniewko/gt-pyg/issues/112",
    bad="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.norm.eval()

    def forward(self, x):
        return self.norm(self.fc(x))
""",
    good="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x):
        return self.norm(self.fc(x))
""",
    not_flagged=(
        "a class with a `train` of its own that does more than hand the switch on; a freeze that is "
        "repeated, in `forward`, in a hook or in the loop after `train()`; a `freeze()` that nobody in view "
        "calls; networks that only measure (losses, metrics). Hooked classes of a framework are a note."
    ),
    fix=(
        "a `train` of the class that repeats the freeze after `super().train(mode)`; in a script, the freeze "
        "again behind the `train()` of the loop. None where it uses what only `__init__` knows."
    ),
    check=check,
    mend=mend,
)
