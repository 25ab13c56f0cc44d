"""What the mode rules (MR101 to MR103) share: which forwards are at fault, and where a switch belongs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_an_evaluation
from modereview.records import Edit, Finding, Fix, Forward, Mode, Program, Span
from modereview.rules.base import fix

_AGAIN = "training runs as in its first epoch again: expect other loss curves; checkpoints still load"
_GENERATORS = ("netg", "generator", "gen", "g", "net_g", "g_net", "g_model")


def evaluations_in_train(program: Program) -> Iterator[tuple[Forward, ...]]:
    """Evaluating forwards that run in TRAIN on some path in view; one group for each function and model."""
    groups: dict[tuple[str, str], list[Forward]] = {}
    for forward in program.forwards:
        known = bool(forward.sensitive or forward.opaque or forward.classes)  # and no bare `nn.Softmax()`
        judged = forward.role in ("evaluate", "infer") and known
        if judged and forward.mode is Mode.TRAIN and forward.cause in ("build", "switch"):
            groups.setdefault((forward.function, forward.model), []).append(forward)
    yield from (tuple(group) for group in groups.values())


def never_switched(program: Program) -> Iterator[Forward]:
    """Evaluating forwards whose mode nothing in view decides; one for each function and model."""
    found: dict[tuple[str, str], Forward] = {}
    for forward in program.forwards:
        undecided = forward.mode is Mode.UNKNOWN and forward.cause == "entry"
        if undecided and forward.role in ("evaluate", "infer") and _is_answerable(program, forward):
            found.setdefault((forward.function, forward.model), forward)
    yield from found.values()


def _is_answerable(program: Program, forward: Forward) -> bool:
    """Whether the function around the forward should have switched, rather than who handed it the model.

    A module's own method, and a helper that its name does not call an evaluation, leave that to the caller.
    """
    owner, _, short = forward.function.rpartition(".")
    is_unit_test = short.startswith("test_") and (
        program.source.path.name.startswith("test") or {"pytest", "unittest"} & set(program.imports)
    )
    if is_unit_test or program.module(owner) is not None:
        return False
    root = forward.model.partition(".")[0].partition("[")[0]
    function = program.function(forward.function)
    handed_in = root == "self" or (function is not None and root in {p.name for p in function.params})
    return not handed_in or forward.held_out or names_an_evaluation(forward.function)


def is_sampled_generator(program: Program, forward: Forward) -> bool:
    """Whether a GAN's generator is sampled where it is trained: done in TRAIN on purpose by many."""
    name = forward.model.rpartition(".")[2].lower()
    trains_there = any(
        f.role == "train" and f.function == forward.function and f.model == forward.model
        for f in program.forwards
    )
    return name in _GENERATORS and trains_there


def same_in_other_mode(program: Program, forward: Forward, mode: Mode) -> bool:
    """Whether the very same forward also runs in another mode: then the fault comes on some path only."""
    return any(f.span == forward.span and f.path == forward.path and f.mode is mode for f in program.forwards)


def goes_round(program: Program, forward: Forward) -> bool:
    """Whether a loop carries the switch back to the forward."""
    return _shared_loop(program, forward) is not None


def in_step_loop(program: Program, forward: Forward) -> bool:
    """Whether the evaluation that switches comes in the middle of an epoch."""
    loop, depth = _shared_loop(program, forward), _depth(forward)
    return loop is not None and _is_step_loop(loop, (*forward.path, forward.span)[depth])


def _shared_loop(program: Program, forward: Forward) -> ir.Loop | None:
    """The innermost loop that holds both the forward and its switch, or the calls that lead to them."""
    if forward.switch is None:
        return None
    depth = _depth(forward)
    trail, switched = (*forward.path, forward.span), (*forward.switch_path, forward.switch)
    holder = forward.through[depth - 1] if depth else ""
    return _innermost_loop(_body(program, holder), trail[depth], switched[depth])


def _depth(forward: Forward) -> int:
    """How many calls lead to both the forward and its switch."""
    switch = [forward.switch] if forward.switch else []
    return _common((*forward.path, forward.span), (*forward.switch_path, *switch))


# --- where a switch belongs ----------------------------------------------------------------------


def eval_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model into EVAL before an evaluation, the best first."""
    forward = _forward(program, finding, Mode.TRAIN) or _forward(program, finding, Mode.UNKNOWN)
    if forward is None or (model := _dotted(forward.model)) is None:
        return
    statement = f"{model}.eval()"
    why = "validation and test numbers change: they are of the model without dropout and batch statistics"
    function = program.function(forward.function)
    if function is not None and not function.roles & {"train"}:
        for edit in _at_start(program, forward.function, model, statement):
            title = f"call `{statement}` at the start of `{function.name}`"
            yield fix(program.source, finding, title, edit, consequence=why)
    place = _evaluating_statement(program, forward)
    if place is not None:
        edit = edits.insert_before(program.source, place, statement)
        yield fix(program.source, finding, f"call `{statement}` before the evaluation", edit, consequence=why)


def train_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model back into TRAIN before it is trained on, the best first."""
    forward = _forward(program, finding, Mode.EVAL)
    if forward is None or forward.switch is None:
        return
    trail = (*forward.path, forward.span)
    switch_trail = (*forward.switch_path, forward.switch)
    depth = _common(trail, switch_trail)
    holder = forward.through[depth - 1] if depth else ""
    body = _body(program, holder)
    loop = _innermost_loop(body, trail[depth], switch_trail[depth])
    model = _name_in(program, forward, holder, trail[depth])
    steps = loop is not None and _is_step_loop(loop, trail[depth])
    if steps and model:
        edit = edits.insert_after(program.source, switch_trail[depth], f"{model}.train()")
        yield fix(
            program.source, finding, f"call `{model}.train()` after the evaluation", edit, consequence=_AGAIN
        )
    if depth < len(forward.through):
        yield from _in_callee(program, finding, forward, forward.through[depth])
    if loop is not None and model:
        yield from _in_loop(program, finding, loop, trail[depth], switch_trail[depth], model)
    elif model:
        place = _outermost(body, trail[depth], switch_trail[depth])
        edit = edits.insert_before(program.source, place, f"{model}.train()")
        yield fix(
            program.source, finding, f"call `{model}.train()` before the training", edit, consequence=_AGAIN
        )


def _in_callee(program: Program, finding: Finding, forward: Forward, name: str) -> Iterator[Fix]:
    """At the start of the function that trains for an epoch."""
    function = program.function(name)
    if function is None or function.roles & {"evaluate", "infer"}:
        return
    inner = forward.path[forward.through.index(name) + 1] if name != forward.function else forward.span
    model = _name_in(program, forward, name, inner)
    if model is None:
        return
    for edit in _at_start(program, name, model, f"{model}.train()"):
        title = f"call `{model}.train()` at the start of `{name}`"
        yield fix(program.source, finding, title, edit, consequence=_AGAIN)


def _in_loop(
    program: Program, finding: Finding, loop: ir.Loop, trained: Span, switched: Span, model: str
) -> Iterator[Fix]:
    """First in the epoch, or where its training part begins if the evaluation comes first."""
    if trained < switched:
        edit = edits.insert_first(program.source, loop.span, f"{model}.train()")
        title = f"call `{model}.train()` at the start of each epoch"
    else:
        place = next(s.span for s in loop.body if walk.within(trained, s.span))
        edit = edits.insert_before(program.source, place, f"{model}.train()")
        title = f"call `{model}.train()` before the training"
    yield fix(program.source, finding, title, edit, consequence=_AGAIN)


def _at_start(program: Program, name: str, model: str, statement: str) -> Iterator[Edit]:
    """`statement` first in a function, or right after the model gets its name there."""
    assert program.names is not None
    function = program.names.functions[name]
    root = model.partition(".")[0]
    binding = next((s for s in walk.statements(function.body) if _binds(s, root, model)), None)
    if binding is None:
        yield edits.insert_first(program.source, function.span, statement)
    elif binding in function.body:
        yield edits.insert_after(program.source, binding.span, statement)


def _binds(statement: ir.Stmt, root: str, model: str) -> bool:
    targets = statement.targets if isinstance(statement, ir.Assign) else ()
    return any(walk.dotted(t) in (root, model) for target in targets for t in walk.subexpressions(target))


def _evaluating_statement(program: Program, forward: Forward) -> Span | None:
    """The outermost statement around the forward that holds no training: before it the switch belongs."""
    training = [f.span for f in program.forwards if f.role == "train" and f.function == forward.function]
    training += [
        f.path[len(f.path) - 1 - i]
        for f in program.forwards
        if f.role == "train"
        for i, name in enumerate(reversed(f.through[:-1]))
        if name == forward.function
    ]
    training += [f.path[0] for f in program.forwards if f.role == "train" and f.path and not forward.function]
    best = None
    for statement in walk.statements(_body(program, forward.function)):
        apart = not any(walk.within(t, statement.span) for t in training)
        if best is None and apart and walk.within(forward.span, statement.span):
            best = statement.span
    return best


def _outermost(body: ir.Block, wanted: Span, apart: Span) -> Span:
    """The outermost statement around one span that does not hold another."""
    around = (
        s.span
        for s in walk.statements(body)
        if walk.within(wanted, s.span) and not walk.within(apart, s.span)
    )
    return next(around, wanted)


def _innermost_loop(body: ir.Block, first: Span, second: Span) -> ir.Loop | None:
    both = [
        s
        for s in walk.statements(body)
        if isinstance(s, ir.Loop) and walk.within(first, s.span) and walk.within(second, s.span)
    ]
    return both[-1] if both else None


def _is_step_loop(loop: ir.Loop, trained: Span) -> bool:
    """Whether a pass of the loop is a step rather than an epoch: it runs over data and trains directly."""
    counts = isinstance(loop.iterable, ir.Call) and walk.dotted(loop.iterable.func) in ("range", "trange")
    inner = any(isinstance(s, ir.Loop) and walk.within(trained, s.span) for s in walk.statements(loop.body))
    return loop.iterable is not None and not counts and not inner


def _name_in(program: Program, forward: Forward, function: str, call: Span) -> str | None:
    """How the model is named in a function on the way to the forward, where that can be told."""
    model = _dotted(forward.model)
    if forward.function == function or model is None:
        return model
    root = model.partition(".")[0]
    if root == "self":
        same = function.rpartition(".")[0] == forward.function.rpartition(".")[0]
        return model if same else None
    callee = next((f for f in program.functions if f.name == forward.function), None)
    site = next(
        (s for f in program.functions for s in f.calls if s.span == call and s.callee == forward.function),
        None,
    )
    if callee is None or root in callee.reads:
        return model
    given = dict(site.bound).get(root) if site else None
    rest = model.partition(".")[2]
    return (f"{given}.{rest}" if rest else given) if given and given.replace(".", "").isidentifier() else None


def _forward(program: Program, finding: Finding, mode: Mode) -> Forward | None:
    """The forward a finding is about; the one with a path in view before one without."""
    found = [f for f in program.forwards if f.span == finding.span and f.mode is mode]
    return max(found, key=lambda f: (f.exact, len(f.path)), default=None)


def _dotted(text: str) -> str | None:
    text = text.removesuffix(".forward")
    return text if text.replace(".", "_").isidentifier() else None


def _body(program: Program, function: str) -> ir.Block:
    if not function:
        return program.block
    assert program.names is not None
    return program.names.functions[function].body


def _common(a: Iterable[Span], b: Iterable[Span]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count
