"""What contracts ask of a scenario before they apply."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Drive, Program, Recipe, Role
from modereview.rules import lookup, seeds
from modereview.rules.freezing import switches_off

_EVALUATING: frozenset[Role] = frozenset({"evaluate", "infer"})
_GENERATORS = ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random")


def trains(recipe: Recipe) -> bool:
    """Whether the scenario trains."""
    return any("train" in drive.roles for drive in recipe.drives)


def evaluates(recipe: Recipe) -> bool:
    """Whether the scenario evaluates or predicts."""
    return any(drive.roles & _EVALUATING for drive in recipe.drives)


def evaluates_apart(recipe: Recipe) -> bool:
    """Whether every call that evaluates does nothing else."""
    evaluating = [drive for drive in recipe.drives if drive.roles & _EVALUATING]
    return bool(evaluating) and not any(_trains(drive) for drive in evaluating)


def only_evaluates(recipe: Recipe) -> bool:
    """Whether nothing trains, and the data come in the same order each time."""
    codes = " ".join(value.code for value in recipe.values)
    return evaluates_apart(recipe) and not trains(recipe) and "shuffle=True" not in codes


def evaluates_without_graph(recipe: Recipe, program: Program) -> bool:
    """Whether all evaluating forwards of the scenario's functions are known to build no graph."""
    functions = set(recipe.target.functions)
    forwards = [f for f in program.forwards if f.role in _EVALUATING and functions & {f.function, *f.through}]
    return bool(forwards) and all(forward.grad is False for forward in forwards)


def asks_a_teacher(recipe: Recipe, program: Program) -> bool:
    """Whether the output of another model is a target of the scenario's training."""
    functions = set(recipe.target.functions)
    return any(f.role == "target" and functions & {f.function, *f.through} for f in program.forwards)


def restores_mode(recipe: Recipe, program: Program) -> bool:
    """Whether a function of the scenario keeps the mode and puts it back."""
    return any(_keeps_mode(body) and _puts_back(body) for body in _bodies(recipe, program))


def switches_back(recipe: Recipe, program: Program) -> bool:
    """Whether a function of the scenario switches a model to EVAL, and back to TRAIN or what it was."""
    return any(_goes_and_comes_back(body) for body in _bodies(recipe, program))


def switches_graph(recipe: Recipe, program: Program) -> bool:
    """Whether a function of the scenario switches the graph by a call, with or without `with`."""
    assert program.names is not None
    calls = (call for body in _bodies(recipe, program) for call in walk.calls(body))
    return any(program.names.origin(call.func) == "torch.set_grad_enabled" for call in calls)


def makes_generators(recipe: Recipe, program: Program) -> bool:
    """Whether a function of the scenario makes a random generator of its own."""
    assert program.names is not None
    functions = set(recipe.target.functions)
    return any(name in functions and origin in _GENERATORS for name, _, origin in lookup.calls(program))


def seeds_in_part(program: Program) -> bool:
    """Whether the file seeds a generator, and draws from one that it does not seed."""
    kinds = {seed.kind for seed in seeds.seeded(program)}
    return bool(kinds) and any(draw.kind not in kinds for draw in seeds.draws(program))


def _trains(drive: Drive) -> bool:
    return "train" in drive.roles


def _bodies(recipe: Recipe, program: Program) -> Iterator[ir.Block]:
    known = program.names.functions if program.names else {}
    return (known[name].body for name in recipe.target.functions if name in known)


def _keeps_mode(body: ir.Block) -> bool:
    """`was = model.training`."""
    assigned = (each.value for each in walk.statements(body) if isinstance(each, ir.Assign))
    return any(isinstance(value, ir.Attr) and value.name == "training" for value in assigned)


def _puts_back(body: ir.Block) -> bool:
    """`model.train(was)`."""
    return any(
        isinstance(call.func, ir.Attr) and call.func.name == "train" and _by_flag(call)
        for call in walk.calls(body)
    )


def _goes_and_comes_back(body: ir.Block) -> bool:
    """`model.eval()` and, further down, `model.train()` or `model.train(was)`."""
    switches = [(walk.dotted(c.func.base), c) for c in walk.calls(body) if isinstance(c.func, ir.Attr)]
    off = {name: call.span for name, call in reversed(switches) if switches_off(call)}
    return any(
        name in off and off[name] < call.span and call.func.name == "train" and not switches_off(call)
        for name, call in switches
        if isinstance(call.func, ir.Attr)
    )


def _by_flag(call: ir.Call) -> bool:
    given = lookup.argument(call, "mode", 0)
    return given is not None and not isinstance(given, ir.Const)
