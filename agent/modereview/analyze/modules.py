"""The module classes of a file: what each is built of, and whether a mode changes what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.arguments import argument, constant
from modereview.analyze.classes import has_base_elsewhere, inherited, is_bare_base, module_names
from modereview.analyze.layers import (
    fills_in_view,
    holds_unseen_layers,
    holds_what_it_is_given,
    layer_kinds,
    taken_models,
)
from modereview.analyze.names import Names
from modereview.analyze.options import Options
from modereview.analyze.texts import Text
from modereview.analyze.torchfacts import ALWAYS_ON_DROPOUTS, CONTAINERS
from modereview.records import Layer, ModuleClass, Param

_BUILDING = re.compile(r"_*(build|create|make|init|set_?up)_.*(layer|model|net|module|encoder|decoder|block)")


class Modules:
    """The module classes of a file, each looked at once."""

    def __init__(self, source: Text, names: Names, options: Options) -> None:
        self._source, self._names, self._options = source, names, options
        self.known = module_names(names)
        self._switching: dict[str, bool] = {}
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

    def of_any(self, name: str) -> tuple[tuple[str, ...], bool]:
        """The same of an object that may be of a subclass: one whose own class builds the layers."""
        kinds, opaque = self.sensitivity(name)
        return kinds, opaque or any(map(_is_left_to_subclasses, self._names.classes[name].methods))

    def only_wraps(self, name: str) -> bool:
        """Whether a class has nothing to switch but the models that it takes."""
        return self.own_sensitivity(name) == ((), False) and bool(taken_models(self._names.classes[name]))

    def takes_models(self, name: str) -> bool:
        """Whether a class keeps models that it is built with."""
        return bool(taken_models(self._names.classes[name]))

    def switches_in_forward(self, name: str) -> bool:
        """Whether a class's own `forward` puts a part of it into EVAL, as one that explains a model does."""
        if name not in self._switching:
            forward = self.method(self._names.classes[name], "forward")
            calls = [c.func for c in walk.calls(forward.body)] if forward else []
            own = (walk.dotted(f.base) for f in calls if isinstance(f, ir.Attr) and f.name == "eval")
            self._switching[name] = any((text or "").startswith("self") for text in own)
        return self._switching[name]

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
        kinds, opaque = layer_kinds(calls, self._names, self._options.standing)
        return self._resolve(kinds, opaque or any(map(holds_unseen_layers, calls)))

    def _look(self, cls: ir.Class) -> tuple[tuple[str, ...], bool]:
        building = (call for m in cls.methods if _may_build(m) for call in self._options.standing(m))
        kinds, opaque = layer_kinds(building, self._names, self._options.standing)
        kinds |= {"@" + base.name for b in cls.bases if (base := self._names.class_at(b))}
        opaque = opaque or has_base_elsewhere(cls, self._names, but=is_bare_base)
        assigns = (s for m in cls.methods for s in walk.statements(m.body) if isinstance(s, ir.Assign))
        stored = {target.span for s in assigns for target in s.targets}
        for expr in (e for m in cls.methods for e in walk.all_expressions(m.body) if e.span not in stored):
            if isinstance(expr, ir.Call) and self._names.origin(expr.func) in ALWAYS_ON_DROPOUTS:
                off = constant(argument(expr, "training", 2)) is False
                kinds |= set() if off else {"F.dropout"}
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


def _is_left_to_subclasses(method: ir.Function) -> bool:
    """Whether a method that runs or builds the layers is empty: `def create_layers(self): ...`."""
    named = method.short == "forward" or _BUILDING.match(method.short)
    return bool(named) and all(_does_nothing(s) for s in method.body)


def _does_nothing(statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Leave):
        return statement.how == "raise"
    return isinstance(statement, ir.Do) and isinstance(statement.value, ir.Const)


def _may_build(method: ir.Function) -> bool:
    """Whether layers that a method builds may be of its object: a classmethod makes others."""
    return method.short != "forward" and not any(walk.dotted(d) == "classmethod" for d in method.decorators)


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
