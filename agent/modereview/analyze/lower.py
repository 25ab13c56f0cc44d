"""Syntax tree -> the representation of `ir.py`. Only this file and `qualify.py` know which library parsed.

Measured on timm's layers: `ast.parse` reads 540 files/s where `libcst.parse_module` reads 53 and its
positions halve that again, so the flow is lowered from `ast`; edits go through libcst.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal

from modereview.analyze import ir
from modereview.analyze.qualify import Qualifier, qualifier
from modereview.analyze.stacks import unstacked
from modereview.records import Source, Span

_ANNOTATION = re.compile(r"[\w.\[\], |]{1,200}")
_COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def lower(source: Source) -> ir.Block:
    """The file's top level as a block."""
    return _Lowering(source, 0, Qualifier()).block(source.tree.body, "", None)


def lower_neighbour(source: Source, module: str, first: int) -> ir.Block:
    """The same for a file that is imported as `module`: names qualified, lines counted from `first` on."""
    return _Lowering(source, first, qualifier(module, source.tree)).block(source.tree.body, module, None)


class _Lowering:
    """One walk over the tree; holds the text only to turn byte columns into code-point columns."""

    def __init__(self, source: Source, first: int, names: Qualifier) -> None:
        self._lines, self._first, self._names = source.lines, first, names
        self._has_generators = "yield" in source.code
        self._ascii = [line.isascii() for line in source.lines]

    def _column(self, line: int, byte: int) -> int:
        if self._ascii[line - 1]:
            return byte + 1
        return len(self._lines[line - 1].encode()[:byte].decode(errors="replace")) + 1

    def span(self, node: ast.stmt | ast.expr) -> Span:
        """The node's span; decorators are left out, as Python's own positions do."""
        end_line = node.end_lineno or node.lineno
        end = node.col_offset if node.end_col_offset is None else node.end_col_offset
        start, end = self._column(node.lineno, node.col_offset), self._column(end_line, end)
        return Span(self._first + node.lineno, start, self._first + end_line, end)

    @contextmanager
    def within(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[None]:
        """Inside a function its own names hide those of the file."""
        outside, self._names = self._names, self._names.inside(node)
        yield
        self._names = outside

    # --- statements ---

    def block(self, body: Sequence[ast.stmt], scope: str, cls: str | None) -> ir.Block:
        return tuple(s for node in body for s in self.statement(node, scope, cls))

    def statement(self, node: ast.stmt, scope: str, cls: str | None) -> Iterable[ir.Stmt]:  # noqa: C901
        span = self.span(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield ir.Define(self.function(node, scope, cls), span)
            case ast.ClassDef():
                yield ir.DefineClass(self.klass(node, scope), span)
            case ast.Import() | ast.ImportFrom():
                yield ir.Import(tuple((self._names.name(n), o) for n, o in _imported(node)), span)
            case ast.Global(names) | ast.Nonlocal(names):
                yield ir.Global(tuple(map(self._names.name, names)), span)
            case ast.Assign(targets, value):
                yield ir.Assign(self.all(targets), self.expr(value), span)
            case ast.AnnAssign(target, _, value) if value is not None:
                yield ir.Assign((self.expr(target),), self.expr(value), span)
            case ast.AugAssign(target, _, value):
                both = ir.Other((self.expr(target), self.expr(value)), span)
                yield ir.Assign((self.expr(target),), both, span)
            case ast.Return(value):
                yield ir.Leave("return", self.expr(value) if value else None, span)
            case ast.Raise(exc, _):
                yield ir.Leave("raise", self.expr(exc) if exc else None, span)
            case ast.Break():
                yield ir.Leave("break", None, span)
            case ast.Continue():
                yield ir.Leave("continue", None, span)
            case ast.Expr(value):
                yield ir.Do(self.expr(value), span)
            case ast.Assert(test, _):
                yield ir.Do(ir.Other((self.expr(test),), span), span)
            case _:
                yield from self.compound(node, span, scope, cls)

    def compound(self, node: ast.stmt, span: Span, scope: str, cls: str | None) -> Iterable[ir.Stmt]:
        def block(body: Sequence[ast.stmt]) -> ir.Block:
            return self.block(body, scope, cls)

        match node:
            case ast.If(test, body, orelse):
                yield ir.If(self.expr(test), block(body), block(orelse), span)
            case ast.For(target, iterable, body, orelse) | ast.AsyncFor(target, iterable, body, orelse):
                yield ir.Loop(self.expr(target), self.expr(iterable), None, block(body), block(orelse), span)
            case ast.While(test, body, orelse):
                yield ir.Loop(None, None, self.expr(test), block(body), block(orelse), span)
            case ast.With(items, body) | ast.AsyncWith(items, body):
                pairs = tuple(
                    (
                        self.expr(i.context_expr),
                        self.expr(i.optional_vars) if i.optional_vars else None,
                    )
                    for i in items
                )
                yield unstacked(ir.With(pairs, block(body), span))
            case ast.Match(subject, cases):
                yield from self.match(subject, cases, span, block)
            case ast.Try(body, clauses, orelse, final):
                handlers = tuple(block(clause.body) for clause in clauses)
                yield ir.Try(block(body), handlers, block(orelse), block(final), span)
            case _ if sys.version_info >= (3, 11) and isinstance(node, ast.TryStar):
                handlers = tuple(block(clause.body) for clause in node.handlers)
                yield ir.Try(block(node.body), handlers, block(node.orelse), block(node.finalbody), span)

    def match(
        self,
        subject: ast.expr,
        cases: list[ast.match_case],
        span: Span,
        block: Callable[[Sequence[ast.stmt]], ir.Block],
    ) -> Iterable[ir.Stmt]:
        rest: ir.Block = ()
        value = self.expr(subject)
        for case in reversed(cases):
            body = block(case.body)
            match case.pattern:
                case ast.MatchAs(pattern=None) if case.guard is None:
                    rest = body
                case ast.MatchValue(constant) if case.guard is None:
                    rest = (ir.If(ir.Compare("==", value, self.expr(constant), span), body, rest, span),)
                case _:
                    rest = (ir.If(ir.Other((value,), span), body, rest, span),)
        yield from rest

    # --- definitions ---

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str, cls: str | None
    ) -> ir.Function:
        name = f"{scope}.{node.name}" if scope else node.name
        params, decorators = self.parameters(node.args), self.all(node.decorator_list)
        with self.within(node):
            body = self.block(node.body, name, None)
        return ir.Function(
            name, params, body, decorators, self.span(node), cls, self._has_generators and _yields(node)
        )

    def parameters(self, args: ast.arguments) -> tuple[ir.Parameter, ...]:
        positional = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
        rows: list[tuple[ast.arg, ast.expr | None, Literal["positional", "keyword", "*", "**"]]] = [
            (arg, default, "positional")
            for arg, default in zip(positional, [*defaults, *args.defaults], strict=True)
        ]
        rows += [(args.vararg, None, "*")] if args.vararg else []
        rows += [(a, d, "keyword") for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
        rows += [(args.kwarg, None, "**")] if args.kwarg else []
        return tuple(
            ir.Parameter(
                arg.arg,
                self.expr(default) if default else None,
                self.expr(_unquoted(arg.annotation)) if arg.annotation else None,
                kind,
            )
            for arg, default, kind in rows
        )

    def klass(self, node: ast.ClassDef, scope: str) -> ir.Class:
        name = f"{scope}.{node.name}" if scope else node.name
        statements = self.block(node.body, name, name)
        methods = tuple(s.function for s in statements if isinstance(s, ir.Define))
        rest = tuple(s for s in statements if not isinstance(s, ir.Define))
        keywords = tuple(k.arg for k in node.keywords if k.arg)
        # `Model[T]` is a `Model`.
        bases = (b.value if isinstance(b, ast.Subscript) else b for b in node.bases)
        return ir.Class(name, self.all(bases), methods, rest, self.span(node), keywords)

    # --- expressions ---

    def all(self, nodes: Iterable[ast.expr]) -> tuple[ir.Expr, ...]:
        return tuple(self.expr(node) for node in nodes)

    def expr(self, node: ast.expr) -> ir.Expr:
        span = self.span(node)
        match node:
            case ast.Constant(value) if value is None or isinstance(value, bool | int | float | str):
                return ir.Const(value, span)
            case ast.Name(id):
                return ir.Name(self._names.name(id), span)
            case ast.Attribute(value, attr):
                return ir.Attr(self.expr(value), attr, span)
            case ast.Subscript(value, key):
                return ir.Item(self.expr(value), self.expr(key), span)
            case ast.Call(func, args, keywords):
                kwargs = tuple((k.arg, self.expr(k.value)) for k in keywords)
                return ir.Call(self.expr(func), self.all(args), kwargs, span)
            case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
                return ir.Items(self.all(elts), span)
            case ast.Dict(keys, values) if all(keys):
                pairs = zip(self.all(k for k in keys if k), self.all(values), strict=True)
                return ir.Pairs(tuple(pairs), span)
            case ast.NamedExpr(target, value):
                return ir.Bind(self.expr(target), self.expr(value), span)
            case ast.Starred(value):
                return ir.Star(self.expr(value), span)
            case ast.Yield(value) | ast.YieldFrom(value):
                return ir.Yield(self.expr(value) if value else None, span)
            case ast.Await(value):
                return self.expr(value)
            case _:
                return self.operation(node, span)

    def operation(self, node: ast.expr, span: Span) -> ir.Expr:
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return ir.Not(self.expr(operand), span)
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
                return ir.Const(-value, span)
            case ast.BoolOp(op, values):
                return ir.Logic(isinstance(op, ast.And), self.all(values), span)
            case ast.Compare(left, ops, comparators):
                return self.comparison(left, ops, comparators, span)
            case ast.IfExp(test, body, orelse):
                return ir.Choice(self.expr(test), self.expr(body), self.expr(orelse), span)
            case ast.Lambda(args, body):
                with self.within(node):
                    returned = ir.Leave("return", self.expr(body), span)
                function = ir.Function("<lambda>", self.parameters(args), (returned,), (), span)
                return ir.Lambda(function, span)
            case ast.ListComp(elt, generators) | ast.SetComp(elt, generators):
                return self.comprehension(self.expr(elt), generators, span)
            case ast.GeneratorExp(elt, generators):
                return self.comprehension(self.expr(elt), generators, span)
            case ast.DictComp(key, value, generators):
                return self.comprehension(ir.Other(self.all((key, value)), span), generators, span)
            case _:
                children = (c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))
                return ir.Other(self.all(children), span)

    def comparison(
        self, left: ast.expr, ops: list[ast.cmpop], comparators: list[ast.expr], span: Span
    ) -> ir.Expr:
        operands = self.all((left, *comparators))
        links = tuple(
            ir.Compare(_COMPARE[type(op)], a, b, span)
            for op, a, b in zip(ops, operands, operands[1:], strict=False)
        )
        return links[0] if len(links) == 1 else ir.Logic(True, links, span)

    def comprehension(self, element: ir.Expr, generators: list[ast.comprehension], span: Span) -> ir.Expr:
        for clause in reversed(generators):
            element = ir.Comprehension(
                self.expr(clause.target),
                self.expr(clause.iter),
                self.all(clause.ifs),
                element,
                span,
            )
        return element


def _unquoted(annotation: ast.expr) -> ast.expr:
    """What a quoted annotation means, at the place of the quotes: `net: "Net | None"`."""
    text = annotation.value if isinstance(annotation, ast.Constant) else None
    if not isinstance(text, str) or not _ANNOTATION.fullmatch(text):
        return annotation
    with suppress(SyntaxError):
        meant = ast.parse(text.strip(), mode="eval").body
        for node in ast.walk(meant):
            ast.copy_location(node, annotation)
        return meant
    return annotation


def _imported(node: ast.Import | ast.ImportFrom) -> Iterable[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        return
    prefix = "." * node.level + (node.module or "")
    for alias in node.names:
        separator = "" if prefix.endswith(".") else "."
        yield alias.asname or alias.name, f"{prefix}{separator}{alias.name}"


def _yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function is a generator; nested functions do not count."""
    todo: list[ast.AST] = list(node.body)
    while todo:
        current = todo.pop()
        if isinstance(current, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(current))
    return False
