"""Which forwards the mode rules judge: evaluations in TRAIN, and those whose mode nothing decides."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_a_training, names_an_evaluation, names_something_else
from modereview.records import Forward, Mode, Program
from modereview.rules import lookup, unseen
from modereview.rules.meeting import meeting


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
    if any(name in program.modules_by_base for name in around):
        return False
    if forward.model == "self":
        return False  # its class has from a base out of view that it can be called
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
    tests = [name for name in forward.through if name.rpartition(".")[2].startswith(("test_", "_test_"))]
    return bool(tests) and (is_of_tests(program) or any("Test" in name for name in tests))


def is_of_tests(program: Program) -> bool:
    """Whether the file holds tests: by its name, or as it imports what runs them."""
    stem = program.source.path.stem
    by_name = stem.startswith("test") or stem.endswith("_test")
    return by_name or not {"pytest", "unittest"}.isdisjoint(program.imports)


def switched_inside(program: Program, forward: Forward) -> bool:
    """Whether a function or block that only evaluates holds both the switch to TRAIN and the forward."""
    where = meeting(program, forward)
    if where is None or (where.forward < where.switch and where.loop is None):
        return False  # a switch behind the forward was met in an earlier call of the function
    around = [s for s in walk.statements(where.body) if walk.within(where.forward, s.span)]
    block = any(_graph_off(program, s) and walk.within(where.switch, s.span) for s in around)
    function = program.function(where.function)
    short = where.function.rpartition(".")[2]
    trains = _goes_backward(where.body) or "loss" in short or names_a_training(short)
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


def same_in_other_mode(program: Program, forward: Forward, mode: Mode) -> bool:
    """Whether the very same forward also runs in another mode: then the fault comes on some path only."""
    return any(f.span == forward.span and f.path == forward.path and f.mode is mode for f in program.forwards)
