"""How people hold norm layers in EVAL while the rest trains: loops, `apply`, helpers, `freeze()`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.records import ModuleClass, Program, Span
from modereview.rules import inside, lookup

_NORM = re.compile(r"batch_?norm|(^|[^a-z])s?bn|_norm\b|norm_", re.IGNORECASE)
# Backbones of torchvision that hold batch norms (torchvision.models, source).
_NORMED = re.compile(
    r"torchvision\.models\..*(resne|densenet|mobilenet|efficientnet|shufflenet|googlenet|inception|mnasnet|regnet|_bn$)"
)
# A network that only measures is not trained with its owner.
_MEASURES = re.compile(r"loss|metric|score|fid|lpips|percept|extract|feature|wrapper|infer", re.IGNORECASE)
_WALKS = frozenset({"modules", "named_modules", "children", "named_children"})


@dataclass(frozen=True)
class Freeze:
    """A place that puts norm layers, or a submodule, in EVAL."""

    target: str  # the model, as written: "model", "self", "self.backbone"
    span: Span
    part: bool = False  # whether it is a submodule that is switched, whole


def freezes(program: Program, body: ir.Block) -> Iterator[Freeze]:
    """The places of a body that freeze norm layers, directly or through a function of the file."""
    for statement in walk.statements(body):
        yield from _by_loop(program, statement)
    for call in walk.calls(body):
        yield from _by_call(program, call)


def submodules(body: ir.Block) -> Iterator[Freeze]:
    """`model.backbone.eval()`: a part of a model, switched by itself."""
    for call in walk.calls(body):
        text = walk.dotted(call.func.base) if isinstance(call.func, ir.Attr) else None
        if text and "." in text and switches_off(call):
            yield Freeze(text, call.span, part=True)


def at_construction(program: Program, module: ModuleClass) -> Freeze | None:
    """The first place where `__init__`, or what it calls on `self`, freezes norm layers."""
    started = inside.reached(program, module.name, "__init__")
    return next((f for method in started for f in norms_of(program, module, method)), None)


def norms_of(program: Program, module: ModuleClass, method: ir.Function) -> list[Freeze]:
    """Where a method freezes norm layers of `self`, or submodules of it that are known to hold some."""
    found = [f for f in freezes(program, method.body) if f.target.split(".")[0] == "self"]
    if _MEASURES.search(module.name) or len(module.layers) < 2:
        return found
    kinds = {f"self.{layer.attr}": layer.kind for layer in module.layers}
    return found + [f for f in submodules(method.body) if _normed(program, kinds.get(f.target, ""))]


def _normed(program: Program, kind: str) -> bool:
    """Whether a layer of that kind is, or is known to hold, a batch norm."""
    assert program.names is not None
    first, _, rest = kind.partition(".")
    origin = ".".join(filter(None, (program.names.imports.get(first, first), rest)))
    known = program.module(kind)
    return "BatchNorm" in kind or bool(_NORMED.match(origin)) or (known is not None and known.normed)


def switches_off(call: ir.Call) -> bool:
    """`x.eval()` or `x.train(False)`."""
    if not isinstance(call.func, ir.Attr):
        return False
    given = lookup.argument(call, "mode", 0)
    return (call.func.name == "eval" and not call.args) or (
        call.func.name == "train" and lookup.constant(given) is False
    )


def switches_on(call: ir.Call) -> str | None:
    """What `x.train()` or `x.train(True)` is called on."""
    given = lookup.argument(call, "mode", 0)
    plain = (not call.args and not call.kwargs) or lookup.constant(given) is True
    if isinstance(call.func, ir.Attr) and call.func.name == "train" and plain:
        return walk.dotted(call.func.base)
    return None


def _by_loop(program: Program, statement: ir.Stmt) -> Iterator[Freeze]:
    """`for m in model.modules(): if isinstance(m, nn.BatchNorm2d): m.eval()`."""
    if not isinstance(statement, ir.Loop) or not isinstance(statement.iterable, ir.Call):
        return
    func = statement.iterable.func
    model = walk.dotted(func.base) if isinstance(func, ir.Attr) and func.name in _WALKS else None
    if model and _freezes_each(program, statement.body):
        yield Freeze(model, statement.span)


def _freezes_each(program: Program, body: ir.Block) -> bool:
    """Whether something of the body is switched off under a condition that speaks of norms."""
    for statement in walk.statements(body):
        if not isinstance(statement, ir.If) or not any(switches_off(c) for c in walk.calls(statement.body)):
            continue
        if _NORM.search(program.source.slice(statement.test.span)):
            return True
    return _NORM.search(_skips(program, body)) is not None and any(switches_off(c) for c in walk.calls(body))


def _skips(program: Program, body: ir.Block) -> str:
    """Conditions that leave early, and what a class name is searched for."""
    branches = (s for s in walk.statements(body) if isinstance(s, ir.If) and s.body)
    leaving = (s.test for s in branches if isinstance(s.body[-1], ir.Leave))
    return " ".join(program.source.slice(test.span) for test in leaving)


def _by_call(program: Program, call: ir.Call) -> Iterator[Freeze]:
    """`model.apply(set_bn_eval)`, `freeze_bn(model)`, `model.freeze_bn()`."""
    assert program.names is not None
    functions = program.names.functions
    match call:
        case ir.Call(ir.Attr(base, "apply"), (ir.Name(id), *_)) if id in functions:
            inner = functions[id]
            if (model := walk.dotted(base)) and _freezes_each(program, inner.body):
                yield Freeze(model, call.span)
        case ir.Call(ir.Name(id), (first, *_)) if id in functions and functions[id].params:
            inner = functions[id]
            model = walk.dotted(first)
            if model and any(t == inner.params[0].name for t in _looped(program, inner)):
                yield Freeze(model, call.span)
        case ir.Call(ir.Attr(base, name), ()) if (model := walk.dotted(base)) and name not in (
            "eval",
            "train",
        ):
            methods = (m for c in program.names.classes.values() if (m := c.method(name)))
            if any(t.split(".")[0] == "self" for m in methods for t in _looped(program, m)):
                yield Freeze(model, call.span)


def _looped(program: Program, function: ir.Function) -> Iterator[str]:
    """The models over whose modules a function loops to freeze norms."""
    for statement in walk.statements(function.body):
        yield from (f.target for f in _by_loop(program, statement))
