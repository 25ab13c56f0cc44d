"""Where an `eval()` belongs: the edits that put a model into EVAL before it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_a_network, names_an_evaluation
from modereview.records import Edit, Finding, Fix, Forward, Function, Mode, Program, Span
from modereview.rules import absent, both, giving_back, graph, inside, lookup, several
from modereview.rules.base import fix
from modereview.rules.meeting import body_of
from modereview.rules.placing import at_start, binds, dotted, forward_of, head_of, name_in


def eval_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model into EVAL before an evaluation, the best first."""
    modes = (Mode.TRAIN, Mode.UNKNOWN)
    forward = next((f for m in modes if (f := forward_of(program, finding, m, training=False))), None)
    if forward is None or (model := dotted(forward.model)) is None:
        return
    models = several.source(program, forward)
    if _runs_in_training(program, forward):
        yield from _owner_evaluates(program, finding, forward)
    elif models is not None:
        yield from _each_evaluates(program, finding, forward, models[0])
    elif not _is_made_for_others(program, forward, model):
        yield from _one_evaluates(program, finding, forward, model)


def _is_made_for_others(program: Program, forward: Forward, model: str) -> bool:
    """Whether the function builds the model, runs it once and hands it out, perhaps to a training."""
    body = body_of(program, forward.function)
    root = lookup.root_of(model)
    returned = (s.value for s in walk.statements(body) if isinstance(s, ir.Leave) and s.how == "return")
    out = any(walk.dotted(e) == root for v in returned if v is not None for e in _handed(v))
    made = any(binds(s, root, model) for s in walk.statements(body))
    return out and made and not names_an_evaluation(forward.function) and forward.cause == "entry"


def _handed(value: ir.Expr) -> tuple[ir.Expr, ...]:
    """What a return hands out as it is: the model itself, in a tuple, in a call that wraps it."""
    return (value, *(value.items if isinstance(value, ir.Items) else ()), *_given(value))


def _given(value: ir.Expr) -> tuple[ir.Expr, ...]:
    return value.args if isinstance(value, ir.Call) and names_a_network(walk.dotted(value.func) or "") else ()


def _one_evaluates(program: Program, finding: Finding, forward: Forward, model: str) -> Iterator[Fix]:
    """The model by its own name, at the start of the function or before the evaluation."""
    statement = f"{model}.eval()"
    yield from _instead(program, finding, forward, model)
    function = program.function(forward.function)
    if function is not None and not _may_train(program, function):
        how = giving_back.style(program, forward.function)
        if finding.unsettled and forward.given:
            how = how or "saved"  # whoever hands the model over may train on
        if how:
            yield from _given_back(program, finding, forward, model, how)
        for edit in at_start(program, forward.function, model, statement):
            title = f"call `{statement}` at the start of `{function.name}`"
            yield from _evaluates(program, finding, forward, title, edit)
    place = _evaluating_statement(program, forward)
    if place is not None:
        guarded = absent.guarded(program, forward.function, model, statement, place)
        for wanted in dict.fromkeys((statement, guarded)):
            edit = edits.insert_before(program.source, place, wanted)
            yield from _evaluates(
                program, finding, forward, f"call `{statement}` before the evaluation", edit
            )
        yield from _before_each(program, finding, forward, model)
    chosen = both.by_condition(program, forward, model)
    if chosen is not None:
        title = f"put `{model}` into train or eval mode as `{chosen[0]}` says"
        yield from _evaluates(program, finding, forward, title, chosen[1])
    otherwise = both.by_else(program, forward, model)
    if otherwise is not None:
        title = f"call `{model}.eval()` in an `else` of `if {otherwise[0]}:`"
        yield from _evaluates(program, finding, forward, title, otherwise[1])
    if function is not None and not _may_train(program, function):
        yield from _given_back(program, finding, forward, model, "saved")
    elif place is None:
        yield from _in_caller(program, finding, forward)


def _runs_in_training(program: Program, forward: Forward) -> bool:
    """Whether it is a part that the module's own `forward` runs as well: a switch there would stay."""
    owner = forward.function.rpartition(".")[0]
    known = program.module(owner) is not None
    return known and forward.function in {f.name for f in inside.reached(program, owner, "forward")}


def _owner_evaluates(program: Program, finding: Finding, forward: Forward) -> Iterator[Fix]:
    """The whole module into EVAL, where a function that only evaluates asks it for the part."""
    calls = zip(forward.through, (*forward.path, forward.span)[1:], strict=False)
    for name, place in reversed(list(calls)):
        function = program.function(name)
        call = next((c for c in walk.calls(body_of(program, name)) if c.span == place), None)
        asked = call.func if call is not None else None
        model = dotted(walk.dotted(asked.base) or "") if isinstance(asked, ir.Attr) else None
        if model and model != "self" and function is not None and not _may_train(program, function):
            for edit in at_start(program, name, model, f"{model}.eval()"):
                title = f"call `{model}.eval()` at the start of `{name}`"
                yield from _evaluates(program, finding, forward, title, edit)
            return


def _may_train(program: Program, function: Function) -> bool:
    """Whether a function trains, or tries to: with the graph off by mistake none of its forwards trains."""
    body = body_of(program, function.name)
    backward = any(isinstance(c.func, ir.Attr) and c.func.name == "backward" for c in walk.calls(body))
    return "train" in function.roles or backward


def _each_evaluates(program: Program, finding: Finding, forward: Forward, models: str) -> Iterator[Fix]:
    """Every model that the loop around the evaluation goes over, before it."""
    statement = several.switch(forward.model, models, "eval")
    title = f"call `eval()` on each of `{models}`"
    function = program.function(forward.function)
    if function is not None and not function.roles & {"train"}:
        for edit in at_start(program, forward.function, models, statement):
            yield from _evaluates(
                program, finding, forward, f"{title} at the start of `{function.name}`", edit
            )
    place = _evaluating_statement(program, forward)
    if place is not None:
        edit = edits.insert_before(program.source, place, statement)
        yield from _evaluates(program, finding, forward, f"{title} before the evaluation", edit)


def _before_each(program: Program, finding: Finding, forward: Forward, model: str) -> Iterator[Fix]:
    """Before every evaluation that the function makes of the model: a test as well as each validation."""
    alike = (
        f
        for f in program.forwards
        if (f.function, f.model) == (forward.function, forward.model)
        and f.role in ("evaluate", "infer")
        and f.mode is not Mode.EVAL
    )
    places = sorted({p for f in alike if (p := _evaluating_statement(program, f)) is not None})
    if len(places) > 1:
        statement = f"{model}.eval()"
        asked = [absent.guarded(program, forward.function, model, statement, p) for p in places]
        changes = map(edits.insert_before, [program.source] * len(places), places, asked)
        title = f"call `{statement}` before each evaluation"
        yield from _evaluates(program, finding, forward, title, *changes)


def _instead(program: Program, finding: Finding, forward: Forward, model: str) -> Iterator[Fix]:
    """In place of a `train()` right before the evaluation, where no training hangs on it."""
    trained = any(f.role == "train" and f.switch == forward.switch for f in program.forwards)
    body = body_of(program, forward.function)
    blocks = list(walk.all_blocks(body))
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
            for edit in at_start(program, function.name, model, f"{model}.eval()"):
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
    for edit in at_start(program, name, model, before):
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
    bound = [i for i, s in enumerate(body) if binds(s, lookup.root_of(model), model)]
    rest = body[bound[-1] + 1 if bound else head_of(body) :]
    return rest[0].span if rest else None


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
