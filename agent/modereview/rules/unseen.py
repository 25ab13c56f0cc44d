"""Why an evaluation in a mode that nothing in view decides is no more than a note.

A warning says that the function should have switched a network and did not. So something has to show that
it is a network, and that nobody else answers for its mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.classes import inherited
from modereview.analyze.torchfacts import (
    EVALUATION_HOOKS,
    FOREIGN,
    LIGHTNING_HOOKS,
    PICKLES,
    names_a_switch,
    names_a_training,
    names_an_evaluation,
)
from modereview.records import Forward, Mode, Program
from modereview.rules import handing_out, inside, lookup, made_up
from modereview.rules.base import deliberate
from modereview.rules.meeting import body_of

FOR_ITS_EFFECT = "nobody takes what it returns: it is run for what it leaves behind"


@dataclass(frozen=True)
class Excuse:
    """What speaks against a warning."""

    why: str  # a sentence
    unsettled: bool  # whether it may be wrong: nobody is seen to switch, and nobody means it


def excuse(program: Program, forward: Forward) -> Excuse | None:
    """What speaks against a warning; None where nothing does."""
    for speaks, why in _EXCUSES:
        if speaks(program, forward):
            outermost = forward.through[0] if forward.through else forward.function
            short = outermost.rpartition(".")[2]
            who = {key: find(program, forward) for key, find in _WHO.items()}
            unsettled = speaks is _is_unpickled or (speaks is _is_given and _is_module(program, forward))
            return Excuse(why.format(model=forward.model, function=short, **who), unsettled)
    return None


def _is_module(program: Program, forward: Forward) -> bool:
    """Whether the file asks something of that name that modules alone have: a sampler takes any function."""
    assert program.names is not None
    asked = program.names.switched | program.names.networks
    return forward.model.rpartition(".")[2] in asked


def predicts_itself(program: Program, forward: Forward) -> bool:
    """Whether a module's own `predict` calls the module without the graph, in the mode of its caller."""
    owner, _, short = forward.function.rpartition(".")
    own = program.module(owner) is not None and forward.model == "self"
    return own and short.startswith("predict") and forward.grad is False


def _is_left_to_caller(program: Program, forward: Forward) -> bool:
    """Whether a module's own `predict` is for callers who build the module themselves, and switch it."""
    return predicts_itself(program, forward) and handing_out.loader(program, forward) is None


def is_run_for_its_effect(program: Program, forward: Forward) -> bool:
    """Whether nobody takes what the forward returns: it moves batch statistics, warms up or fills hooks."""
    called = program.source.slice(forward.span).startswith(f"{forward.model}(")  # and not what leads to it
    measured = any(map(names_an_evaluation, forward.through))  # `benchmark()`, `latency()`: its time is taken
    body = body_of(program, forward.function)
    alone = any(
        _throws_away(s, forward) or _is_never_read(program, s, forward) for s in walk.statements(body)
    )
    return called and alone and (forward.handed or not measured)


def _throws_away(statement: ir.Stmt, forward: Forward) -> bool:
    """`model(x)` as a statement, or `_ = model(x)`."""
    match statement:
        case ir.Assign((ir.Name("_"),), value):
            return value.span == forward.span
        case _:
            return isinstance(statement, ir.Do) and statement.span == forward.span


def _is_never_read(program: Program, statement: ir.Stmt, forward: Forward) -> bool:
    """`out = model(x)`, to initialize lazy layers, and nothing reads that `out`."""
    match statement:
        case ir.Assign((ir.Name(name),), value) if value.span == forward.span:
            body = body_of(program, forward.function)
            bound = {t.span for s in walk.statements(body) for t, _ in lookup.bindings(s)}
            named = [e for e in walk.all_expressions(body) if isinstance(e, ir.Name) and e.id == name]
            read = any(e.span not in bound for e in named) or any(name in f.reads for f in program.functions)
            return not read
        case _:
            return False


def _called_in(program: Program, forward: Forward) -> str | None:
    """Another file of the project that calls the outermost function, and switches a model to EVAL."""
    return dict(program.called_in).get(forward.through[0] if forward.through else "")


def _is_unpickled(program: Program, forward: Forward) -> bool:
    """Whether it was saved whole: `torch.load(path)`, `pickle.load(file)`."""
    return forward.made_by in PICKLES


def _is_only_named(program: Program, forward: Forward) -> bool:
    """`decoder(x)`: an encoder, a generator or a policy may be any object that can be called.

    So may a `model` that a class out of view builds, and that nothing asks for what modules have.
    """
    return not forward.network


def _is_set_elsewhere(program: Program, forward: Forward) -> bool:
    """Whether a model is an attribute that its class never sets: its base does, or who builds the object."""
    assert program.names is not None
    owner = forward.function.rpartition(".")[0]
    root, _, rest = forward.model.partition(".")
    attr = lookup.root_of(rest)
    if root != "self" or not attr or owner not in program.names.classes:
        return False
    own = tuple(inside.lineage(program, owner))
    assigned = (
        walk.dotted(target)
        for cls in own
        for method in cls.methods
        for s in walk.statements(method.body, nested=True)
        if isinstance(s, ir.Assign)
        for whole in s.targets
        for target in walk.subexpressions(whole)
    )
    return f"self.{attr}" not in assigned


def _is_kept_elsewhere(program: Program, forward: Forward) -> bool:
    """Whether the model is read from what another file keeps: `model = loader.model`, `state.model(x)`."""
    assert program.names is not None
    function = lookup.written_in(program, forward)
    called = next((c.func for c in walk.calls(body_of(program, function)) if c.span == forward.span), None)
    read = called and (lookup.assigned(program, function, called) or called)
    return isinstance(read, ir.Attr) and lookup.root_of(walk.dotted(read) or "") in program.names.imports


def _is_handed_to_hook(program: Program, forward: Forward) -> bool:
    """Whether a method that a base class defines, or may define, is handed the model: a step, a metric."""
    assert program.names is not None
    owner, _, short = (forward.through[0] if forward.through else forward.function).rpartition(".")
    cls = program.names.classes.get(owner)
    if cls is None or not forward.handed:
        return False
    elsewhere = any(program.names.class_at(base) is None for base in cls.bases)
    return elsewhere or inherited(cls, short, program.names) is not None


def _is_given(program: Program, forward: Forward) -> bool:
    """Whether the model is another's: the review of who hands it over tells its mode.

    Not where the function trains it as well: then one of both is in the wrong mode. Nor where nobody in the
    project switches for an evaluation.
    """
    trained = any(
        f.role == "train" and (f.function, f.model) == (forward.function, forward.model)
        for f in program.forwards
    )
    return forward.given and not trained and unswitched(program, forward) is None


def unswitched(program: Program, forward: Forward) -> str | None:
    """How one sees that nobody in the project switches for the evaluation, as a sentence."""
    return dict(program.careless).get(forward.through[0] if forward.through else "")


def _maker(program: Program, forward: Forward) -> str | None:
    """Another file of the project that defines what made the model, and switches to EVAL."""
    return dict(program.made_in).get(forward.made_by)


def _driver(program: Program, forward: Forward) -> str | None:
    """The base class that may call the outermost function, and switch what its object holds before.

    One that is not seen to switch is not asked for what a class builds of its own classes.
    """
    outermost = forward.through[0] if forward.through else forward.function
    held = lookup.root_of(forward.model) == "self" or forward.handed
    own = _builds_itself(program, forward)
    bases = (base for name, base, seen in program.driven if name == outermost and (seen or not own))
    return next(bases, None) if held else None


def _builds_itself(program: Program, forward: Forward) -> bool:
    """Whether the class of the method builds the model there, of a class of the file: `self.net = Net()`."""
    owner = (forward.through or (forward.function,))[0].rpartition(".")[0]
    methods = (m for cls in inside.lineage(program, owner) for m in cls.methods)
    return bool(forward.classes) or any(
        walk.dotted(target) == forward.model
        and isinstance(value, ir.Call)
        and program.module(walk.dotted(value.func) or "") is not None
        for method in methods
        for s in walk.statements(method.body)
        for target, value in lookup.bindings(s)
    )


def _is_for_training(program: Program, forward: Forward) -> bool:
    """Whether a training makes its own data with the model that it trains: samples on policy."""
    return forward.role == "infer" and any(map(names_a_training, forward.through))


def _is_seen_to(program: Program, forward: Forward) -> bool:
    """Whether the model there is in EVAL on another way to the function: the ways there see to the mode."""
    function = lookup.written_in(program, forward)
    return any(
        f.mode is Mode.EVAL
        and f.model == forward.model
        and lookup.written_in(program, f) == function
        and f.switch_path[: len(f.path)] != f.path
        for f in program.forwards
    )


def _is_hook_in_eval(program: Program, forward: Forward) -> bool:
    """Whether a trainer calls the outermost function, and has switched to EVAL before."""
    assert program.names is not None
    owner, _, short = (forward.through[0] if forward.through else forward.function).rpartition(".")
    cls = program.names.classes.get(owner)
    bases = (walk.dotted(base) or "" for base in cls.bases) if cls else ()
    hook = short in EVALUATION_HOOKS and any(base.endswith("Trainer") for base in bases)
    return hook or (cls is not None and short in LIGHTNING_HOOKS)


def _own_switch(program: Program, forward: Forward) -> str | None:
    """A method of the model's own that the file calls and that may switch it: `self.model.eval_mode()`."""
    called = (call.func for _, call, _ in lookup.calls(program) if isinstance(call.func, ir.Attr))
    own = (f.name for f in called if walk.dotted(f.base) == forward.model and f.name != "eval")
    return next((name for name in own if names_a_switch(name)), None)


def _is_of_another_framework(program: Program, forward: Forward) -> bool:
    """Whether the file works with mxnet, TensorFlow, ... and not with torch: `net = get_model(name)`."""
    assert program.names is not None
    imported = [f"{origin}." for origin in program.names.imports.values()]
    return any(o.startswith(FOREIGN) for o in imported) and not any(o.startswith("torch.") for o in imported)


_WHO = {
    "elsewhere": _called_in,
    "maker": _maker,
    "driver": _driver,
    "giver": handing_out.in_eval,
    "switch": _own_switch,
}
_EXCUSES: tuple[tuple[Callable[[Program, Forward], object], str], ...] = (
    (deliberate, "a name or a comment says that the mode is meant"),
    (made_up.is_compared, "made-up inputs show there that two implementations agree"),
    (made_up.is_asked_for_its_shape, "only the shape of what comes out is looked at"),
    (is_run_for_its_effect, FOR_ITS_EFFECT),
    (_called_in, "it is called in {elsewhere}, whose review says in which mode"),
    (_maker, "`{model}` comes from {maker}, which switches to EVAL"),
    (handing_out.in_eval, "`{giver}` hands a model out in EVAL, and `{function}` is handed one"),
    (_is_seen_to, "on another way there it is in EVAL: whoever leads here answers for the mode"),
    (_is_hook_in_eval, "the trainer has switched to EVAL before it calls `{function}`"),
    (_is_set_elsewhere, "its class never sets `{model}`: whoever does answers for its mode"),
    (_is_kept_elsewhere, "another file keeps `{model}`, and answers for its mode"),
    (_is_left_to_caller, "a module's own `{function}` runs in the mode that its caller chose"),
    (_is_unpickled, "`{model}` was saved whole: it is in the mode that it was saved in"),
    (_own_switch, "`{model}.{switch}()` may switch it, and is not in view"),
    (_is_of_another_framework, "the file works with another framework than torch"),
    (_is_only_named, "nothing but its name says that `{model}` is a network"),
    (_driver, "`{driver}`, the base class, may call `{function}` and answers for the mode"),
    (_is_handed_to_hook, "`{function}` belongs to its base class: who calls it so answers for the mode"),
    (_is_for_training, "a training uses what comes out, in the mode that it trains in"),
    (_is_given, "nobody in view makes `{model}`: who hands it over answers for its mode"),
)
