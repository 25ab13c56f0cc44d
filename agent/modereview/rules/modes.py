"""What the mode rules share: which forwards are at fault, and what joins a forward and its switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_an_evaluation, names_an_inference, names_something_else
from modereview.records import Forward, Mode, Program, Span
from modereview.rules import choosing, lookup, made_up, unseen
from modereview.rules.base import deliberate

_GENERATORS = ("netg", "generator", "gen", "g", "net_g", "g_net", "g_model")


def evaluations_in_train(program: Program) -> Iterator[tuple[Forward, ...]]:
    """Evaluating forwards that run in TRAIN on some path in view; one group for each function and model."""
    groups: dict[tuple[str, str], list[Forward]] = {}
    for forward in program.forwards:
        judged = forward.role in ("evaluate", "infer") and _may_depend_on_its_mode(forward)
        if judged and forward.mode is Mode.TRAIN and forward.cause in ("build", "switch"):
            groups.setdefault((forward.function, forward.model), []).append(forward)
    yield from (tuple(group) for group in groups.values())


def _may_depend_on_its_mode(forward: Forward) -> bool:
    """Whether anything suggests so; no bare `nn.Softmax()` does, nor a loss without a known such layer."""
    if names_something_else(forward.model):
        return bool(forward.sensitive)
    return bool(forward.sensitive or forward.opaque or forward.classes)


def never_switched(program: Program) -> Iterator[tuple[Forward, ...]]:
    """Evaluating forwards whose mode nothing in view decides; one group for each function and model."""
    groups: dict[tuple[str, str], list[Forward]] = {}
    own = {f.span for f in program.forwards if f.mode is Mode.EVAL and _switches_for_itself(program, f)}
    for forward in program.forwards:
        undecided = forward.mode is Mode.UNKNOWN and forward.cause == "entry" and forward.span not in own
        if undecided and forward.role in ("evaluate", "infer") and _is_answerable(program, forward):
            groups.setdefault((lookup.written_in(program, forward), forward.model), []).append(forward)
    yield from (tuple(group) for group in groups.values())


def _switches_for_itself(program: Program, forward: Forward) -> bool:
    """Whether the function around a forward switched the model itself, or called what does."""
    where = meeting(program, forward)
    return where is not None and where.function == forward.function


def _is_answerable(program: Program, forward: Forward) -> bool:
    """Whether the function around the forward should have switched, rather than who handed it the model.

    A module's own method, and a helper that its name does not call an evaluation, leave that to the caller;
    a module's `predict` under `no_grad` is told as a note.
    """
    around = lookup.enclosing(forward.function)[1:]
    if is_unit_test(program, forward):
        return False
    if any(program.module(name) is not None for name in around):
        return unseen.predicts_itself(program, forward)
    if _is_hook_of_base(program, forward) or _is_handed_on(program, forward):
        return False
    root = lookup.root_of(forward.model)
    functions = (program.function(name) for name in (*around, forward.function))
    handed_in = root == "self" or any(root in {p.name for p in f.params} for f in functions if f)
    return not handed_in or forward.held_out or names_an_evaluation(forward.function)


def _is_hook_of_base(program: Program, forward: Forward) -> bool:
    """Whether a method is one that a base class out of view calls: `_predict_step` of a `BaseRunner`."""
    assert program.names is not None
    owner, _, short = forward.function.rpartition(".")
    cls = program.names.classes.get(owner)
    elsewhere = any(program.names.class_at(base) is None for base in cls.bases) if cls else False
    return short.startswith("_") and elsewhere


def _is_handed_on(program: Program, forward: Forward) -> bool:
    """Whether a method only asks the same of the model inside: `def generate(...)` with its `generate`."""
    called = program.source.slice(forward.span).partition("(")[0].rpartition(".")
    return called[0] != "" and called[2] == forward.function.rpartition(".")[2]


def is_unit_test(program: Program, forward: Forward) -> bool:
    """Whether a `test_...` of pytest or unittest, or its helper, tries a model out: nobody's results."""
    in_tests = program.source.path.name.startswith("test") or {"pytest", "unittest"} & set(program.imports)
    tests = [name for name in forward.through if name.rpartition(".")[2].startswith(("test_", "_test_"))]
    return bool(tests) and bool(in_tests or any("Test" in name for name in tests))


def is_sampled_generator(program: Program, forward: Forward) -> bool:
    """Whether a GAN's generator is sampled where it is trained: done in TRAIN on purpose by many."""
    own_name = forward.model.partition(" of ")[0]  # in a neighbour: `self.G of solver.py`
    name = own_name.rpartition(".")[2].lower()
    return name in _GENERATORS and _trains_there(program, forward)


def is_exploring(program: Program, forward: Forward) -> bool:
    """Whether a noisy network (NoisyNet, arXiv 1706.10295) acts where it is trained: its noise explores.

    So does one that the file asks for new noise: `model.reset_noise()`.
    """
    noisy = any("noisy" in name.lower() for name in forward.classes)
    asked = (
        "noise" in call.func.name and walk.dotted(call.func.base) == forward.model
        for _, body in lookup.scopes(program)
        for call in walk.calls(body)
        if isinstance(call.func, ir.Attr)
    )
    return (noisy and _trains_there(program, forward)) or any(asked)


def _trains_there(program: Program, forward: Forward) -> bool:
    """Whether the same function trains the model as well."""
    return any(
        f.role == "train" and f.function == forward.function and f.model == forward.model
        for f in program.forwards
    )


def is_meant(program: Program, forward: Forward) -> bool:
    """Whether an evaluation is in TRAIN on purpose, by a name, a comment or what it asks of the model."""
    asked = _takes_targets(program, forward) and switched_inside(program, forward)
    meant = asked or is_unit_test(program, forward)
    return (
        meant
        or _switches_itself(program, forward)
        or is_tried_out(program, forward)
        or deliberate(program, forward)
        or is_sampled_generator(program, forward)
        or is_exploring(program, forward)
        or unseen.is_run_for_its_effect(program, forward)
        or (
            switched_inside(program, forward)
            and (_is_bracketed(program, forward) or choosing.is_chosen(program, forward))
        )
        or _ends_another_evaluation(program, forward)
    )


def _switches_itself(program: Program, forward: Forward) -> bool:
    """Whether the constructor of the model sees to its mode on another path: where it brings weights."""
    return any(f.span == forward.span and f.by_itself and f.mode is Mode.EVAL for f in program.forwards)


def _is_bracketed(program: Program, forward: Forward) -> bool:
    """Whether `train()` before and `eval()` behind stand around the forward on purpose, in no loop."""
    where = meeting(program, forward)
    if where is None or where.loop is not None or where.forward < where.switch:
        return False
    owner = program.source.slice(where.switch).rpartition(".train(")[0]
    return any(
        isinstance(c.func, ir.Attr) and c.func.name == "eval" and walk.dotted(c.func.base) == owner
        for c in walk.calls(where.body)
        if c.span > where.forward
    )


def _ends_another_evaluation(program: Program, forward: Forward) -> bool:
    """Whether the `train()` ends an evaluation in EVAL, and no loop evaluates after it."""
    where = meeting(program, forward)
    if where is None or where.loop is not None or where.forward < where.switch:
        return False
    looped = any(
        isinstance(s, ir.Loop) and walk.within(where.forward, s.span) for s in walk.statements(where.body)
    )
    off = [c.span for c in walk.calls(where.body) if isinstance(c.func, ir.Attr) and c.func.name == "eval"]
    first = min((span for span in off if span < where.switch), default=None)
    return (
        not looped
        and first is not None
        and any(
            f.mode is Mode.EVAL and f.function == where.function and first < f.span < where.switch
            for f in program.forwards
        )
    )


def _in_loop_over_data(program: Program, forward: Forward) -> bool:
    """Whether the forward is repeated on its way: what evaluates, and does not just try a model out.

    A loop that builds the model as well goes over models, not over data; one over what the forward gives
    comes behind it.
    """
    built = [event.span for event in forward.why if event.kind == "build"]
    places = zip(("", *forward.through), (*forward.path, forward.span), strict=False)
    return any(
        isinstance(part, ir.Loop | ir.Comprehension)
        and walk.within(span, part.span)
        and not (part.iterable and walk.within(span, part.iterable.span))
        and not any(walk.within(place, part.span) for place in built)
        for function, span in places
        for s in walk.statements(body_of(program, function))
        for part in (s, *(e for x in walk.expressions(s) for e in walk.subexpressions(x)))
    )


def is_tried_out(program: Program, forward: Forward) -> bool:
    """Whether a model with the weights it was built with runs once, or on what is made up: nobody's results.

    So are those of a model that is held against another, or asked for a shape. What a generator makes of
    noise is used, though.
    """
    if made_up.is_compared(program, forward) or made_up.is_asked_for_its_shape(program, forward):
        return True
    if not forward.fresh:
        return False
    in_view = bool(forward.classes)  # nothing in its class loads weights
    invented = made_up.is_made_up(program, forward)
    if _in_loop_over_data(program, forward):
        return in_view and invented and not _evaluates_by_name(forward)
    tried = in_view or invented
    return (tried and not names_an_inference(forward.function)) or not _evaluates_by_name(forward)


def _evaluates_by_name(forward: Forward) -> bool:
    return any(map(names_an_evaluation, forward.through))


def switched_inside(program: Program, forward: Forward) -> bool:
    """Whether a function or block that only evaluates holds both the switch to TRAIN and the forward."""
    where = meeting(program, forward)
    if where is None or (where.forward < where.switch and where.loop is None):
        return False  # a switch behind the forward was met in an earlier call of the function
    around = [s for s in walk.statements(where.body) if walk.within(where.forward, s.span)]
    block = any(_graph_off(program, s) and walk.within(where.switch, s.span) for s in around)
    function = program.function(where.function)
    trains = _goes_backward(where.body) or "loss" in where.function.rpartition(".")[2]
    evaluates = function is not None and "train" not in function.roles and not trains
    named = any(names_an_evaluation(name) for name in forward.through[: where.depth])
    return block or (evaluates and (named or forward.grad is False))


def _goes_backward(body: ir.Block) -> bool:
    """Whether a loss goes backward there, of whatever it was made: `model.loss(batch).backward()`."""
    return any(isinstance(c.func, ir.Attr) and c.func.name == "backward" for c in walk.calls(body))


def _graph_off(program: Program, statement: ir.Stmt) -> bool:
    assert program.names is not None
    if not isinstance(statement, ir.With):
        return False
    managers = (e.func if isinstance(e, ir.Call) else e for e, _ in statement.items)
    return any(program.names.origin(m) in ("torch.no_grad", "torch.inference_mode") for m in managers)


def _takes_targets(program: Program, forward: Forward) -> bool:
    """Whether the forward gets the answers as well: a detector gives its losses in TRAIN alone."""
    given = lookup.inputs(body_of(program, forward.function), forward)
    return len(given) > 1 and any("target" in (walk.dotted(a) or "") for a in given)


def same_in_other_mode(program: Program, forward: Forward, mode: Mode) -> bool:
    """Whether the very same forward also runs in another mode: then the fault comes on some path only."""
    return any(f.span == forward.span and f.path == forward.path and f.mode is mode for f in program.forwards)


@dataclass(frozen=True)
class Meeting:
    """The innermost function that leads both to a forward and to the switch behind its mode."""

    function: str  # "" for the top level
    body: ir.Block
    depth: int  # how many calls lead to it
    forward: Span  # in `body`: the forward, or the call that leads to it
    switch: Span  # in `body`: the switch, or the call that leads to it

    @property
    def loop(self) -> ir.Loop | None:
        """The innermost loop that holds both."""
        both = (
            s
            for s in walk.statements(self.body)
            if isinstance(s, ir.Loop)
            and walk.within(self.forward, s.span)
            and walk.within(self.switch, s.span)
        )
        return max(both, key=lambda loop: loop.span, default=None)

    @property
    def within_epoch(self) -> bool:
        """Whether a pass of that loop is a step, not an epoch: it runs over data and trains directly."""
        loop = self.loop
        if loop is None or loop.iterable is None:
            return False
        counts = isinstance(loop.iterable, ir.Call) and walk.dotted(loop.iterable.func) in ("range", "trange")
        return not counts and not any(
            isinstance(s, ir.Loop) and walk.within(self.forward, s.span) for s in walk.statements(loop.body)
        )


def meeting(program: Program, forward: Forward) -> Meeting | None:
    """Where the ways to a forward and to its switch part.

    None where no switch set the mode, or where they part in a neighbour: one call here leads to both.
    """
    if forward.switch is None:
        return None
    trail, switched = (*forward.path, forward.span), (*forward.switch_path, forward.switch)
    depth = _common(trail, switched)
    if forward.switch_through:  # one call may lead to both, by what it happens to call: `phases[name](model)`
        depth = min(depth, _common(forward.through, forward.switch_through))
    if depth >= min(len(trail), len(switched)):
        return None
    function = forward.through[depth - 1] if depth else ""
    return Meeting(function, body_of(program, function), depth, trail[depth], switched[depth])


def body_of(program: Program, function: str) -> ir.Block:
    """The statements of a function by its qualified name; of the top level for ""."""
    if not function:
        return program.block
    assert program.names is not None
    known = program.names.functions.get(function)  # one of a file beside this one is not here
    return known.body if known is not None else ()


def _common(a: Iterable[object], b: Iterable[object]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count
