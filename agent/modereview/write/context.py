"""What of the user's file a question shows: the smallest slice that answers it, measured in tokens."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from modereview.llm.tokens import tokens
from modereview.records import CallSite, Program, Source, Span, Target

Slice = tuple[int, str]  # first line, text

_SPARE = 50  # tokens of two lines more
_DEFINED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def slices(program: Program, target: Target, limit: int) -> list[Slice]:
    """The classes and functions that a target consists of, then where they are called, in file order.

    What matters most comes first into the `limit` of tokens; what does not fit whole is shown in part.
    """
    source, chosen, left = program.source, list[tuple[Span, str]](), limit
    for span in _by_weight(program, target):
        if any(_within(span, other) for other, _ in chosen):
            continue
        text = _text(source, span)
        if tokens(text) > left:
            text = _in_part(source, span, left, {name.rpartition(".")[2] for name in target.functions})
        if text:
            chosen = [(other, t) for other, t in chosen if not _within(other, span)] + [(span, text)]
            left -= tokens(text)
    return _joined((span.line, text) for span, text in sorted(chosen))


def _joined(found: Iterable[Slice]) -> list[Slice]:
    """The slices with those in one that follow each other line by line: call sites often do."""
    joined: list[Slice] = []
    for first, text in found:
        if joined and first == joined[-1][0] + joined[-1][1].count("\n") + 1:
            first, text = joined[-1][0], f"{joined.pop()[1]}\n{text}"
        joined.append((first, text))
    return joined


def excerpt(source: Source, span: Span, line: int, limit: int) -> list[Slice]:
    """A class or function whole, or what of it is about one of its lines: that function, the constructor.

    Of a function that is too long itself, as much around the line as fits.
    """
    if tokens(whole := _text(source, span)) <= limit:
        return [(span.line, whole)]
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [each for each in map(_span_of, functions) if _within(each, span)]
    around = [each for each in inside if each.line <= line <= each.end_line]
    own = max(around, key=lambda each: each.line, default=span)
    if tokens(_text(source, own)) > limit:
        return [_window(source, own, line, limit)]
    first = next((_span_of(n) for n in functions if n.name == "__init__" and _span_of(n) in inside), own)
    head = Span(span.line, 1, first.end_line, 1)
    there = (
        [own]
        if _within(own, head) or tokens(_text(source, head) + _text(source, own)) > limit
        else [head, own]
    )
    return [(each.line, _text(source, each)) for each in sorted(there)]


def _window(source: Source, span: Span, line: int, limit: int) -> Slice:
    """The lines of a span around one of them, as many as fit, but for the `limit`'s last few tokens."""
    first = last = line
    while tokens(_lines(source, first, last)) < limit - _SPARE and (
        first > span.line or last < span.end_line
    ):
        first, last = max(first - 1, span.line), min(last + 1, span.end_line)
    return first, _lines(source, first, last)


def _by_weight(program: Program, target: Target) -> Iterator[Span]:
    """The target itself, what it calls and is built of, the models of the file, its call sites."""
    owners = {name.partition(".")[0] for name in (target.name, *target.functions) if "." in name}
    constructors = {f"{owner}.__init__" for owner in owners}
    functions = _reached(program, {target.name, *target.functions, *constructors})
    classes = built_of(program, {target.name, *target.classes})
    models = models_of(program, target)
    yield from (m.span for m in program.modules if m.name == target.name)
    yield from (span for name, span in _definitions(program.source) if name in owners)
    yield from (f.span for f in program.functions if f.name in functions)
    yield from (span for name, span in _definitions(program.source) if name in functions)
    yield from (m.span for m in program.modules if m.name in classes)
    yield from (m.span for m in program.modules if m.name in models)
    sites = [site for f in program.functions if f.name in functions for site in f.calls]
    sites += [site for m in program.modules if m.name in classes for site in m.builds]
    yield from map(_lines_of, sites)


def models_of(program: Program, target: Target) -> set[str]:
    """The classes that a target is built of; those that a function may be given, where it names none.

    Given are the models that the file builds outside of its models, else all.
    """
    if target.kind == "module" or target.classes:
        return built_of(program, {target.name, *target.classes})
    spans = [module.span for module in program.modules]
    built = {
        module.name
        for module in program.modules
        if any(not any(_within(site.span, span) for span in spans) for site in module.builds)
    }
    return built_of(program, built) if built else {module.name for module in program.modules}


def _definitions(source: Source) -> Iterator[tuple[str, Span]]:
    """The classes and functions at the top level of the file."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, _span_of(node)


def _span_of(node: ast.stmt) -> Span:
    return Span(node.lineno, 1, node.end_lineno or node.lineno, 1)


def _reached(program: Program, names: set[str]) -> set[str]:
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        fresh = {callee for caller, callee in program.calls if caller == name} - found
        found |= fresh
        waiting += fresh
    return found


def built_of(program: Program, names: set[str]) -> set[str]:
    """The classes of the file that these are built of, and those that their code mentions."""
    found = set(names)
    while True:
        known = [module for module in program.modules if module.name in found]
        more = {layer.kind for module in known for layer in module.layers} - found
        if not more:
            return found
        found |= more


def _lines_of(site: CallSite) -> Span:
    return Span(site.span.line, 1, site.span.end_line, site.span.end_column)


def _text(source: Source, span: Span) -> str:
    return "\n".join(source.lines[span.line - 1 : span.end_line])


def _in_part(source: Source, span: Span, limit: int, wanted: set[str]) -> str:
    """A long class with some methods whole, the others by their first lines; a long function's beginning.

    "" where not even that fits.
    """
    node = next((n for n in ast.walk(source.tree) if isinstance(n, _DEFINED) and n.lineno == span.line), None)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _beginning(source, node, limit)
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef)] if node else []
    if node is None or not methods:
        return ""
    shown = {method: _lines(source, method.lineno, method.body[0].lineno - 1) for method in methods}
    head = _lines(source, node.lineno, methods[0].lineno - 1 - len(methods[0].decorator_list))
    first = _called_by_constructor(methods)
    for method in sorted(methods, key=lambda m: _rank(m.name, first, wanted)):
        left = limit - tokens("\n".join([head, *shown.values()])) + tokens(shown[method])
        text = _lines(source, method.lineno, method.end_lineno or method.lineno)
        if tokens(text) <= left:
            shown[method] = text
        elif method.name in wanted:
            shown[method] = _beginning(source, method, left) or shown[method]
    text = "\n".join([head, *shown.values()])
    return text if tokens(text) <= limit else ""


def _beginning(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef, limit: int) -> str:
    """The lines of a function down to the first that does not fit; "" where its first statement does not."""
    rest = f"\n{' ' * node.body[0].col_offset}...  # shown in part"
    text = ""
    for last in range(node.body[0].end_lineno or node.lineno, node.end_lineno or node.lineno):
        lines = _lines(source, node.lineno, last) + rest
        if tokens(lines) > limit:
            break
        text = lines
    return text


def _rank(name: str, constructing: set[str], wanted: set[str]) -> int:
    """What is shown whole first: the constructor with what it calls, what is run, what that must call."""
    order = [{"__init__"}, constructing, wanted, {"forward"}, {name}]
    return next(place for place, names in enumerate(order) if name in names)


def _called_by_constructor(methods: list[ast.FunctionDef]) -> set[str]:
    """The names of methods that `__init__` calls of its own object."""
    calls = (c for m in methods if m.name == "__init__" for c in ast.walk(m) if isinstance(c, ast.Call))
    return {
        c.func.attr
        for c in calls
        if isinstance(c.func, ast.Attribute) and ast.unparse(c.func.value) == "self"
    }


def _lines(source: Source, first: int, last: int) -> str:
    return "\n".join(source.lines[first - 1 : max(first, last)])


def _within(inner: Span, outer: Span) -> bool:
    return outer.line <= inner.line and inner.end_line <= outer.end_line
