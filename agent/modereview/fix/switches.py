"""The statements of a file that switch the mode of a module: `model.eval()`, `self.net.train(False)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.records import Program, Source, Span

# What is asked of modules, and not of the trainers and parsers that have a `train()` of their own.
_MODULE_ONLY = frozenset(
    "parameters named_parameters modules named_modules children buffers apply forward requires_grad_".split()
)


@dataclass(frozen=True)
class Switch:
    """A statement that sets the mode of `subject` and does nothing else."""

    subject: str  # the expression, as `ast.unparse` writes it
    to_train: bool
    code: str  # the call, as `ast.unparse` writes it
    function: str  # qualified name of the enclosing function; "" for the top level
    owner: str  # the innermost class it lies in, or ""
    statement: Span
    tail: Span  # from behind the subject to the end of the call: `.train(False)`


def switches(program: Program) -> tuple[Switch, ...]:
    """Every switch of something that looks like a module, in the order of the text."""
    tree = program.source.tree
    modules, others = _evidence(program)
    own = {m.name for m in program.modules}

    def is_module(switch: Switch) -> bool:
        if switch.subject == "self":
            return switch.owner in own
        return switch.subject in modules or (not switch.to_train and switch.subject not in others)

    return tuple(filter(is_module, _walk(program.source, tree, (), "")))


def _evidence(program: Program) -> tuple[set[str], set[str]]:
    """Expressions that the file uses as modules, and those it uses as optimizers (some have modes, too)."""
    modules = {forward.model for forward in program.forwards}
    modules |= {site.target for module in program.modules for site in module.builds if site.target}
    others = set()
    for node in ast.walk(program.source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute, ast.Subscript)):
            modules.add(ast.unparse(node.func))
        elif isinstance(node, ast.Attribute) and node.attr in _MODULE_ONLY:
            modules.add(ast.unparse(node.value))
        elif isinstance(node, ast.Attribute) and node.attr == "step":
            others.add(ast.unparse(node.value))
    return modules, others


def _walk(source: Source, node: ast.AST, names: tuple[str, ...], owner: str) -> Iterator[Switch]:
    """Switches below a node. `names` are those of the functions and classes around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _walk(source, child, (*names, child.name), child.name)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _walk(source, child, (*names, child.name), owner)
        elif isinstance(child, ast.Expr):
            yield from _switch(source, child, names, owner)
        elif not isinstance(child, ast.expr):
            yield from _walk(source, child, names, owner)


def _switch(source: Source, node: ast.Expr, names: tuple[str, ...], owner: str) -> Iterator[Switch]:
    call = node.value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return
    subject = call.func.value
    mode = _mode(call.func.attr, call)
    if mode is None or not isinstance(subject, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    whole, head = span_of(source, node), span_of(source, subject)
    tail = Span(head.end_line, head.end_column, *_end(span_of(source, call)))
    yield Switch(ast.unparse(subject), mode, ast.unparse(call), ".".join(names), owner, whole, tail)


def _mode(name: str, call: ast.Call) -> bool | None:
    """Whether a call switches to TRAIN; None for any other call."""
    if call.keywords or name not in ("train", "eval"):
        return None
    if not call.args:
        return name == "train"
    flag = call.args[0]
    if name == "train" and len(call.args) == 1 and isinstance(flag, ast.Constant):
        return flag.value if isinstance(flag.value, bool) else None
    return None


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def span_of(source: Source, node: ast.expr | ast.stmt) -> Span:
    """Where a node of `source.tree` lies; the tree counts columns in UTF-8 bytes."""
    end_line = node.end_lineno or node.lineno
    start = _column(source.lines[node.lineno - 1], node.col_offset)
    return Span(node.lineno, start, end_line, _column(source.lines[end_line - 1], node.end_col_offset or 0))


def _column(line: str, offset: int) -> int:
    return len(line.encode()[:offset].decode()) + 1
