"""What calls build: layers that depend on the mode, containers, models that a class is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import (
    CONTAINERS,
    DROPOUT_ARGUMENT,
    DROPOUT_POSITION,
    MODELESS,
    SENSITIVE_LAYERS,
    TRACKING_LAYERS,
    TRACKING_POSITION,
    names_a_model,
)

# Classes that people call so are no layers.
_NO_LAYER = re.compile(
    r"(Adam\w*|SGD|Optimizer|Scheduler|Config|Dataset|Loader|Tokenizer|Logger|Loss|Error|File|Path|Writer"
    r"|Namespace|Counter|Timer|Metric)$"
)
_BUILDER = re.compile(r"^(build|create|make|get|load)_(\w+_)?(model|net|network|backbone|encoder)s?(_|$)")
_CONVOLUTION = re.compile(r"torch_geometric\.nn\.(conv\.(\w+\.)?)?\w+Conv$")
_PLAIN = ("str", "int", "float", "bool", "dict", "list", "tuple", "bytes")


def _all_calls(function: ir.Function) -> Iterator[ir.Call]:
    return walk.calls(function.body)


def layer_kinds(
    calls: Iterable[ir.Call],
    names: Names,
    made_in: Callable[[ir.Function], Iterable[ir.Call]] = _all_calls,
    seen: frozenset[str] = frozenset(),
) -> tuple[set[str], bool]:
    """Kinds of mode-sensitive layers that the calls build, and whether some layer's kind is unknown.

    Functions of the file that build layers are looked into, as far as `made_in` says; classes of the file
    are left as their name, with a leading "@", for the caller to resolve; "@=" where the models that it
    takes are in view as well.
    """
    kinds: set[str] = set()
    opaque = False
    for call in calls:
        text, origin = walk.dotted(call.func) or "", names.origin(call.func) or ""
        cls, function = names.class_at(call.func), names.function_at(call.func)
        if cls is not None:
            kinds.add(("@=" if fills_in_view(call, cls, names) else "@") + cls.name)
        elif function is not None and function.name not in seen:
            more, unclear = layer_kinds(made_in(function), names, made_in, seen | {function.name})
            unseen = not more and _BUILDER.match(function.short) is not None  # it builds in another way
            kinds, opaque = kinds | more, opaque or unclear or unseen
        elif origin.startswith("torch.nn.") and "functional" not in origin:
            kinds |= set(_known_layer(origin.rpartition(".")[2], call))
        elif _builds_unknown_layer(text, origin, call) or _builds_chosen(call.func, names):
            opaque = True
    return kinds, opaque


def _builds_chosen(func: ir.Expr, names: Names) -> bool:
    """Whether an import's class is chosen by its name: `nets.__dict__[arch]()`, `getattr(nets, arch)()`."""
    match func:
        case ir.Item(base):
            return names.origin(base) is not None
        case ir.Call(ir.Name("getattr"), (base, *_)):
            return names.origin(base) is not None
        case _:
            return False


def taken_models(cls: ir.Class) -> frozenset[str]:
    """Parameters of `__init__` that it keeps as models: by name, by a call of what is kept, or in a list."""
    init = cls.method("__init__")
    given = {p.name for p in init.params if not _is_plain(p)} - {"self"} if init else set()
    called = {walk.dotted(c.func) for m in cls.methods for c in walk.calls(m.body)}
    found = set()
    for statement in walk.statements(init.body if init else ()):
        if not isinstance(statement, ir.Assign):
            continue
        keeps_called = any(walk.dotted(target) in called for target in statement.targets)
        match statement.value:
            case ir.Name(id) if id in given and (keeps_called or names_a_model(id)):
                found.add(id)
            case ir.Call(func, args) if (walk.dotted(func) or "").rpartition(".")[2] in CONTAINERS:
                spread = (a.value if isinstance(a, ir.Star) else a for a in args)
                found |= {a.id for a in spread if isinstance(a, ir.Name) and a.id in given}
    return frozenset(found)


def holds_what_it_is_given(cls: ir.Class, names: Names) -> bool:
    """Whether a class is built of its arguments alone, as the container of torch that it inherits from."""
    kinds = ((names.origin(base) or "").rpartition(".")[2] for base in cls.bases)
    return cls.method("__init__") is None and not CONTAINERS.isdisjoint(kinds)


def _is_plain(parameter: ir.Parameter) -> bool:
    """Whether the annotation says that it is no model: `act: str`."""
    return (walk.dotted(parameter.annotation) if parameter.annotation else None) in _PLAIN


def fills_in_view(call: ir.Call, cls: ir.Class, names: Names) -> bool:
    """Whether the models that a class takes are built in the call itself: `Residual(Block(4))`."""
    if holds_what_it_is_given(cls, names):
        return all(_is_in_view(a, names) for a in call.args)
    taken = taken_models(cls)
    init = cls.method("__init__")
    if not taken or init is None:
        return True
    rows = init.params[1:]
    open_ended = any(p.kind in ("*", "**") and p.name in taken for p in rows)
    if open_ended or None in dict(call.kwargs) or any(isinstance(a, ir.Star) for a in call.args):
        return False
    given = {p.name: p.default for p in rows}
    given.update(zip((p.name for p in rows), call.args, strict=False))
    given.update({k: v for k, v in call.kwargs if k is not None})
    return all(_is_in_view(given.get(name), names) for name in taken)


def _is_in_view(given: ir.Expr | None, names: Names) -> bool:
    """Whether what is given is no model, or one that is built on the spot of what is in view."""
    match given:
        case ir.Const() | ir.Lambda():
            return True
        case ir.Call(func):
            return names.class_at(func) is not None or (names.origin(func) or "").startswith("torch.nn.")
        case ir.Name(id):
            nested = any(f.method_of is None and f.name.endswith(f".{id}") for f in names.functions.values())
            return names.function_at(given) is not None or nested
        case _:
            return False


def _known_layer(kind: str, call: ir.Call) -> Iterator[str]:
    if kind in SENSITIVE_LAYERS:
        rate = call.args[0] if call.args else dict(call.kwargs).get("p")
        never_drops = "Dropout" in kind and isinstance(rate, ir.Const) and rate.value == 0
        if not never_drops:
            yield kind
    elif kind in TRACKING_LAYERS:
        positional = call.args[TRACKING_POSITION] if len(call.args) > TRACKING_POSITION else None
        tracks = dict(call.kwargs).get("track_running_stats") or positional
        if isinstance(tracks, ir.Const) and tracks.value is True:
            yield f"{kind} (running statistics)"
    elif kind in DROPOUT_ARGUMENT:
        position = DROPOUT_POSITION[kind]
        positional = call.args[position] if len(call.args) > position else None
        given = dict(call.kwargs).get("dropout") or positional
        never = (
            given.value == 0 if isinstance(given, ir.Const) else given is None and not DROPOUT_ARGUMENT[kind]
        ) or _has_one_layer(kind, call)
        if not never:
            yield f"{kind} (dropout)"


def holds_unseen_layers(call: ir.Call) -> bool:
    """Whether a container is filled with what was built elsewhere: `nn.Sequential(*layers)`."""
    container = (walk.dotted(call.func) or "").rpartition(".")[2] in CONTAINERS
    given = (a.value if isinstance(a, ir.Star) else a for a in call.args)
    return container and any(isinstance(a, ir.Name | ir.Attr | ir.Item) for a in given)


def _has_one_layer(kind: str, call: ir.Call) -> bool:
    """Whether a recurrent network drops nowhere: it does so between its layers (torch.nn.LSTM, `dropout`)."""
    if kind not in ("LSTM", "GRU", "RNN"):
        return False
    layers = call.args[2] if len(call.args) > 2 else dict(call.kwargs).get("num_layers")
    spread = None in dict(call.kwargs) or any(isinstance(a, ir.Star) for a in call.args)
    return not spread and (layers is None or (isinstance(layers, ir.Const) and layers.value == 1))


def _is_plain_convolution(origin: str, call: ir.Call) -> bool:
    """Whether it is a convolution of PyTorch Geometric: they drop what `dropout` says, 0 unless given."""
    return bool(_CONVOLUTION.match(origin)) and not {"dropout", None} & set(dict(call.kwargs))


def _builds_unknown_layer(text: str, origin: str, call: ir.Call) -> bool:
    """Whether a call may build a module that is not in view: `timm.create_model`, `models.resnet18`."""
    last = (origin or text).rpartition(".")[2]
    if origin.startswith(MODELESS) or _NO_LAYER.search(last) or _is_plain_convolution(origin, call):
        return False
    if origin.startswith(("torch.", "math.", "numpy.", "typing.", "collections.", "functools.")):
        return origin.startswith("torch.hub")
    return (
        "from_pretrained" in last
        or _BUILDER.match(last) is not None
        or (bool(origin) and (last[:1].isupper() or "models." in origin))
    )
