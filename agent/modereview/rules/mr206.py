"""MR206 broken-train-override."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Finding, Fix, ModuleClass, Program, Severity
from modereview.rules import renaming, skipped
from modereview.rules.base import Rule, fix
from modereview.rules.freezing import switches_on
from modereview.rules.overriding import (
    MODE_NAME,
    Fault,
    fault_of,
    is_bare_super_train,
    is_stub,
    lacks_the_return_alone,
    mode_for_base,
    switches_by_its_mode,
    undoes_own_eval,
)


def check(program: Program) -> Iterator[Finding]:
    """`train` and `eval` of module classes that do not do what `nn.Module.eval()` relies on."""
    assert program.names is not None
    for module in program.modules if "torch" in program.imports else ():
        for name in ("train", "eval"):
            method = program.names.classes[module.name].method(name)
            if method is not None:
                judge = undoes_own_eval if is_stub(method) else fault_of
                fault = judge(program, module, method)
                if fault is not None:
                    yield _finding(program, module, method, fault)


def _finding(program: Program, module: ModuleClass, method: ir.Function, fault: Fault) -> Finding:
    latent = not module.sensitive and not module.opaque
    return RULE.finding(
        program,
        method.span,
        f"`{module.name}.{method.short}`: {fault.message}",
        severity=Severity.NOTE if latent else fault.severity,
        facts=(fault.fact,),
        function=method.name,
        subject=f"{module.name}.{method.short}",
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`mode: bool = True`, `super().train(mode)` first and `return self` last, as far as each is missing.

    A training of the user's own is no override: it gets another name.
    """
    assert program.names is not None
    method = program.names.functions[finding.function]
    owner = program.module(method.method_of or "")
    if is_stub(method):
        return
    if (
        owner is not None
        and finding.severity is not Severity.NOTE
        and skipped.is_skipped(program, owner, method)
    ):
        yield from _mend_skipped(program, finding, owner, method)
        return
    if owner is not None and renaming.does_more(program, owner, method):
        yield from _renamed(program, finding, owner, method)
        return
    given = [p for p in method.params[1:] if p.kind != "**"]
    ours = not given or (MODE_NAME.match(given[0].name) is not None and len(given) == 1)
    bare = [s for s in walk.statements(method.body) if isinstance(s, ir.Leave) and s.how != "raise"]
    early = [s for s in bare if s is not method.body[-1]]
    if not ours or early or (given and given[0].kind == "*") or (method.short == "eval" and given):
        return
    if _switches_parts_on(method):
        return
    if owner is not None and lacks_the_return_alone(program, owner, method):
        changes = list(_returning(program, method))
        why = f"`model = model.{method.short}()` is the model again, as with `nn.Module`"
        title = f"return `self` from `{finding.subject}`"
    else:
        changes = list(_completed(program, method, given[0].name if given else "mode"))
        why = "`eval()` and `train()` reach every submodule again: evaluation numbers may change"
        title = f"let `{finding.subject}` switch as `nn.Module` does, and do the rest as before"
    if changes:
        yield fix(program.source, finding, title, *edits.together(changes), consequence=why)


def _mend_skipped(
    program: Program, finding: Finding, owner: ModuleClass, method: ir.Function
) -> Iterator[Fix]:
    """What only `eval` did, in `train` for a mode of False: there a model around it comes, too."""
    changes = skipped.moved(program, owner, method)
    if changes is not None:
        why = "`eval()` of a whole model does to its parts what `eval()` of one did: evaluation may change"
        title = f"move what `{owner.name}.eval` does into `train`"
        yield fix(program.source, finding, title, *changes, consequence=why)


def _renamed(program: Program, finding: Finding, owner: ModuleClass, method: ir.Function) -> Iterator[Fix]:
    found = renaming.renamed(program, owner, method)
    if found is not None:
        name, changes = found
        title = f"rename `{finding.subject}` to `{name}`, with its calls"
        why = f"`{method.short}` is the switch again; other files that call yours have to say `{name}`"
        yield fix(program.source, finding, title, *edits.together(changes), consequence=why, safe=False)


def _completed(program: Program, method: ir.Function, mode: str) -> Iterator[Edit]:
    """The edits that give an override what it lacks."""
    source = program.source
    if method.short == "train" and len(method.params) == 1:
        typed = any(p.annotation for f in _functions(program) for p in f.params)
        yield edits.add_parameter(source, method.span, f"{mode}: bool = True" if typed else f"{mode}=True")
    elif (
        method.short == "train" and method.params[1].default is None and method.params[1].kind == "positional"
    ):
        yield edits.give_default(source, method.span, mode, "True")
    handed = f"super().train({mode})" if method.short == "train" else "super().eval()"
    bare = [c for c in walk.calls(method.body) if is_bare_super_train(c)]
    if method.short == "train" and bare:
        given = ("self, " if bare[0].args else "") + mode
        yield edits.replace(source, bare[0].span, f"{source.slice(bare[0].func.span)}({given})")
    elif not (
        switches_by_its_mode(method) or any(_calls_super(c, method.short) for c in walk.calls(method.body))
    ):
        yield edits.insert_first(source, method.span, handed)
    yield from _returning(program, method)


def _returning(program: Program, method: ir.Function) -> Iterator[Edit]:
    if not isinstance(method.body[-1], ir.Leave):
        yield edits.insert_after(program.source, method.body[-1].span, "return self")


def _switches_parts_on(method: ir.Function) -> bool:
    """Whether it switches parts to TRAIN whatever the mode: as meant."""
    return any(switches_on(c) for c in walk.calls(method.body) if not is_bare_super_train(c))


def _functions(program: Program) -> Iterator[ir.Function]:
    assert program.names is not None
    return iter(program.names.functions.values())


def _calls_super(call: ir.Call, name: str) -> bool:
    return any(mode_for_base(call, asked) is not None for asked in (name, "train"))


RULE = Rule(
    id="MR206",
    name="broken-train-override",
    severity=Severity.ERROR,
    summary="`train` or `eval` overridden without `super`, without `mode`, or without returning self",
    why=(
        "`nn.Module.eval()` is `self.train(False)`. An override that takes no `mode`, does not hand it on "
        "or is a training function of the same name breaks both switches, for every caller."
    ),
    source="https://github.com/roytseng-tw/Detectron.pytorch/issues/104",
    bad="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(self.fc(x))

    def train(self, mode=True):
        self.norm.momentum = 0.1
        return self
""",
    good="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(self.fc(x))

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self
""",
    not_flagged=(
        "an override that hands the mode to `super().train(mode)`, to submodules, or sets `self.training`; "
        "a module frozen by construction (`return self` alone, unless the class calls `self.eval()`, which "
        "then does nothing either); abstract methods; classes that are no modules. `self` not returned is a "
        "note as long as nobody in the file uses the result; a class without any layer that depends on the "
        "mode is a note as well."
    ),
    fix=(
        "what is missing of `mode: bool = True`, `super().train(mode)` first and `return self` last; what an "
        "`eval` does that a model around it skips moves into `train`. A training function of that name "
        "gets another one, where all its callers are in view: unsafe, as other files may call it. A `train` "
        "that does nothing gets no fix: the line to write is told."
    ),
    check=check,
    mend=mend,
    mends_notes=True,
)
