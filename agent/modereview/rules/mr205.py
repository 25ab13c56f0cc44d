"""MR205 unregistered-submodules."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import COLLECTING
from modereview.records import Finding, Fix, ModuleClass, Program, Severity
from modereview.rules import containers, inside, lookup
from modereview.rules.base import Rule, fix
from modereview.rules.held import Held, container, held
from modereview.rules.spelling import spelled

# A class that says itself what its parameters are, or where modes and devices go, keeps its lists on purpose.
_REGISTERING = frozenset({"add_module", "register_module", "setattr", "__setattr__"})
_READING = frozenset(
    "len print enumerate zip range reversed sum max min iter sorted isinstance list tuple".split()
)
_BY_HAND = frozenset("train parameters named_parameters modules named_modules _apply __setattr__".split())


def check(program: Program) -> Iterator[Finding]:
    """Layers that a module keeps in a plain list, tuple, dict or lambda and nowhere else."""
    for module in program.modules:
        own = tuple(inside.lineage(program, module.name))
        if any(cls.method(name) for cls in own for name in _BY_HAND):
            continue
        for each in held(program, module.name):
            if not any(_registers(method, each) for cls in own for method in cls.methods):
                yield _finding(program, module, each)


def _registers(method: ir.Function, each: Held) -> bool:
    """Whether a method registers modules by name, hands the container on, or assigns what is no container."""
    names = each.names | frozenset(_taken_over(method, each.names))
    for call in walk.calls(method.body):
        name = call.func.name if isinstance(call.func, ir.Attr) else walk.dotted(call.func) or ""
        if name in _REGISTERING:
            return True
        if name not in _READING and any(
            _mentions(a, names) for a in (*call.args, *(v for _, v in call.kwargs))
        ):
            return method.short != "forward"
    return any(
        walk.dotted(target) == each.attr and not container(value) and isinstance(value, ir.Call)
        for statement in walk.statements(method.body)
        for target, value in lookup.bindings(statement)
    )


def _taken_over(method: ir.Function, names: frozenset[str]) -> Iterator[str]:
    """Other lists that a loop over one puts its items into: `for conv in convs: sequence.append(conv)`."""
    for loop in walk.statements(method.body):
        if not isinstance(loop, ir.Loop) or loop.iterable is None or loop.target is None:
            continue
        if any(walk.dotted(part) in names for part in walk.subexpressions(loop.iterable)):
            items = {part.id for part in walk.subexpressions(loop.target) if isinstance(part, ir.Name)}
            for call in walk.calls(loop.body):
                match call:
                    case ir.Call(ir.Attr(base, name), args) if name in COLLECTING:
                        if items & {walk.dotted(given) for given in args} and (into := walk.dotted(base)):
                            yield into


def _mentions(argument: ir.Expr, names: frozenset[str]) -> bool:
    """`layers`, `*layers`, `list(layers.values())` or a comprehension over it: not one of its items."""
    match argument:
        case ir.Star(inner) | ir.Call(ir.Name("list" | "tuple" | "sorted" | "reversed"), (inner,)):
            return _mentions(inner, names)
        case ir.Call(ir.Attr(base, "values" | "items"), ()):
            return _mentions(base, names)
        case ir.Comprehension():
            return argument.iterable is not None and _mentions(argument.iterable, names)
        case _:
            return walk.dotted(argument) in names


def _finding(program: Program, module: ModuleClass, each: Held) -> Finding:
    modes = "drops" if "ropout" in each.kind else "stays in TRAIN" if "BatchNorm" in each.kind else ""
    harm = f"; it {modes} in EVAL too" if modes else ""
    return RULE.finding(
        program,
        each.span,
        f"`{each.attr}` is a plain {each.container}: no mode, optimizer or device reaches its {each.kind}",
        severity=_severity(program, each, depends=bool(modes)),
        facts=(f"`{module.name}` registers modules, not what a {each.container} holds{harm}",),
        function=each.function,
        subject=each.attr,
    )


def _severity(program: Program, each: Held, *, depends: bool) -> Severity | None:
    """Less where only the name of a class says that it is a layer; a note unless it says a mode, too."""
    if each.hidden or (_unseen(program, each) and not depends):
        return Severity.NOTE
    return Severity.WARNING if _unseen(program, each) else None


def _unseen(program: Program, each: Held) -> bool:
    """Whether only the name of the class says that it is a layer."""
    assert program.names is not None
    return not program.names.imports.get(each.kind, "torch.").startswith("torch.")


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`nn.ModuleList` around a display of layers. Never by itself: checkpoints change."""
    assert program.names is not None
    module = program.module(finding.function.rpartition(".")[0])
    found = held(program, module.name) if module else iter(())
    each = next((e for e in found if e.span == finding.span), None)
    kind = {"list": "ModuleList", "tuple": "ModuleList", "dict": "ModuleDict"}.get(
        each.container if each else ""
    )
    if each is None or kind is None or not _only_layers(each) or not containers.fit(program, each, kind):
        return
    text = "" if each.grows else inside.text_of(program, each.value)
    name = spelled(program, f"torch.nn.{kind}")
    yield fix(
        program.source,
        finding,
        f"keep `{finding.subject}` in `{name.text}`",
        edits.replace(program.source, each.value.span, f"{name.text}({text})"),
        *name.imports,
        consequence="the layers are trained, saved and moved from now on: `state_dict` gains entries",
        safe=False,
    )


def _only_layers(each: Held) -> bool:
    """A display or comprehension of calls that build, or an empty list that grows by such alone."""
    match each.value:
        case ir.Items(()) if each.container == "list" and each.attr in each.names and len(each.names) == 1:
            return each.only_layers
        case ir.Items(items):
            return not each.grows and all(isinstance(i, ir.Call) for i in items)
        case ir.Pairs(pairs):
            keys = all(isinstance(k, ir.Const) and isinstance(k.value, str) for k, _ in pairs)
            return not each.grows and keys and all(isinstance(v, ir.Call) for _, v in pairs)
        case ir.Comprehension(element=element):
            return not each.grows and isinstance(element, ir.Call) and walk.dotted(element.func) != "zip"
        case _:
            return False


RULE = Rule(
    id="MR205",
    name="unregistered-submodules",
    severity=Severity.ERROR,
    summary="layers kept in a plain list, tuple, dict or lambda: no `eval()` and no optimizer reaches them",
    why=(
        "A module knows its submodules by assignment only. Those in a plain list stay in TRAIN after "
        "`eval()`, get no gradient step, stay on the CPU and are missing in the checkpoint."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html",
    bad="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Dropout(0.5)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    good="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Dropout(0.5)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    not_flagged=(
        "layers without parameters or mode (`nn.ReLU()`, losses, pooling); layers that are also attributes; "
        "lists that `add_module`, `setattr`, `nn.Sequential(*layers)` or `nn.ModuleList(layers)` registers; "
        "classes with a `train`, `parameters` or `_apply` of their own. A single network in a one-element "
        "list is how people hide one on purpose: a note."
    ),
    fix=(
        "`nn.ModuleList` or `nn.ModuleDict` around it, offered only: a checkpoint made before lacks the "
        "layers."
    ),
    check=check,
    mend=mend,
    safe=False,
)
