"""Where a switch belongs: the edits that mend the mode rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Finding, Fix, Forward, Mode, Program, Span
from modereview.rules import giving_back, graph, lookup, several
from modereview.rules.base import fix
from modereview.rules.modes import Meeting, body_of, meeting

_OWNER = re.compile(r"""[^\W\d]\w*(\.[^\W\d]\w*|\[(\d+|'\w+'|"\w+")\])*""")  # `self.nets[0]`
_AGAIN = "training sees dropout and batch statistics again: expect other loss curves; checkpoints still load"


def eval_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model into EVAL before an evaluation, the best first."""
    modes = (Mode.TRAIN, Mode.UNKNOWN)
    forward = next((f for m in modes if (f := _forward(program, finding, m, training=False))), None)
    if forward is None or (model := dotted(forward.model)) is None:
        return
    statement = f"{model}.eval()"
    models = several.source(program, forward)
    if models is not None:
        yield from _each_evaluates(program, finding, forward, models[0])
        return
    yield from _instead(program, finding, forward, model)
    function = program.function(forward.function)
    if function is not None and not function.roles & {"train"}:
        how = giving_back.style(program, forward.function)
        if how:
            yield from _given_back(program, finding, forward, model, how)
        for edit in _at_start(program, forward.function, model, statement):
            title = f"call `{statement}` at the start of `{function.name}`"
            yield from _evaluates(program, finding, forward, title, edit)
    place = _evaluating_statement(program, forward)
    if place is not None:
        edit = edits.insert_before(program.source, place, statement)
        yield from _evaluates(program, finding, forward, f"call `{statement}` before the evaluation", edit)
    if function is not None and not function.roles & {"train"}:
        yield from _given_back(program, finding, forward, model, "saved")
    elif place is None:
        yield from _in_caller(program, finding, forward)


def _each_evaluates(program: Program, finding: Finding, forward: Forward, models: str) -> Iterator[Fix]:
    """Every model that the loop around the evaluation goes over, before it."""
    statement = several.switch(forward.model, models, "eval")
    title = f"call `eval()` on each of `{models}`"
    function = program.function(forward.function)
    if function is not None and not function.roles & {"train"}:
        for edit in _at_start(program, forward.function, models, statement):
            yield from _evaluates(
                program, finding, forward, f"{title} at the start of `{function.name}`", edit
            )
    place = _evaluating_statement(program, forward)
    if place is not None:
        edit = edits.insert_before(program.source, place, statement)
        yield from _evaluates(program, finding, forward, f"{title} before the evaluation", edit)


def _instead(program: Program, finding: Finding, forward: Forward, model: str) -> Iterator[Fix]:
    """In place of a `train()` right before the evaluation, where no training hangs on it."""
    trained = any(f.role == "train" and f.switch == forward.switch for f in program.forwards)
    body = body_of(program, forward.function)
    blocks = [body, *(b for s in walk.statements(body) for b in walk.blocks(s))]
    pairs = (pair for block in blocks for pair in pairwise(block))
    meant = any(a.span == forward.switch and walk.within(forward.span, b.span) for a, b in pairs)
    call = program.source.slice(forward.switch) if forward.switch is not None else ""
    if forward.switch is not None and call.startswith(f"{model}.train(") and meant and not trained:
        edit = edits.replace(program.source, forward.switch, f"{model}.eval()")
        title = f"call `{model}.eval()` instead of `{call}`"
        yield from _evaluates(program, finding, forward, title, edit)


def _in_caller(program: Program, finding: Finding, forward: Forward) -> Iterator[Fix]:
    """At the start of the innermost function on the way that only evaluates, where a helper does both."""
    for depth in range(len(forward.through) - 2, -1, -1):
        function = program.function(forward.through[depth])
        model = name_in(program, forward, forward.through[depth], forward.path[depth + 1])
        if function is not None and model and not function.roles & {"train"}:
            for edit in _at_start(program, function.name, model, f"{model}.eval()"):
                title = f"call `{model}.eval()` at the start of `{function.name}`"
                yield from _evaluates(program, finding, forward, title, edit)
            return


def _evaluates(
    program: Program, finding: Finding, forward: Forward, title: str, *changes: Edit
) -> Iterator[Fix]:
    """The fix with the `no_grad` that is missing as well, where that is certain, and then without."""
    why = "validation and test numbers change: they are of the model without dropout and batch statistics"
    off = graph.off(program, forward) if graph.is_certain(program, forward) else None
    if off is not None:
        whole = edits.together((*changes, *off[1]))
        yield fix(program.source, finding, f"{title}, and `{off[0]}`", *whole, consequence=why)
    yield fix(program.source, finding, title, *changes, consequence=why)


def _given_back(program: Program, finding: Finding, forward: Forward, model: str, how: str) -> Iterator[Fix]:
    """EVAL for the function, and the mode that it found when it ends."""
    name = forward.function
    before, after = giving_back.switches(program, forward, model, how)
    title = f"call `{model}.eval()` in `{name}` and give the mode back"
    at_end = giving_back.at_the_end(program, name, after)
    for edit in _at_start(program, name, model, before):
        if at_end is not None:
            yield from _evaluates(program, finding, forward, title, edit, at_end)
            return
    start = _first_statement(program, name, model)
    if start is not None:
        changes = giving_back.on_every_way(program, name, start, before, after)
        yield from _evaluates(program, finding, forward, title, *changes)


def _first_statement(program: Program, name: str, model: str) -> Span | None:
    """Where the function begins its work: behind its docstring, and behind what gives the model its name."""
    body = body_of(program, name)
    bound = [i for i, s in enumerate(body) if _binds(s, lookup.root_of(model), model)]
    documented = isinstance(body[0], ir.Do) and isinstance(body[0].value, ir.Const)
    rest = body[bound[-1] + 1 if bound else int(documented) :]
    return rest[0].span if rest else None


def train_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model back into TRAIN before it is trained on, the best first."""
    forward = _forward(program, finding, Mode.EVAL, training=True)
    where = meeting(program, forward) if forward is not None else None
    if forward is None or where is None:
        return
    yield from _second_eval(program, finding, forward)
    models = several.source(program, forward)
    if models is not None:
        yield from _each_trains(program, finding, forward, where, models)
        return
    model = name_in(program, forward, where.function, where.forward)
    if model and where.within_epoch and where.forward != where.switch:
        edit = edits.insert_after(program.source, _behind(where, forward), f"{model}.train()")
        yield _trains(program, finding, f"call `{model}.train()` after the evaluation", edit)
    if where.depth < len(forward.through):
        yield from _in_callee(program, finding, forward, forward.through[where.depth])
    if model:
        yield _in_meeting(program, finding, where, model)


def _each_trains(
    program: Program, finding: Finding, forward: Forward, where: Meeting, models: tuple[str, Span]
) -> Iterator[Fix]:
    """Every model that the loop around the training goes over, first in an epoch of the same function."""
    name, goes_over = models
    loop = where.loop if where.function == forward.function else None
    if loop is not None and not walk.within(loop.span, goes_over):
        statement = several.switch(forward.model, name, "train")
        edit = edits.insert_first(program.source, loop.span, statement)
        title = f"call `train()` on each of `{name}` at the start of each epoch"
        yield _trains(program, finding, title, edit)


def _behind(where: Meeting, forward: Forward) -> Span:
    """What the evaluation ends with: the call of a function, or the last statement of its own block."""
    if where.switch != forward.switch:
        return where.switch
    inner = (b for s in walk.statements(where.body) for b in walk.blocks(s))
    holders = [b for b in inner if any(s.span == where.switch for s in b)]
    return holders[-1][-1].span if holders else where.switch


def _second_eval(program: Program, finding: Finding, forward: Forward) -> Iterator[Fix]:
    """`eval()` before an evaluation and again behind it: the second was meant as `train()`."""
    switch = forward.switch
    for name, body in lookup.scopes(program) if switch is not None else ():
        ends = [s for s in walk.statements(body) if isinstance(s, ir.Do) and s.span == switch]
        text = program.source.slice(ends[0].span) if ends else ""
        same = [c.span for c in walk.calls(body) if program.source.slice(c.span) == text]
        judged = [f.span for f in program.forwards if f.function == name]
        if ends and text.endswith(".eval()") and any(s < j < ends[0].span for s in same for j in judged):
            meant = text.removesuffix(".eval()") + ".train()"
            edit = edits.replace(program.source, ends[0].span, meant)
            yield _trains(program, finding, f"call `{meant}` where the evaluation ends", edit)


def _trains(program: Program, finding: Finding, title: str, edit: Edit) -> Fix:
    return fix(program.source, finding, title, edit, consequence=_AGAIN)


def _in_callee(program: Program, finding: Finding, forward: Forward, name: str) -> Iterator[Fix]:
    """At the start of the function that trains for an epoch."""
    function = program.function(name)
    if function is None or function.roles & {"evaluate", "infer"}:
        return
    inner = forward.path[forward.through.index(name) + 1] if name != forward.function else forward.span
    model = name_in(program, forward, name, inner)
    if model is None:
        return
    for edit in _at_start(program, name, model, f"{model}.train()"):
        yield _trains(program, finding, f"call `{model}.train()` at the start of `{name}`", edit)


def _in_meeting(program: Program, finding: Finding, where: Meeting, model: str) -> Fix:
    """First in the epoch, or where its training part begins if the evaluation comes first."""
    statement = f"{model}.train()"
    if where.loop is not None and where.forward < where.switch:
        edit = edits.insert_first(program.source, where.loop.span, statement)
        return _trains(program, finding, f"call `{statement}` at the start of each epoch", edit)
    inside = where.loop.body if where.loop is not None else where.body
    edit = edits.insert_before(program.source, _outermost(inside, where), statement)
    return _trains(program, finding, f"call `{statement}` before the training", edit)


def _at_start(program: Program, name: str, model: str, statement: str) -> Iterator[Edit]:
    """`statement` first in a function, or right after the model gets its name there."""
    assert program.names is not None
    function = program.names.functions[name]
    root = lookup.root_of(model)
    binding = next((s for s in walk.statements(function.body) if _binds(s, root, model)), None)
    switched = _switches_at_start(function.body)
    if binding is None and switched is not None:
        yield edits.insert_after(program.source, switched, statement)
    elif binding is None:
        yield edits.insert_first(program.source, function.span, statement)
    elif binding in function.body:
        yield edits.insert_after(program.source, binding.span, statement)


def _switches_at_start(body: ir.Block) -> Span | None:
    """The last of the `encoder.eval()` that a function begins with: another model's comes behind them."""
    last = None
    documented = isinstance(body[0], ir.Do) and isinstance(body[0].value, ir.Const)
    for statement in body[documented:]:
        match statement:
            case ir.Do(ir.Call(ir.Attr(_, "eval" | "train"), ())):
                last = statement.span
            case _:
                break
    return last


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
    best: ir.Stmt | None = None
    for statement in walk.statements(body_of(program, forward.function)):
        apart = not any(walk.within(t, statement.span) for t in training)
        conditional = isinstance(best, ir.If) and statement.span > best.test.span
        if (best is None or conditional) and apart and walk.within(forward.span, statement.span):
            best = statement
    return best.span if best is not None else None


def _outermost(body: ir.Block, where: Meeting) -> Span:
    """The outermost statement around the training that does not hold the switch as well."""
    around = (
        s.span
        for s in walk.statements(body)
        if walk.within(where.forward, s.span) and not walk.within(where.switch, s.span)
    )
    return next(around, where.forward)


def name_in(program: Program, forward: Forward, function: str, call: Span) -> str | None:
    """How the model is named in a function on the way to the forward, where that can be told."""
    model = dotted(forward.model)
    if forward.function == function or model is None:
        return model
    root = lookup.root_of(model)
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
    return given + model.removeprefix(root) if given and given.replace(".", "").isidentifier() else None


def _forward(program: Program, finding: Finding, mode: Mode, *, training: bool) -> Forward | None:
    """The forward a finding is about; the one with a path in view before one without.

    A helper's forward is trained on by one way and judged by another.
    """
    found = [f for f in program.forwards if f.span == finding.span and f.mode is mode]
    found = [f for f in found if (f.role == "train") is training]
    return max(found, key=lambda f: (f.exact, len(f.path)), default=None)


def dotted(text: str) -> str | None:
    """The model of a forward, as an expression that a switch can be called on; None for `nets[i]`."""
    text = text.removesuffix(".forward")
    return text if _OWNER.fullmatch(text) else None
