"""`no_grad` where an evaluation lacks it: a decorator or a block, by what the file does elsewhere."""

from __future__ import annotations

import re

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Forward, Program, Span
from modereview.rules import inside, lookup
from modereview.rules.meeting import body_of
from modereview.rules.spelling import Spelled, spelled

_JUDGED = ("evaluate", "infer")  # roles that want no graph
_GRADIENTS = frozenset("backward grad requires_grad_ enable_grad jacobian hessian jvp vjp".split())
_OFF = ("torch.no_grad", "torch.inference_mode")
# What a model out of view is asked for that it can only know by gradients: `compute_force=True`.
_GOES_BACKWARD = re.compile(r"attack|adversar|saliency|(^|_)(pgd|fgsm|cam)(_|$)", re.I)  # out of view
_BY_GRADIENTS = re.compile(r"force|grad|stress|virial|hessian|jacobian", re.I)


def is_certain(program: Program, forward: Forward) -> bool:
    """Whether all that the function runs is judged, on every path, with the graph on and for nothing."""
    here = [f for f in program.forwards if f.function == forward.function]
    own = program.module(forward.function.rpartition(".")[0]) is not None  # its caller may want gradients
    trains = any(f.role in ("train", "target") and forward.function in f.through for f in program.forwards)
    judged = all(f.role == "evaluate" and f.grad is True for f in here)
    return bool(forward.function) and judged and not own and not trains


def is_needed(program: Program, forward: Forward) -> bool:
    """Whether the model takes gradients itself, or is asked for what hangs on them; or no graph is built."""
    assert program.names is not None
    todo, seen = list(forward.classes), set()
    while todo:
        for known in inside.lineage(program, todo.pop()):
            if known.name not in seen:
                seen.add(known.name)
                if any(_wants_gradients(program, method.body) for method in known.methods):
                    return True
                calls = [c for method in known.methods for c in walk.calls(method.body)]
                todo += [cls.name for c in calls if (cls := program.names.class_at(c.func)) is not None]
    body = body_of(program, forward.function)
    if forward.role == "infer" and _answers_a_base(program, forward.function, body):
        return True
    asked = (kept for c in walk.calls(body) if c.span == forward.span for kept, _ in c.kwargs if kept)
    return (forward.opaque and any(_BY_GRADIENTS.search(name) for name in asked)) or any(
        isinstance(e, ir.Attr) and e.name == "requires_grad" for e in walk.all_expressions(body)
    )


def _answers_a_base(program: Program, function: str, body: ir.Block) -> bool:
    """Whether a method hands its result to a base class out of view, which may differentiate it."""
    assert program.names is not None
    owner = function.rpartition(".")[0]
    bases = [base for known in inside.lineage(program, owner) for base in known.bases]
    elsewhere = [b for b in bases if program.names.class_at(b) is None and walk.dotted(b) != "object"]
    returns = any(isinstance(s, ir.Leave) and s.value is not None for s in walk.statements(body))
    return bool(elsewhere) and returns


def off(program: Program, forward: Forward) -> tuple[str, tuple[Edit, ...]] | None:
    """What switches the graph off around a forward, and the edits; None where no place for it is in view.

    None, too, where the model may need it: one that takes the gradient of an energy gives forces; and where
    a training may run the function, or another forward beside this one that nobody knows the use of.

    A whole function that only evaluates gets the decorator, unless the file writes blocks elsewhere.
    """
    assert program.names is not None
    run_by_others = any(f.name == forward.function for f in inside.may_run(program))
    if is_needed(program, forward) or run_by_others or _is_one_of_unclear(program, forward):
        return None
    origin, by_block = _style(program)
    name = spelled(program, origin)
    if name.imports:  # a file that imports torch where it uses it would not want it at its top
        return None
    function = program.names.functions.get(forward.function)
    judged = all(f.role in _JUDGED for f in program.forwards if forward.function in f.through)
    judged = judged and function is not None and not _wants_gradients(program, function.body)
    if function is not None and judged and not by_block and not function.yields:
        start = Span(function.span.line, function.span.column, function.span.line, function.span.column + 1)
        return f"@{name.text}()", (_decorate(program, start, name),)
    around = _evaluating(program, forward)
    if around is None:
        return None
    header = f"with {name.text}():"
    return header, edits.wrap(program.source, around, around, header)


def _decorate(program: Program, start: Span, name: Spelled) -> Edit:
    """Under the decorators that are there: it belongs to the function itself."""
    source = program.source
    at = source.offset(start.line, start.column)
    indent = source.lines[start.line - 1][: start.column - 1]
    return Edit(at, at, f"@{name.text}(){source.newline}{indent}")


def _style(program: Program) -> tuple[str, bool]:
    """What the file switches the graph off with, and whether in blocks rather than by decorators."""
    assert program.names is not None
    decorators = (d for f in program.names.functions.values() for d in f.decorators)
    by_decorator = [o for d in decorators if (o := _origin(program, d)) in _OFF]
    managers = (
        e
        for _, body in lookup.scopes(program)
        for s in walk.statements(body)
        if isinstance(s, ir.With)
        for e, _ in s.items
    )
    in_blocks = [o for e in managers if (o := _origin(program, e)) in _OFF]
    origin = next(iter((*by_decorator, *in_blocks)), _OFF[0])
    return origin, bool(in_blocks) and not by_decorator


def _origin(program: Program, expr: ir.Expr) -> str:
    assert program.names is not None
    return program.names.origin(expr.func if isinstance(expr, ir.Call) else expr) or ""


def _evaluating(program: Program, forward: Forward) -> Span | None:
    """The outermost statement around a forward that leaves no other forward under the block by mistake."""
    others = [
        f.path[len(f.path) - 1 - i] if i else f.span
        for f in program.forwards
        if f.role not in _JUDGED
        for i, name in enumerate(reversed(f.through))
        if name == forward.function
    ]
    others += [(*f.path, f.span)[0] for f in program.forwards if f.role == "train" and not forward.function]
    for statement in walk.statements(body_of(program, forward.function)):
        apart = not any(walk.within(o, statement.span) for o in others)
        if apart and _wants_gradients(program, (statement,)):
            continue
        if apart and walk.within(forward.span, statement.span) and not _is_branch(statement, forward.span):
            return statement.span
    return None


def _is_one_of_unclear(program: Program, forward: Forward) -> bool:
    """Whether a forward of unknown use stands in the same block: all go without the graph, or none."""
    body = body_of(program, forward.function)
    blocks = [b for b in walk.all_blocks(body) if any(walk.within(forward.span, s.span) for s in b)]
    unclear = [f.span for f in program.forwards if f.function == forward.function and f.role == "unknown"]
    return any(walk.within(u, s.span) for u in unclear for s in (blocks[-1] if blocks else ()))


def _is_branch(statement: ir.Stmt, place: Span) -> bool:
    """Whether a place stands in a branch of an `if` or `try`: the block belongs inside."""
    branches = isinstance(statement, ir.If) and not walk.within(place, statement.test.span)
    return branches or isinstance(statement, ir.Try)


def _wants_gradients(program: Program, block: ir.Block) -> bool:
    """Whether a block, or a function in view that it calls, goes backward or asks for gradients."""
    assert program.names is not None
    todo, seen = [block], set[str]()
    while todo:
        for call in walk.calls(todo.pop(), nested=True):
            name = call.func.name if isinstance(call.func, ir.Attr) else walk.dotted(call.func) or ""
            called = program.names.function_at(call.func)
            if name in _GRADIENTS or (called is None and _GOES_BACKWARD.search(name)):
                return True
            own = name if (walk.dotted(call.func) or "") == f"self.{name}" else ""
            methods = (m for c in program.names.classes.values() if (m := c.method(own)) is not None)
            for function in methods if own else filter(None, (called,)):
                if function.name not in seen:
                    seen.add(function.name)
                    todo.append(function.body)
    return False
