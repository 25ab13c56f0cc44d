"""Which expressions build a layer that its owner must know of: one with parameters or with a mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import CONTAINERS, FLUENT, LIBRARY_MODELS, SENSITIVE_LAYERS
from modereview.records import Program
from modereview.rules import inside

# torch.nn documentation: linear, convolution, recurrent, transformer, sparse and affine norm layers.
_PARAMETERS = re.compile(
    r"(Lazy)?(Linear|Conv(Transpose)?\dd)|Bilinear|Embedding(Bag)?|LayerNorm|GroupNorm|RMSNorm|PReLU"
    r"|(LSTM|GRU|RNN)(Cell)?|MultiheadAttention|Transformer\w*|AdaptiveLogSoftmaxWithLoss"
)

# Classes that are not in view and that people call so are layers: `DropoutWrapper`, `ConvBlock`.
_NAMED_A_LAYER = re.compile(
    r"[A-Z]\w*(Layer|Block|Linear|Conv(\dd)?|Norm(\dd)?|Embedding|Attention|MLP|LSTM|GRU)|Dropout\w*|\w+Dropout"
)


def layer(program: Program, expr: ir.Expr, cls: str = "", seen: frozenset[str] = frozenset()) -> str | None:
    """The kind of the layer that a call builds: "Linear", "Block"; None for all else, `nn.ReLU()` included.

    Functions of the file, and methods of `cls`, are looked into: it is what they return.
    """
    if not isinstance(expr, ir.Call) or program.names is None:
        return None
    text, origin = walk.dotted(expr.func) or "", program.names.origin(expr.func) or ""
    last = origin.rpartition(".")[2]
    if origin.startswith("torch.nn.") and last in CONTAINERS:
        return next((k for c in _inner(expr) if (k := layer(program, c, cls, seen))), None)
    if origin.startswith("torch.nn.") and (last in SENSITIVE_LAYERS or _PARAMETERS.fullmatch(last)):
        return last
    if origin.startswith(tuple(p for p in LIBRARY_MODELS if p != "torch.nn.")):
        return last
    if origin == "copy.deepcopy" and expr.args:
        return layer(program, expr.args[0], cls, seen)
    if isinstance(expr.func, ir.Attr) and expr.func.name in FLUENT | {"eval", "train"}:
        return layer(program, expr.func.base, cls, seen)
    if named_a_layer(program, expr):
        return last
    if program.module(text) is not None:
        return text if _stateful(program, text, seen) else None
    return None if text in seen else _returned(program, text, cls, seen | {text})


def named_a_layer(program: Program, call: ir.Expr) -> bool:
    """Whether a call builds an object of a class that is not in view and is called like a layer."""
    origin = program.names.origin(call.func) if program.names and isinstance(call, ir.Call) else None
    elsewhere = origin is not None and not origin.startswith("torch.")
    return elsewhere and _NAMED_A_LAYER.fullmatch((origin or "").rpartition(".")[2]) is not None


def _inner(call: ir.Call) -> Iterator[ir.Expr]:
    return (e for a in call.args for e in walk.subexpressions(a))


def _stateful(program: Program, name: str, seen: frozenset[str]) -> bool:
    """Whether a class of the file holds parameters or reads its mode."""
    module = program.module(name)
    if name in seen or module is None:
        return False
    if module.sensitive or module.opaque:
        return True
    for cls in inside.lineage(program, name):
        for call in (c for m in cls.methods for c in walk.calls(m.body)):
            if layer(program, call, "", seen | {name}) or (walk.dotted(call.func) or "").endswith(
                "Parameter"
            ):
                return True
    return False


def _returned(program: Program, text: str, cls: str, seen: frozenset[str]) -> str | None:
    """The layer that a function of the file, or a method of the class, returns."""
    assert program.names is not None
    own, _, method = text.partition(".")
    function = (
        inside.method_of(program, cls, method) if own == "self" and cls else program.names.functions.get(text)
    )
    for statement in walk.statements(function.body if function else ()):
        if isinstance(statement, ir.Leave) and statement.how == "return" and statement.value:
            kind = layer(program, statement.value, cls, seen)
            if kind:
                return kind
    return None
