"""Mode faults put into the user's file. A test that catches none of them proves nothing."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from modereview import edits, parse
from modereview.fix.switches import Switch, span_of, switches
from modereview.records import Edit, ModuleClass, Mutant, Program, Source, Span

# Needs no name of the file: `torch` may be called otherwise there, or be a local variable.
# Noise rather than dropout: on a scalar two draws of dropout agree half of the time, and a test would be
# kept or dropped by chance.
_NOISE = (
    "(lambda torch, value: torch.utils._pytree.tree_map(lambda _: _ + torch.rand_like(_) "
    "if isinstance(_, torch.Tensor) and _.is_floating_point() else _, value))(__import__('torch'), ("
)

_OVERRIDES = {
    "that stays in TRAIN": "return super().train(True)",
    "that stays in EVAL": "return super().train(False)",
    "that leaves submodules alone": "self.training = mode; return self",
}


def mutants(source: Source, program: Program) -> tuple[Mutant, ...]:
    """The file with one fault each: a random `forward`, a `train` that errs, a switch dropped or swapped.

    Each parses, differs from the file and from the others. Identities do not move with line numbers.
    """
    seen = {source.raw}
    kept = []
    for mutant in _named(_all(source, program)):
        if mutant.source.raw not in seen:
            seen.add(mutant.source.raw)
            kept.append(mutant)
    return tuple(kept)


def _all(source: Source, program: Program) -> Iterator[Mutant]:
    for module in program.modules:
        own = list(_nondeterministic(source, module))
        yield from own
        if own and (module.sensitive or module.opaque):  # a mode that changes nothing cannot go wrong
            yield from _misled(source, module)
    found = switches(program)
    yield from (_switched(source, s, "dropped", edits.remove_statement(source, s.statement)) for s in found)
    yield from (_switched(source, s, "swapped", _swap(source, s)) for s in found)


def _named(mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    """Equal faults of a function are numbered: two `model.eval()` of `main`."""
    counts: Counter[str] = Counter()
    for mutant in mutants:
        counts[mutant.id] += 1
        name = f"{mutant.id}:{counts[mutant.id]}"
        yield Mutant(name, mutant.description, mutant.span, mutant.function, mutant.source)


def _switched(source: Source, switch: Switch, what: str, edit: Edit) -> Mutant:
    description = f"`{switch.code}` at {switch.statement.line} {what}"
    name = f"{what}:{switch.function}:{switch.code}"
    return Mutant(name, description, switch.statement, switch.function, parse.apply(source, [edit]))


def _swap(source: Source, switch: Switch) -> Edit:
    return edits.replace(source, switch.tail, ".eval()" if switch.to_train else ".train()")


def _nondeterministic(source: Source, module: ModuleClass) -> Iterator[Mutant]:
    """The class with noise, whatever the mode, on each result of its own `forward`."""
    forward = _forward(source, module.span)
    values = [node.value for node in _returns(forward) if node.value is not None] if forward else []
    if forward is None or not values:
        return
    name = f"{module.name}.forward"
    around = [edit for value in values for edit in _wrap(source, span_of(source, value))]
    description = f"noise put into `{name}` at {forward.lineno}"
    span = span_of(source, forward)
    yield Mutant(f"determinism:{name}", description, span, name, parse.apply(source, around))


def _misled(source: Source, module: ModuleClass) -> Iterator[Mutant]:
    """The class with a `train` of its own that does not do as it is told."""
    node = _class(source, module.span)
    if node is None or any(isinstance(f, ast.FunctionDef) and f.name in ("train", "eval") for f in node.body):
        return
    for what, body in _OVERRIDES.items():
        method = f"def train(self, mode=True):\n    {body}"
        edit = edits.insert_after(source, span_of(source, node.body[-1]), method)
        name = f"{module.name}.train"
        yield Mutant(f"{what}:{name}", f"`{name}()` {what}", module.span, name, parse.apply(source, [edit]))


def _wrap(source: Source, span: Span) -> tuple[Edit, Edit]:
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    gap = " " if source.text[start - 1].isalpha() else ""  # `return[x]`
    return Edit(start, start, gap + _NOISE), Edit(end, end, "))")


def _forward(source: Source, span: Span) -> ast.FunctionDef | None:
    """The class's own `forward`."""
    node = _class(source, span)
    own = [f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "forward"] if node else []
    return own[-1] if own else None


def _class(source: Source, span: Span) -> ast.ClassDef | None:
    """The class that starts at a span's line, at its keyword or its first decorator."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and span.line in (
            node.lineno,
            *(d.lineno for d in node.decorator_list),
        ):
            return node
    return None


def _returns(node: ast.AST) -> Iterator[ast.Return]:
    """The returns of a function itself, not those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from _returns(child)
