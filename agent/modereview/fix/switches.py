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
    to_train: bool | None  # None where a flag decides: `model.train(was_training)`
    code: str  # the call, as `ast.unparse` writes it
    function: str  # qualified name of the enclosing function; "" for the top level
    owner: str  # the innermost class it lies in, or ""
    statement: Span
    tail: Span  # from behind the subject to the end of the call: `.train(False)`
    flag: str = ""  # the expression that decides, as `ast.unparse` writes it


def switches(program: Program) -> tuple[Switch, ...]:
    """Every switch of something that looks like a module, in the order of the text."""
    tree = program.source.tree
    modules, others = _evidence(program)
    own = {m.name for m in program.modules}

    def is_module(switch: Switch) -> bool:
        if switch.subject == "self":  # `self.train(loader)` is a training loop of the class's own
            return switch.owner in own and switch.to_train is not None
        evident = switch.to_train is False and switch.subject not in others
        return switch.subject in modules or evident

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
    flag = _flag(call.func.attr, call)
    if flag is None or not isinstance(subject, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    whole, head = span_of(source, node), span_of(source, subject)
    tail = Span(head.end_line, head.end_column, *_end(span_of(source, call)))
    mode = bool(flag.value) if isinstance(flag, ast.Constant) else None
    code = "" if mode is not None else ast.unparse(flag)
    yield Switch(ast.unparse(subject), mode, ast.unparse(call), ".".join(names), owner, whole, tail, code)


def _flag(name: str, call: ast.Call) -> ast.expr | None:
    """What a call sets the mode to: a truth value or an expression; None for a call that is no switch."""
    if name not in ("train", "eval") or len(call.args) + len(call.keywords) > (name == "train"):
        return None
    if not call.args and not call.keywords:
        return ast.Constant(name == "train")
    if call.keywords and call.keywords[0].arg != "mode":
        return None
    flag = call.args[0] if call.args else call.keywords[0].value
    plain = isinstance(flag, ast.Constant) and isinstance(flag.value, bool)
    return flag if plain or isinstance(flag, (ast.Name, ast.Attribute, ast.UnaryOp, ast.Compare)) else None


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def span_of(source: Source, node: ast.expr | ast.stmt) -> Span:
    """Where a node of `source.tree` lies; the tree counts columns in UTF-8 bytes."""
    end_line = node.end_lineno or node.lineno
    start = _column(source.lines[node.lineno - 1], node.col_offset)
    return Span(node.lineno, start, end_line, _column(source.lines[end_line - 1], node.end_col_offset or 0))


def _column(line: str, offset: int) -> int:
    return len(line.encode()[:offset].decode()) + 1
