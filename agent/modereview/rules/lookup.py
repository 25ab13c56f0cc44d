"""What rules ask of a file besides the mode flow: scopes, arguments of a call, what a name was given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.arguments import argument as argument
from modereview.analyze.arguments import constant as constant
from modereview.analyze.arguments import spreads as spreads
from modereview.records import Forward, Program, Span

_EVALUATION_DATA = re.compile(r"(^|_)(val|valid|validation|test|testing|eval|evaluation|dev)\d*($|_)", re.I)


def enclosing(name: str) -> tuple[str, ...]:
    """A function with the functions and classes that it is defined in: "A.f.g", "A.f", "A"."""
    parts = name.split(".")
    return tuple(".".join(parts[:count]) for count in range(len(parts), 0, -1))


def root_of(model: str) -> str:
    """The name that a model's expression starts with: "self" for "self.nets[0].encoder"."""
    return model.partition(".")[0].partition("[")[0]


def scopes(program: Program) -> Iterator[tuple[str, ir.Block]]:
    """The top level ("") and every function of the file, with its body."""
    assert program.names is not None
    yield "", program.block
    for function in program.names.functions.values():
        yield function.name, function.body


def calls(program: Program) -> Iterator[tuple[str, ir.Call, str]]:
    """Every call of the file: the function that holds it, the call, its dotted origin ("" if unknown)."""
    assert program.names is not None
    for name, body in scopes(program):
        for call in walk.calls(body):
            yield name, call, program.names.origin(call.func) or ""


def inputs(body: ir.Block, forward: Forward) -> tuple[ir.Expr, ...]:
    """What the model is given at a forward in the body of its function, by position and by name."""
    call = next((c for c in walk.calls(body) if c.span == forward.span), None)
    return (*call.args, *(value for _, value in call.kwargs)) if call else ()


def written_in(program: Program, forward: Forward) -> str:
    """The function whose text a forward is in; that of a lambda is written in the function around it."""
    if forward.function != "<lambda>":
        return forward.function
    assert program.names is not None
    around = [f for f in program.names.functions.values() if walk.within(forward.span, f.span)]
    named = [f for f in around if f.short != "<lambda>"]
    return max(named, key=lambda f: f.span).name if named else ""


def assigned(program: Program, function: str, expr: ir.Expr) -> ir.Expr | None:
    """What a name or attribute was assigned, if once in its scope: its function, else the file."""
    text = walk.dotted(expr)
    if text is None or program.names is None:
        return None
    inside = program.names.functions.get(function)
    for body in (inside.body if inside else (), program.block):
        values = [v for s in walk.statements(body) for t, v in bindings(s) if walk.dotted(t) == text]
        if values:
            return values[0] if len(values) == 1 else None
    return None


def with_comment(program: Program, span: Span) -> str:
    """A statement as written, with the comment that its line ends in: it moves along."""
    rest = program.source.lines[span.end_line - 1][span.end_column - 1 :]
    return program.source.slice(span) + (rest.rstrip() if rest.lstrip().startswith("#") else "")


def bindings(statement: ir.Stmt) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    """(target, value) of an assignment; `a, b = f()` gives each target the whole value."""
    if not isinstance(statement, ir.Assign):
        return
    for target in statement.targets:
        if not isinstance(target, ir.Items):
            yield target, statement.value
        elif isinstance(statement.value, ir.Items) and len(statement.value.items) == len(target.items):
            yield from zip(target.items, statement.value.items, strict=True)
        else:
            yield from ((part, statement.value) for part in target.items)


def names_evaluation_data(name: str) -> bool:
    """Whether data is called so: "val_loader", "testTransform", "self.valid_set"."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(".")[2]).lower()
    snake = re.sub(r"^(test|val|valid|eval)(loader|set|data|dataset|dataloader)$", r"\1_\2", snake)
    return bool(_EVALUATION_DATA.search(snake)) and "train" not in snake
