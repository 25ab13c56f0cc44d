"""Why an evaluation in a mode that nothing in view decides is no more than a note.

A warning says that the function should have switched a network and did not. So something has to show that
it is a network, and that nobody else answers for its mode.
"""

from __future__ import annotations

from collections.abc import Callable

from modereview.analyze import ir, walk
from modereview.analyze.classes import inherited
from modereview.analyze.torchfacts import (
    EVALUATION_HOOKS,
    names_a_training,
    names_an_evaluation,
    names_an_inference,
)
from modereview.records import Forward, Mode, Program
from modereview.rules import handing_out, inside, lookup, made_up
from modereview.rules.base import deliberate

FOR_ITS_EFFECT = "nobody takes what it returns: it is run for what it leaves behind"


def excuse(program: Program, forward: Forward) -> str | None:
    """What speaks against a warning, as a sentence; None where nothing does."""
    for speaks, why in _EXCUSES:
        if speaks(program, forward):
            outermost = forward.through[0] if forward.through else forward.function
            short = outermost.rpartition(".")[2]
            return why.format(model=forward.model, function=short, elsewhere=_called_in(program, forward))
    return None


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
    body = dict(lookup.scopes(program)).get(forward.function, ())
    alone = any(isinstance(s, ir.Do) and s.span == forward.span for s in walk.statements(body))
    return called and not measured and alone


def _called_in(program: Program, forward: Forward) -> str | None:
    """Another file of the project that calls the outermost function, and switches a model to EVAL."""
    return dict(program.called_in).get(forward.through[0] if forward.through else "")


def _is_only_named(program: Program, forward: Forward) -> bool:
    """`decoder(x)`: an encoder, a generator or a policy may be any object that can be called."""
    return not forward.network


def _is_bases(program: Program, forward: Forward) -> bool:
    """Whether a model is an attribute that only a base class out of view can have set: its to switch."""
    assert program.names is not None
    owner = forward.function.rpartition(".")[0]
    root, _, rest = forward.model.partition(".")
    attr = lookup.root_of(rest)
    if root != "self" or not attr or owner not in program.names.classes:
        return False
    own = tuple(inside.lineage(program, owner))
    elsewhere = any(program.names.class_at(base) is None for cls in own for base in cls.bases)
    assigned = (
        walk.dotted(target)
        for cls in own
        for method in cls.methods
        for s in walk.statements(method.body, nested=True)
        if isinstance(s, ir.Assign)
        for whole in s.targets
        for target in walk.subexpressions(whole)
    )
    return elsewhere and f"self.{attr}" not in assigned


def _is_handed_to_hook(program: Program, forward: Forward) -> bool:
    """Whether a method that a base class defines, or may define, is handed the model: a step, a metric."""
    assert program.names is not None
    owner, _, short = (forward.through[0] if forward.through else forward.function).rpartition(".")
    cls = program.names.classes.get(owner)
    if cls is None or not forward.handed:
        return False
    elsewhere = any(program.names.class_at(base) is None for base in cls.bases)
    return elsewhere or inherited(cls, short, program.names) is not None


def _is_handed_to_use(program: Program, forward: Forward) -> bool:
    """Whether a function that by its name samples or predicts, and judges nothing, is handed the model."""
    uses = forward.role == "infer" and any(map(names_an_inference, (*forward.through, forward.function)))
    return forward.handed and uses


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
    """Whether a trainer's base class calls the outermost function, and has switched to EVAL before."""
    assert program.names is not None
    owner, _, short = (forward.through[0] if forward.through else forward.function).rpartition(".")
    cls = program.names.classes.get(owner)
    bases = (walk.dotted(base) or "" for base in cls.bases) if cls else ()
    return short in EVALUATION_HOOKS and any(base.endswith("Trainer") for base in bases)


_EXCUSES: tuple[tuple[Callable[[Program, Forward], object], str], ...] = (
    (deliberate, "a name or a comment says that the mode is meant"),
    (made_up.is_compared, "made-up inputs show there that two implementations agree"),
    (made_up.is_probe, "only the shape of what comes out is looked at"),
    (is_run_for_its_effect, FOR_ITS_EFFECT),
    (_called_in, "it is called in {elsewhere}, whose review says in which mode"),
    (_is_seen_to, "on another way there it is in EVAL: whoever leads here answers for the mode"),
    (_is_hook_in_eval, "the trainer has switched to EVAL before it calls `{function}`"),
    (_is_bases, "`{model}` comes from a base class out of view, which answers for its mode"),
    (_is_left_to_caller, "a module's own `{function}` runs in the mode that its caller chose"),
    (_is_only_named, "nothing but its name says that `{model}` is a network"),
    (_is_handed_to_hook, "`{function}` belongs to its base class: who calls it so answers for the mode"),
    (_is_for_training, "a training uses what comes out, in the mode that it trains in"),
    (_is_handed_to_use, "`{function}` uses the model that it is handed: its caller answers for the mode"),
)
