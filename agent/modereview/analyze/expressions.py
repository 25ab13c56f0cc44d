"""Evaluating expressions: what a name, attribute or operator may hold in a state.

Every evaluation returns pairs (state, values): a call inside an expression may switch modes, and a
condition that is unknown splits the state in two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from modereview.analyze import ir, walk
from modereview.analyze.modules import Modules
from modereview.analyze.names import Names
from modereview.analyze.relevance import Relevance
from modereview.analyze.torchfacts import names_a_model
from modereview.analyze.values import (
    NOTHING,
    Bound,
    Callable,
    Cause,
    ClassValue,
    Constant,
    Elements,
    External,
    Flag,
    ForwardRun,
    Modes,
    Path,
    Result,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode, Source, Span

Evaluated: TypeAlias = list[tuple[State, ValueSet]]

_STEPS = 150_000  # expressions interpreted before the flow gives up: about 5 s on one core


_DECIDING = (".train", "set_grad_enabled")  # calls whose argument is a condition


class GaveUp(Exception):
    """The file needs more steps than the flow is given."""


@dataclass(frozen=True)
class Frame:
    """One activation of a function: where it was called from and what its names mean."""

    path: Path
    function: ir.Function | None  # None for the top level
    self_value: Thing | None = None
    outer: Frame | None = None  # the frame a nested function closes over
    globals: frozenset[str] = frozenset()  # names declared `global`

    @property
    def name(self) -> str:
        """Qualified name of the function; "" for the top level."""
        return self.function.name if self.function else ""


@dataclass
class Record:
    """What the interpretation has seen so far. It only grows, so meeting a state twice adds nothing."""

    runs: set[ForwardRun] = field(default_factory=set)
    trained: set[ForwardRun] = field(default_factory=set)  # reached a backward and an optimizer step
    differentiated: set[ForwardRun] = field(default_factory=set)  # reached a backward
    called: set[str] = field(default_factory=set)  # functions of the file that were entered
    calls: dict[tuple[str, Span], set[str]] = field(default_factory=dict)  # (caller, span) -> callees
    built: dict[Thing, ir.Call] = field(default_factory=dict)
    activations: dict[Path, str] = field(default_factory=dict)  # the function entered at each path
    roots: set[Span] = field(default_factory=set)  # definitions entered without a call in view
    steps: int = 0


class Expressions(ABC):
    """The half of the interpreter that evaluates; what calls do is in `calls.py`."""

    def __init__(self, source: Source, names: Names, modules: Modules, block: ir.Block) -> None:
        self.source, self.names, self.modules = source, names, modules
        self.relevance = Relevance(names, modules.known)
        self.record = Record()
        tests = list(_tests(block))
        self._repeated = Counter(source.slice(_bare(test).span) for test in tests)
        self._asked = {e.id for t in tests for e in walk.subexpressions(t) if isinstance(e, ir.Name)}
        self._asked |= {e.name for t in tests for e in walk.subexpressions(t) if isinstance(e, ir.Attr)}

    @abstractmethod
    def invoke(self, call: ir.Call, callee: ValueSet, given: Given, state: State, frame: Frame) -> Evaluated:
        """The effect and the result of a call."""

    @abstractmethod
    def yielded(self, state: State, frame: Frame) -> list[State]:
        """What happens where a generator of the file yields to its caller."""

    # --- expressions ---

    def evaluate(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """All (state, values) that the expression may lead to."""
        self.record.steps += 1
        if self.record.steps > _STEPS:
            raise GaveUp
        match expr:
            case ir.Const(value):
                return [(state, _constant(value))]
            case ir.Name():
                return [(state, self.lookup(expr, state, frame))]
            case ir.Attr(base, name):
                return [(s, self.attribute(v, name, base, s)) for s, v in self.evaluate(base, state, frame)]
            case ir.Call(func, _, _):
                return [
                    after
                    for s, callee in self.evaluate(func, state, frame)
                    for s2, given in self.arguments(expr, s, frame)
                    for after in self.invoke(expr, callee, given, s2, frame)
                ]
            case ir.Lambda(function):
                return [(state, frozenset({Callable(function, frame.self_value, frame.path)}))]
            case ir.Comprehension():
                return self.comprehension(expr, state, frame)
            case ir.Yield(value):
                after = self.evaluate(value, state, frame) if value else [(state, NOTHING)]
                return [(s2, NOTHING) for s, _ in after for s2 in self.yielded(s, frame)]
            case ir.Bind(target, value):
                return [(self.bind(target, v, s, frame), v) for s, v in self.evaluate(value, state, frame)]
            case _:
                return self.operation(expr, state, frame)

    def operation(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """Displays, items, conditions and everything else."""
        match expr:
            case ir.Items(items):
                return [
                    (s, frozenset({Elements(tuple(parts))})) for s, parts in self.in_turn(items, state, frame)
                ]
            case ir.Pairs(pairs):
                keys = tuple(k.value if isinstance(k, ir.Const) else k.span for k, _ in pairs)
                return [
                    (s, frozenset({Elements(tuple(parts), keys)}))
                    for s, parts in self.in_turn([v for _, v in pairs], state, frame)
                ]
            case ir.Item(base, key):
                return [
                    (s, _item(parts[0], parts[1])) for s, parts in self.in_turn((base, key), state, frame)
                ]
            case ir.Star(value):
                return self.evaluate(value, state, frame)
            case ir.Choice(test, then, orelse):
                return [
                    after
                    for s, truth in self.decide(test, state, frame)
                    for after in self.evaluate(then if truth else orelse, s, frame)
                ]
            case ir.Logic() | ir.Not() | ir.Compare():
                return self.condition(expr, state, frame)
            case _:
                return [
                    (s, results(frozenset().union(*parts)))
                    for s, parts in self.in_turn(walk.children(expr), state, frame)
                ]

    def in_turn(
        self, exprs: Iterable[ir.Expr], state: State, frame: Frame
    ) -> list[tuple[State, list[ValueSet]]]:
        """The expressions one after the other, each in the states that the ones before it left."""
        rows: list[tuple[State, list[ValueSet]]] = [(state, [])]
        for expr in exprs:
            rows = [
                (after, [*values, value])
                for before, values in rows
                for after, value in self.evaluate(expr, before, frame)
            ]
        return rows

    def arguments(self, call: ir.Call, state: State, frame: Frame) -> list[tuple[State, Given]]:
        """The arguments of a call, `*args` and `**kwargs` spread where they are known."""
        exprs = [*call.args, *(value for _, value in call.kwargs)]
        rows = []
        for after, values in self.in_turn(exprs, state, frame):
            positional: list[ValueSet] = []
            for expr, value in zip(call.args, values, strict=False):
                spread = [v for v in value if isinstance(v, Elements)] if isinstance(expr, ir.Star) else []
                positional += spread[0].items if spread else [value]
            named: dict[str, ValueSet] = {}
            for (key, _), value in zip(call.kwargs, values[len(call.args) :], strict=True):
                if key is not None:
                    named[key] = value
                for known in (v for v in value if isinstance(v, Elements) and key is None):
                    named.update((str(k), v) for k, v in zip(known.keys or (), known.items, strict=False))
            rows.append((after, Given(tuple(positional), named)))
        return rows

    def comprehension(self, expr: ir.Comprehension, state: State, frame: Frame) -> Evaluated:
        """Each known element once; an unknown iterable once, with nothing known of its element."""
        rows: Evaluated = []
        for s, iterable in self.evaluate(expr.iterable, state, frame):
            collected: Evaluated = [(s, NOTHING)]
            for element in elements(iterable) or (results(iterable),):
                collected = [
                    (after, so_far | value)
                    for before, so_far in collected
                    for after, value in self.evaluate(
                        expr.element, self.bind(expr.target, element, before, frame), frame
                    )
                ]
            rows += collected
        return rows

    # --- names and attributes ---

    def lookup(self, name: ir.Name, state: State, frame: Frame) -> ValueSet:
        """What a variable holds: the frame's own, then the enclosing ones', then the file's, then imports."""
        scope: Frame | None = frame
        while scope is not None:
            held = state.get(("name", scope.path, name.id))
            if held is not None:
                return held  # type: ignore[return-value]
            scope = scope.outer
        held = state.get(("name", (), name.id))
        if held is not None:
            return held  # type: ignore[return-value]
        if name.id in self.names.classes:
            return frozenset({ClassValue(self.names.classes[name.id])})
        if name.id in self.names.functions:
            return frozenset({Callable(self.names.functions[name.id])})
        if name.id in self.names.imports:
            return frozenset({External(self.names.imports[name.id])})
        if name.id == "__name__":
            return frozenset({Constant("__main__")})
        if name.id in ("True", "False", "None"):
            return NOTHING
        # Assigned later, or by something that is not in view: an object of its own by name.
        return frozenset({Thing(("global", name.id), name.id, "parameter")})

    def attribute(self, owners: ValueSet, name: str, base: ir.Expr, state: State) -> ValueSet:
        """`base.name` for each value of base."""
        found: set[object] = set()
        for owner in owners:
            match owner:
                case Thing():
                    found |= self.member(owner, name, base, state)
                case External(origin):
                    found.add(External(f"{origin}.{name}"))
                case ClassValue(cls):
                    method = self.modules.method(cls, name)
                    found |= {Callable(method)} if method else set()
                case Result():
                    found |= set() if name in ("data", "shape", "grad") else {owner}
                    found.add(Bound(frozenset({owner}), name, self.source.slice(base.span)))
                case Elements():
                    found.add(Bound(frozenset({owner}), name, self.source.slice(base.span)))
        methods = [v for v in found if isinstance(v, Bound)]
        if methods or not found:
            # One method of whichever owner it is: a switch then reaches all that the name may hold.
            owner = owners if not methods else NOTHING.union(*(m.owner for m in methods))
            found = {v for v in found if not isinstance(v, Bound)}
            found.add(Bound(owner, name, self.source.slice(base.span)))
        return frozenset(found)  # type: ignore[arg-type]

    def member(self, owner: Thing, name: str, base: ir.Expr, state: State) -> ValueSet:
        """An attribute of an object: what was assigned, a method of its class, or a thing of its own."""
        held = state.get(("attr", owner, name))
        if held is not None:
            return held  # type: ignore[return-value]
        if name == "training" and (owner.is_module or self.is_model(owner)):
            return frozenset({Flag(owner, self.modes_of(owner, state))})
        if name == "module" and not owner.is_module:
            return frozenset({owner})
        cls = self.names.classes.get(owner.cls or "")
        method = self.modules.method(cls, name) if cls else None
        if method is not None:
            if any(walk.dotted(d) == "property" for d in method.decorators):
                return frozenset({Thing((owner.key, name), name, "attribute", parent=owner)})
            return frozenset({Callable(method, owner)})
        label = f"{owner.label}.{name}"
        child = Thing((owner.key, name), label, "attribute", parent=owner if owner.is_module else None)
        return frozenset({child, Bound(frozenset({owner}), name, self.source.slice(base.span))})

    def bind(self, target: ir.Expr, values: ValueSet, state: State, frame: Frame) -> State:
        """The state after `target = values`."""
        match target:
            case ir.Name(id):
                path = () if id in frame.globals else frame.path
                return self.forget(id, state).set(("name", path, id), self.kept(id, values))
            case ir.Attr(base, name):
                for s, owners in self.evaluate(base, state, frame):
                    for owner in (o for o in owners if isinstance(o, Thing)):
                        if not self._plain_layer(owner, values):
                            s = s.set(("attr", owner, name), self.kept(name, values))
                    return self.forget(walk.dotted(target) or "", s)
                return state
            case ir.Items(items):
                known = next((v for v in values if isinstance(v, Elements)), None)
                fits = known is not None and len(known.items) == len(items)
                for index, item in enumerate(items):
                    part = known.items[index] if known and fits else results(values)
                    state = self.bind(item, part, state, frame)
                return state
            case ir.Star(value):
                return self.bind(value, results(values), state, frame)
            case ir.Item(base, _):
                return self.collect(base, values, state, frame)
            case _:
                return state

    def kept(self, name: str, values: ValueSet) -> ValueSet:
        """What a name needs to remember: whatever can decide a mode. All else would only multiply states."""
        return frozenset(v for v in values if self._matters(name, v))

    def _matters(self, name: str, value: object) -> bool:
        match value:
            case Constant(constant):
                return name in self._asked and not (type(constant) in (int, float))
            case Thing(origin="call"):
                return self.is_model(value)
            case Bound():
                return value.name in ("eval", "train", "forward")
            case _:
                return True

    def collect(self, base: ir.Expr, values: ValueSet, state: State, frame: Frame) -> State:
        """The state after values went into a container that a name or attribute holds."""
        if isinstance(base, ir.Name) and results(values):
            return state.add(("name", frame.path, base.id), results(values))
        return state

    def forget(self, text: str, state: State) -> State:
        """The state without assumptions about an expression that is assigned anew."""
        return state.drop([c for c in state.cells("assume") if text and text in c[2]])  # type: ignore[operator]

    def _plain_layer(self, owner: Thing, values: ValueSet) -> bool:
        """Layers of torch that a module keeps need no cell: they follow the module."""
        return owner.is_module and any(
            isinstance(v, Thing) and v.origin == "library" and (v.cls or "").startswith("torch.nn.")
            for v in values
        )

    # --- conditions ---

    def condition(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """The value of `not`, `and`, `or` and comparisons, folded where it is known."""
        match expr:
            case ir.Compare(op, left, right):
                return [
                    (s, _compare(op, parts[0], parts[1]))
                    for s, parts in self.in_turn((left, right), state, frame)
                ]
            case ir.Not(operand):
                return [(s, _negate(v)) for s, v in self.evaluate(operand, state, frame)]
            case _:
                assert isinstance(expr, ir.Logic)
                rows: Evaluated = [(state, _constant(expr.conjunction))]
                for operand in expr.operands:
                    rows = [
                        after
                        for s, so_far in rows
                        for after in (
                            [(s, so_far)]
                            if truth(so_far) is (not expr.conjunction)
                            else self._and_or(expr.conjunction, so_far, self.evaluate(operand, s, frame))
                        )
                    ]
                return rows

    def _and_or(self, conjunction: bool, left: ValueSet, rights: Evaluated) -> Evaluated:
        if truth(left) is conjunction:
            return rights
        return [
            (s, _constant(not conjunction) if truth(r) is (not conjunction) else NOTHING) for s, r in rights
        ]

    def decide(self, test: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """The states in which the test holds, and those in which it does not.

        What is unknown is assumed both ways; the assumption is kept while the file asks the same again,
        so that `if training: model.train()` and `if training: loss.backward()` go together.
        """
        if isinstance(test, ir.Not):
            return [(s, not t) for s, t in self.decide(test.operand, state, frame)]
        rows: list[tuple[State, bool]] = []
        for after, values in self.evaluate(test, state, frame):
            known = truth(values)
            if known is not None:
                rows.append((after, known))
                continue
            flag = next((v for v in values if isinstance(v, Flag)), None)
            rows += self._restoring(flag, after) if flag else self._assume(test, after, frame)
        return rows

    def _assume(self, test: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        text = self.source.slice(test.span)
        if self._repeated[text] < 2:
            return [(state, True), (state, False)]
        mentions = frozenset(
            t for e in walk.subexpressions(test) if (t := walk.dotted(e)) and not isinstance(e, ir.Call)
        )
        cell = ("assume", frame.path, mentions, text)
        assumed = state.get(cell)
        if assumed:
            return [(state, Constant(True) in assumed)]
        return [(state.set(cell, _constant(t)), t) for t in (True, False)]

    def _restoring(self, flag: Flag, state: State) -> list[tuple[State, bool]]:
        """`if was_training: model.train()` gives back a mode that nobody in view knows.

        Where the flag was False the mode is again what it was; where it was True, the `train()` that
        follows makes it so. Both come out as the saved mode.
        """
        saved = flag.modes
        if self.modes_of(flag.thing, state) == saved:  # the live flag: each branch knows the mode
            cause = Cause("entry", None, "", (), flag.thing.label)
            train, evaluate = (
                state.set(("mode", flag.thing), frozenset({(mode, cause)}))
                for mode in (Mode.TRAIN, Mode.EVAL)
            )
            return [(train, not flag.negated), (evaluate, flag.negated)]
        was_false = state.set(("mode", flag.thing), saved)
        was_true = state.set(("restore", flag.thing), saved)
        return [(was_true, not flag.negated), (was_false, flag.negated)]

    # --- modes ---

    def modes_of(self, thing: Thing, state: State) -> Modes:
        """The modes a thing can be in: its own, else its parent's, else what it was born with."""
        held = state.get(("mode", thing))
        if held is not None:
            return held  # type: ignore[return-value]
        if thing.parent is not None and thing.origin == "attribute":
            return self.modes_of(thing.parent, state)
        span = thing.key[0] if isinstance(thing.key, tuple) and isinstance(thing.key[0], Span) else None
        if thing.origin in ("build", "library") and thing.is_module:
            return frozenset({(Mode.TRAIN, Cause("build", span, "", (), thing.label))})
        if thing.origin == "pretrained":
            return frozenset({(Mode.EVAL, Cause("pretrained", span, "", (), thing.label))})
        return frozenset({(Mode.UNKNOWN, Cause("entry", span, "", (), thing.label))})

    def is_model(self, thing: Thing) -> bool:
        """Whether calling the thing is a forward: a module for certain, or used and named like one."""
        last = thing.label.rpartition(".")[2]
        return thing.is_module or last in self.names.switched or names_a_model(last)


@dataclass(frozen=True)
class Given:
    """Evaluated arguments."""

    positional: tuple[ValueSet, ...] = ()
    named: dict[str, ValueSet] = field(default_factory=dict)

    @property
    def values(self) -> ValueSet:
        """All of them together."""
        return NOTHING.union(*self.positional, *self.named.values())


def results(values: ValueSet) -> ValueSet:
    """The forwards that the values come from, those inside of tuples and dicts included."""
    found: set[Result] = set()
    for value in values:
        if isinstance(value, Result):
            found.add(value)
        elif isinstance(value, Elements):
            for item in value.items:
                found |= results(item)  # type: ignore[arg-type]
        elif isinstance(value, Bound):
            found |= results(value.owner)  # type: ignore[arg-type]
    return frozenset(found)


def elements(values: ValueSet) -> tuple[ValueSet, ...]:
    """The elements of a display of at most eight, in order; for a dict its keys. Empty where unknown."""
    known = [v for v in values if isinstance(v, Elements)]
    if len(known) != 1 or len(values) != 1 or len(known[0].items) > 8:
        return ()
    if known[0].keys is None:
        return known[0].items
    return tuple(_constant(k) if isinstance(k, str | bool) else NOTHING for k in known[0].keys)


def truth(values: ValueSet) -> bool | None:
    """Whether the values are true in every case, false in every case, or neither is certain."""
    verdicts = {_truth_of(v) for v in values}
    return verdicts.pop() if len(verdicts) == 1 else None


def _truth_of(value: object) -> bool | None:
    match value:
        case Constant(constant):
            return bool(constant)
        case Flag(_, modes, negated) if len(modes) == 1:
            mode = next(iter(modes))[0]
            return None if mode is Mode.UNKNOWN else (mode is Mode.TRAIN) is not negated
        case Elements(items, _):
            return bool(items)
        case Callable() | ClassValue() | Result():
            return True
        case Thing(origin=origin) if origin in ("build", "library", "pretrained", "copy"):
            return True
        case _:
            return None


def _constant(value: object) -> ValueSet:
    return frozenset({Constant(value)})  # type: ignore[arg-type]


def _negate(values: ValueSet) -> ValueSet:
    flag = next((v for v in values if isinstance(v, Flag)), None)
    if flag is not None and len(values) == 1:
        return frozenset({Flag(flag.thing, flag.modes, not flag.negated)})
    known = truth(values)
    return NOTHING if known is None else _constant(not known)


def _compare(op: str, left: ValueSet, right: ValueSet) -> ValueSet:
    if op in ("is", "is not", "==", "!=") and right == _constant(None):
        is_none = left == _constant(None)
        if is_none or truth(left) is True:
            return _constant(is_none is (op in ("is", "==")))
        return NOTHING
    a = {v.value for v in left if isinstance(v, Constant)}
    if len(a) != 1 or len(left) != 1:
        return NOTHING
    if op in ("in", "not in"):
        members = elements(right)
        known = {v.value for m in members for v in m if isinstance(v, Constant)}
        return _constant((a <= known) is (op == "in")) if members and len(known) == len(members) else NOTHING
    b = {v.value for v in right if isinstance(v, Constant)}
    if len(b) == 1 and len(right) == 1 and op in ("==", "!=", "is", "is not"):
        return _constant((a == b) is (op in ("==", "is")))
    return NOTHING


def _item(base: ValueSet, key: ValueSet) -> ValueSet:
    """`base[key]`: the element where both are known, else any of the elements."""
    wanted = {v.value for v in key if isinstance(v, Constant)}
    found: ValueSet = results(base)
    for known in (v for v in base if isinstance(v, Elements)):
        keys = known.keys if known.keys is not None else tuple(range(len(known.items)))
        hits = [item for k, item in zip(keys, known.items, strict=False) if len(wanted) == 1 and k in wanted]
        found = found.union(*(hits or known.items))
    for thing in (v for v in base if isinstance(v, Thing)):
        index = next(iter(wanted)) if len(wanted) == 1 else "?"
        found |= {Thing((thing.key, "[]", index), f"{thing.label}[{index}]", "attribute", parent=thing)}
    return found


def _tests(block: ir.Block) -> Iterator[ir.Expr]:
    """Every condition of the file; what decides a mode or gradient switch and what a loop runs over count too."""
    for statement in walk.statements(block, nested=True):
        if isinstance(statement, ir.If | ir.Loop):
            yield from (e for e in (statement.test, getattr(statement, "iterable", None)) if e is not None)
        for part in (p for e in walk.expressions(statement) for p in walk.subexpressions(e)):
            if isinstance(part, ir.Choice):
                yield part.test
            elif isinstance(part, ir.Logic | ir.Comprehension):
                yield from walk.children(part)
            elif isinstance(part, ir.Call) and (walk.dotted(part.func) or "").endswith(_DECIDING):
                yield from (*part.args, *(v for _, v in part.kwargs))


def _bare(test: ir.Expr) -> ir.Expr:
    return _bare(test.operand) if isinstance(test, ir.Not) else test
