"""Which classes are modules, what they are built of, and whether a mode changes what they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.texts import Text
from modereview.analyze.torchfacts import (
    ALWAYS_ON_DROPOUTS,
    CONTAINERS,
    DROPOUT_ARGUMENT,
    DROPOUT_POSITION,
    MODELESS,
    SENSITIVE_LAYERS,
    TRACKING_LAYERS,
    TRACKING_POSITION,
    names_a_model,
)
from modereview.records import Layer, ModuleClass, Param

# Classes that people call so are no layers.
_NO_LAYER = re.compile(
    r"(Adam\w*|SGD|Optimizer|Scheduler|Config|Dataset|Loader|Tokenizer|Logger|Loss|Error|File|Path|Writer"
    r"|Namespace|Counter|Timer|Metric)$"
)
_FORWARD = re.compile(r"forward_(?!.*(backward|step|pass|batch|epoch|loop))")
_BUILDER = re.compile(r"^(build|create|make|get|load)_(\w+_)?(model|net|network|backbone|encoder)s?(_|$)")
# Bases of libraries that add no layer (their source).
_BARE_BASES = (
    ".LightningModule",
    ".PreTrainedModel",
    ".ModelMixin",
    ".ConfigMixin",
    ".GenerationMixin",
    ".PyTorchModelHubMixin",
)
_PLAIN = ("str", "int", "float", "bool", "dict", "list", "tuple", "bytes")
# Bases from here make no module, whatever methods a class has.
_NO_MODULES = ("abc.", "typing.", "torch.", "enum.")


def module_names(names: Names) -> frozenset[str]:
    """Qualified names of the classes that are modules, by inheritance in the file and by import alias.

    A class with a `forward` method is taken for one as well where a base, or a base's base, is not in view.
    """
    found = {c.name for c in names.classes.values() if _comes_from_elsewhere(c, names) and _runs_forward(c)}
    for _ in names.classes:  # at most one new level of inheritance a round
        more = {c.name for c in names.classes.values() if any(_is_module(b, names, found) for b in c.bases)}
        if more <= found:
            break
        found |= more
    return frozenset(found)


def _is_module(base: ir.Expr, names: Names, known: set[str]) -> bool:
    cls = names.class_at(base)
    origin = names.origin(base) or ""
    return (
        (cls is not None and cls.name in known)
        or origin.startswith("torch.nn.")
        or origin.endswith((".LightningModule", ".Module", "ModelMixin", "PreTrainedModel"))
    )


def _runs_forward(cls: ir.Class) -> bool:
    """Whether it has a `forward` of instances, or a `forward_asr`; that of an autograd function is static.

    A `forward_backward` is a trainer's.
    """
    names = [m.short for m in cls.methods if [p.name for p in m.params[:1]] == ["self"]]
    return "forward" in names or (any(map(_FORWARD.match, names)) and not _goes_backward(cls))


def _goes_backward(cls: ir.Class) -> bool:
    calls = (c for m in cls.methods for c in walk.calls(m.body))
    return any(isinstance(c.func, ir.Attr) and c.func.name == "backward" for c in calls)


def _has_base_elsewhere(
    cls: ir.Class, names: Names, but: Callable[[str], bool] = lambda origin: False
) -> bool:
    """Whether a base is imported from a file that is not in view; torch's own and `but` are known."""
    origins = [names.origin(b) or "" for b in cls.bases if names.class_at(b) is None]
    return any(o and not o.startswith(_NO_MODULES) and not but(o) for o in origins)


def _comes_from_elsewhere(cls: ir.Class, names: Names) -> bool:
    """Whether some base of it, or of its bases in view, is not in view."""
    todo, seen = [cls], {cls.name}
    while todo:
        each = todo.pop()
        if _has_base_elsewhere(each, names):
            return True
        more = [c for b in each.bases if (c := names.class_at(b)) is not None and c.name not in seen]
        seen |= {c.name for c in more}
        todo += more
    return False


def _is_bare_base(origin: str) -> bool:
    """Whether a base of a library adds no layer that depends on the mode."""
    return origin.endswith(_BARE_BASES) or origin.startswith(MODELESS)


def inherited(cls: ir.Class, name: str, names: Names) -> ir.Function | None:
    """The method of that name of the bases in view: what `super()` means in a method of the class."""
    todo, seen = [*cls.bases], {cls.name}
    while todo:
        base = names.class_at(todo.pop(0))
        if base is None or base.name in seen:
            continue
        own = base.method(name)
        if own is not None:
            return own
        seen.add(base.name)
        todo = [*base.bases, *todo]
    return None


def is_framework_class(cls: ir.Class, names: Names) -> bool:
    """Whether a framework calls the class's hooks and switches modes around them (Lightning and kin)."""
    return any(
        any(word in (names.origin(b) or walk.dotted(b) or "") for word in ("Lightning", "pl.", "Callback"))
        for b in cls.bases
    )


def layer_kinds(
    calls: Iterable[ir.Call], names: Names, seen: frozenset[str] = frozenset()
) -> tuple[set[str], bool]:
    """Kinds of mode-sensitive layers that the calls build, and whether some layer's kind is unknown.

    Functions of the file that build layers are looked into; classes of the file are left as their name,
    with a leading "@", for the caller to resolve; "@=" where the models that it takes are in view as well.
    """
    kinds: set[str] = set()
    opaque = False
    for call in calls:
        text, origin = walk.dotted(call.func) or "", names.origin(call.func) or ""
        cls, function = names.class_at(call.func), names.function_at(call.func)
        if cls is not None:
            kinds.add(("@=" if fills_in_view(call, cls, names) else "@") + cls.name)
        elif function is not None and function.name not in seen:
            more, unclear = layer_kinds(walk.calls(function.body), names, seen | {function.name})
            unseen = not more and _BUILDER.match(function.short) is not None  # it builds in another way
            kinds, opaque = kinds | more, opaque or unclear or unseen
        elif origin.startswith("torch.nn.") and "functional" not in origin:
            kinds |= set(_known_layer(origin.rpartition(".")[2], call))
        elif _builds_unknown_layer(text, origin) or _builds_chosen(call.func, names):
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


def _holds_unseen_layers(call: ir.Call) -> bool:
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


def _builds_unknown_layer(text: str, origin: str) -> bool:
    """Whether a call may build a module that is not in view: `timm.create_model`, `models.resnet18`."""
    last = (origin or text).rpartition(".")[2]
    if origin.startswith(MODELESS) or _NO_LAYER.search(last):
        return False
    if origin.startswith(("torch.", "math.", "numpy.", "typing.", "collections.", "functools.")):
        return origin.startswith("torch.hub")
    return (
        "from_pretrained" in last
        or _BUILDER.match(last) is not None
        or (bool(origin) and (last[:1].isupper() or "models." in origin))
    )


class Modules:
    """The module classes of a file, each looked at once."""

    def __init__(self, source: Text, names: Names) -> None:
        self._source, self._names = source, names
        self.known = module_names(names)
        self._sensitive: dict[str, tuple[tuple[str, ...], bool]] = {}  # without the models that they take

    def describe(self, name: str) -> ModuleClass:
        """Everything the plan needs to know of one class; build sites are added by the caller."""
        cls = self._names.classes[name]
        return replace(
            self.outline(name),
            init=params(self._source, self.method(cls, "__init__")),
            forward=params(self._source, self.method(cls, "forward")),
        )

    def outline(self, name: str) -> ModuleClass:
        """What the rules need to know of it: no signatures, which may lie in the text of a neighbour."""
        cls = self._names.classes[name]
        sensitive, opaque = self.sensitivity(name)
        return ModuleClass(
            name=name,
            span=cls.span,
            layers=tuple(self._layers(cls)),
            init=(),
            forward=(),
            has_forward=self.method(cls, "forward") is not None,
            sensitive=sensitive,
            opaque=opaque,
        )

    def method(self, cls: ir.Class, name: str) -> ir.Function | None:
        """The method of that name, the file's own base classes included."""
        return cls.method(name) or inherited(cls, name, self._names)

    def sensitivity(self, name: str) -> tuple[tuple[str, ...], bool]:
        """Mode-sensitive kinds known for certain, and whether layers of unknown kind are inside."""
        cls = self._names.classes[name]
        kinds, opaque = self.own_sensitivity(name)
        return kinds, opaque or bool(taken_models(cls)) or holds_what_it_is_given(cls, self._names)

    def own_sensitivity(self, name: str) -> tuple[tuple[str, ...], bool]:
        """The same without the models that it takes."""
        if name not in self._sensitive:
            self._sensitive[name] = ((), False)  # ends recursion of classes that hold each other
            self._sensitive[name] = self._look(self._names.classes[name])
        return self._sensitive[name]

    def built(self, name: str, call: ir.Call) -> tuple[tuple[str, ...], bool]:
        """The same of what a call builds: the models that it is given may be in view."""
        if not fills_in_view(call, self._names.classes[name], self._names):
            return self.sensitivity(name)
        kinds, opaque = self.own_sensitivity(name)
        given = [self.of_expression(a) for a in (*call.args, *(v for _, v in call.kwargs))]
        more = {kind for part, _ in given for kind in part}
        return tuple(sorted({*kinds, *more})), opaque or any(unclear for _, unclear in given)

    def of_expression(self, expr: ir.Expr) -> tuple[tuple[str, ...], bool]:
        """The same for a model built by an expression: `nn.Sequential(nn.Linear(1, 2), nn.Dropout())`."""
        calls = [e for e in walk.subexpressions(expr) if isinstance(e, ir.Call)]
        kinds, opaque = layer_kinds(calls, self._names)
        return self._resolve(kinds, opaque or any(map(_holds_unseen_layers, calls)))

    def _look(self, cls: ir.Class) -> tuple[tuple[str, ...], bool]:
        building = (call for m in cls.methods if m.short != "forward" for call in walk.calls(m.body))
        kinds, opaque = layer_kinds(building, self._names)
        kinds |= {"@" + base.name for b in cls.bases if (base := self._names.class_at(b))}
        opaque = opaque or _has_base_elsewhere(cls, self._names, but=_is_bare_base)
        for expr in (e for m in cls.methods for e in walk.all_expressions(m.body)):
            if isinstance(expr, ir.Call) and self._names.origin(expr.func) in ALWAYS_ON_DROPOUTS:
                kinds.add("F.dropout")
            if isinstance(expr, ir.Attr) and expr.name == "training" and walk.dotted(expr) == "self.training":
                kinds.add("self.training")
        return self._resolve(kinds, opaque)

    def _resolve(self, kinds: set[str], opaque: bool) -> tuple[tuple[str, ...], bool]:
        plain = {k for k in kinds if not k.startswith("@")}
        for kind in sorted(k for k in kinds if k.startswith("@")):
            name = kind.lstrip("@=")
            if name in self.known:
                more, unclear = (self.own_sensitivity if kind[1] == "=" else self.sensitivity)(name)
                plain, opaque = plain | set(more), opaque or unclear
        return tuple(sorted(plain)), opaque

    def _layers(self, cls: ir.Class) -> Iterator[Layer]:
        init = cls.method("__init__")
        for statement in walk.statements(init.body if init else ()):
            if not isinstance(statement, ir.Assign) or not isinstance(statement.value, ir.Call):
                continue
            for target in statement.targets:
                text = walk.dotted(target) or ""
                if text.startswith("self.") and text.count(".") == 1:
                    yield Layer(text[5:], self._kind(statement.value), statement.span)

    def _kind(self, call: ir.Call) -> str:
        origin = self._names.origin(call.func) or ""
        if origin.startswith("torch.nn.") or origin.rpartition(".")[2] in CONTAINERS:
            return origin.rpartition(".")[2]
        return walk.dotted(call.func) or ""


def params(source: Text, function: ir.Function | None) -> tuple[Param, ...]:
    """The parameters of a function or method as source text, `self` and `cls` left out."""
    if function is None:
        return ()
    rows = function.params
    static = any(walk.dotted(d) == "staticmethod" for d in function.decorators)
    if function.method_of and not static and rows and rows[0].kind == "positional":
        rows = rows[1:]
    return tuple(
        Param(
            p.name,
            source.slice(p.default.span) if p.default else None,
            source.slice(p.annotation.span) if p.annotation else None,
            p.kind,
        )
        for p in rows
    )
