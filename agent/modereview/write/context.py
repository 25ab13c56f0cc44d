"""What of the user's file a question shows: the smallest slice that answers it, measured in tokens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from modereview.llm.tokens import tokens
from modereview.records import CallSite, Program, Source, Span, Target

Slice = tuple[int, str]  # first line, text

# Lines that decide about modes, gradients and chance, whatever the analysis made of them.
_TELLING = re.compile(
    r"\.(train|eval)\b|training\b|[Dd]rop(out|_?path)|Norm\w*\(|no_grad|inference_mode|enable_grad|set_grad"
    r"|requires_grad|\.backward\(|manual_seed|default_rng|shuffle=|deepcopy|from_pretrained"
    r"|torch\.(jit|onnx|export|compile)|\.(forward|generate)\(|train_mode|eval_mode|track_running|nn\.Module\)"
)
_IDLE = re.compile(r"\s*$|\s*#|(?:import|from)\b")  # lines that are no neighbours worth showing
_HEADING = re.compile(r"^\s*(?:async def|def|class|for|while|with|if|elif|else|try|except|finally)\b")
_AROUND = (4, 2, 1, 0)  # lines kept on both sides of a telling one; less where that would be too long


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
    return [(span.line, text) for span, text in sorted(chosen)]


def digest(program: Program, limit: int) -> str:
    """The file as far as it decides about modes: numbered lines, with `...` for those left out."""
    telling = _telling(program) or set(range(1, len(program.source.lines) + 1))
    for around in _AROUND:
        text = _numbered(program.source, _kept(program.source, telling, around))
        if tokens(text) <= limit:
            return text
    return _cut(text, limit)


def whole(program: Program) -> str:
    """The whole file in the form of a digest, to compare with."""
    return _numbered(program.source, range(1, len(program.source.lines) + 1))


def _by_weight(program: Program, target: Target) -> Iterator[Span]:
    """The target itself, what it calls and is built of, the models of the file, its call sites."""
    functions = _reached(program, {target.name, *target.functions})
    owners = {name.partition(".")[0] for name in (target.name, *target.functions) if "." in name}
    classes = _built_of(program, {target.name, *target.classes})
    models = {m.name for m in program.modules} if target.kind == "scenario" and not target.classes else set()
    yield from (m.span for m in program.modules if m.name == target.name)
    yield from (span for name, span in _definitions(program.source) if name in owners)
    yield from (f.span for f in program.functions if f.name in functions)
    yield from (span for name, span in _definitions(program.source) if name in functions)
    yield from (m.span for m in program.modules if m.name in classes)
    yield from (m.span for m in program.modules if m.name in models)
    sites = [site for f in program.functions if f.name in functions for site in f.calls]
    sites += [site for m in program.modules if m.name in classes for site in m.builds]
    yield from map(_lines_of, sites)


def _definitions(source: Source) -> Iterator[tuple[str, Span]]:
    """The classes and functions at the top level of the file."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, Span(node.lineno, 1, node.end_lineno or node.lineno, 1)


def _reached(program: Program, names: set[str]) -> set[str]:
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        fresh = {callee for caller, callee in program.calls if caller == name} - found
        found |= fresh
        waiting += fresh
    return found


def _built_of(program: Program, names: set[str]) -> set[str]:
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
    """A long class with some methods whole, the others by their first lines; "" where not even those fit."""
    node = next((n for n in source.tree.body if isinstance(n, ast.ClassDef) and n.lineno == span.line), None)
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef)] if node else []
    if node is None or not methods:
        return ""
    shown = {method: _lines(source, method.lineno, method.body[0].lineno - 1) for method in methods}
    head = _lines(source, node.lineno, methods[0].lineno - 1 - len(methods[0].decorator_list))
    for method in sorted(methods, key=lambda m: _rank(m.name, wanted)):
        whole = {**shown, method: _lines(source, method.lineno, method.end_lineno or method.lineno)}
        if tokens("\n".join([head, *whole.values()])) <= limit:
            shown = whole
    text = "\n".join([head, *shown.values()])
    return text if tokens(text) <= limit else ""


def _rank(name: str, wanted: set[str]) -> int:
    """What is shown whole first: the constructor, what is run, what that must call."""
    order = ("__init__", "forward")
    return 0 if name == "__init__" else 1 if name in wanted else 2 if name in order else 3


def _lines(source: Source, first: int, last: int) -> str:
    return "\n".join(source.lines[first - 1 : max(first, last)])


def _telling(program: Program) -> set[int]:
    """Lines with forwards, switches and hand-overs, as analysed, and those whose words tell."""
    spans = [f.span for f in (*program.forwards, *program.handed)] + [s.span for s in program.switches]
    spans += [site for forward in program.forwards for site in forward.path]
    count = len(program.source.lines)
    known = {line for span in spans for line in range(span.line, span.end_line + 1) if line <= count}
    return known | {n for n in range(1, count + 1) if _is_telling(program.source, n)}


def _is_telling(source: Source, number: int) -> bool:
    line = source.lines[number - 1]
    return _TELLING.search(line) is not None and not line.lstrip().startswith(("#", "import ", "from "))


def _kept(source: Source, telling: set[int], around: int) -> set[int]:
    """The telling lines with their neighbours, and the headings that they stand under."""
    near = {n + d for n in telling for d in range(-around, around + 1)}
    kept = {n for n in near if 1 <= n <= len(source.lines) and _IDLE.match(source.lines[n - 1]) is None}
    return kept | {heading for n in telling for heading in _headings(source, n)}


def _headings(source: Source, number: int) -> Iterator[int]:
    """The lines that open the blocks around a line, innermost first."""
    depth = _indent(source.lines[number - 1])
    for above in range(number - 1, 0, -1):
        line = source.lines[above - 1]
        if line.strip() and _indent(line) < depth and _HEADING.match(line):
            depth = _indent(line)
            yield above
        if depth == 0:
            return


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _numbered(source: Source, numbers: Iterable[int]) -> str:
    lines, last = list[str](), 0
    for number in sorted(numbers):
        if last and any(line.strip() for line in source.lines[last : number - 1]):
            lines.append("...")
        lines.append(f"{number}: {source.lines[number - 1].rstrip()}")
        last = number
    return "\n".join(lines)


def _cut(text: str, limit: int) -> str:
    """The first lines, up to the limit."""
    lines, left = list[str](), limit
    for line in text.split("\n"):
        left -= tokens(line) + 1
        if left < 0:
            return "\n".join([*lines, "..."])
        lines.append(line)
    return text


def _within(inner: Span, outer: Span) -> bool:
    return outer.line <= inner.line and inner.end_line <= outer.end_line
