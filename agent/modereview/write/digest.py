"""A whole file for a second look, as far as it decides about modes: numbered lines, the others left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from modereview.llm.tokens import tokens
from modereview.records import Finding, Program, Source, Span

# Lines that decide about modes, gradients and chance, and about which layers a switch reaches, whatever the
# analysis made of them.
_TELLING = re.compile(
    r"\.(train|eval)\b|\bdef (train|eval)\b|[\"'](train|eval)[\"']"
    r"|\btraining\b|train_mode|eval_mode|mode(?!l)\w*\("
    r"|[Dd]rop\w*\(|dropout_p\s*=|bernoulli|(?<!Layer)(?<!Group)(?<!RMS)Norm\w*\(|track_running"
    r"|no_grad|inference_mode\(|enable_grad|set_grad_enabled|requires_grad|\.backward\("
    r"|manual_seed|default_rng|shuffle=|deepcopy|from_pretrained|\.(forward|generate)\("
    r"|torch\.(jit\.(trace|script)\b|onnx|export|compile)"
    r"|nn\.Module\)|\bself\.\w+\s*=\s*([\[{]|list\(|dict\()|Module(List|Dict)\("
)
# In a class of modules: what draws, and a branch whose name says that it drops.
_RANDOM = re.compile(r"torch\.(rand|normal|multinomial)\w*\(|\brandom\(|\bif\b.*[Dd]rop")
_IDLE = re.compile(r"\s*$|\s*#|(?:import|from)\b|\s*[\])}]+,?$|\s*\w*[pP]arser\.add_argument\(")
_HEADING = re.compile(r"^\s*(?:async def|def|class|for|while|with|if|elif|else|try|except|finally)\b")
_AROUND = (2, 1, 0)  # lines kept on both sides of a telling one; less where that would be too long
_OF_A_SPAN = 4  # lines of one call; a path through the program may name a whole function


def digest(program: Program, limit: int, findings: Sequence[Finding] = ()) -> str:
    """The file as far as it decides about modes: numbered lines, with `...` for those left out.

    What the analysis takes for a forward or a switch, and what it found, stays longest where the `limit` of
    tokens is narrow.
    """
    source = program.source
    idle = _idle(source)
    known = _known(program, findings) - idle
    telling = known | ({n for n, line in enumerate(source.lines, 1) if _TELLING.search(line)} - idle)
    telling |= _unexplained(program) | (_random(program) - idle)
    if not telling:
        return _cut(_numbered(source, range(1, len(source.lines) + 1)), limit)
    levels = [(telling, around) for around in _AROUND]
    levels += [(known, around) for around in _AROUND[1:] if known]
    for lines, around in levels:
        text = _numbered(source, _kept(source, lines, around, idle))
        if tokens(text) <= limit:
            return text
    return _cut(text, limit)


def whole(program: Program) -> str:
    """The whole file in the form of a digest, to compare with."""
    return _numbered(program.source, range(1, len(program.source.lines) + 1))


def _known(program: Program, findings: Sequence[Finding]) -> set[int]:
    """Lines with forwards, switches, hand-overs and findings, as analysed."""
    spans = [f.span for f in (*program.forwards, *program.handed)] + [s.span for s in program.switches]
    spans += [finding.span for finding in findings]
    spans += [site for forward in program.forwards for site in forward.path]
    count = len(program.source.lines)
    return {n for span in spans for n in _lines(span) if n <= count}


def _lines(span: Span) -> range:
    return range(span.line, min(span.end_line, span.line + _OF_A_SPAN - 1) + 1)


def _idle(source: Source) -> set[int]:
    """Lines that tell nothing and are no neighbours worth showing, docstrings among them."""
    found = {n for n, line in enumerate(source.lines, 1) if _IDLE.match(line)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or node.lineno in found):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def _random(program: Program) -> set[int]:
    spans = [range(m.span.line, m.span.end_line + 1) for m in program.modules]
    return {n for span in spans for n in span if _RANDOM.search(program.source.lines[n - 1])}


def _unexplained(program: Program) -> set[int]:
    """Calls without a graph where the analysis sees no forward: an evaluation of what is out of view."""
    found, known = set[int](), {forward.span.line for forward in program.forwards}
    for node in ast.walk(program.source.tree):
        body = range(node.lineno, (node.end_lineno or node.lineno) + 1) if _without_graph(node) else range(0)
        if body and known.isdisjoint(body):
            found |= {each.lineno for each in ast.walk(node) if _calls(each)}
    return found


def _without_graph(node: ast.AST) -> TypeGuard[ast.With | ast.FunctionDef]:
    heads: list[ast.expr] = []
    if isinstance(node, ast.With):
        heads = [item.context_expr for item in node.items]
    elif isinstance(node, ast.FunctionDef):
        heads = node.decorator_list
    return any(re.search(r"no_grad|inference_mode", ast.unparse(head)) for head in heads)


def _calls(node: ast.AST) -> TypeGuard[ast.Assign | ast.Return]:
    """Whether a value is assigned or returned that a call of an object or of a method gives."""
    value = node.value if isinstance(node, ast.Assign | ast.Return) else None
    return isinstance(value, ast.Call | ast.Subscript) and "(" in ast.unparse(value)


def _kept(source: Source, telling: set[int], around: int, idle: set[int]) -> set[int]:
    """The telling lines with their neighbours, and the headings that they stand under."""
    near = {n + d for n in telling for d in range(-around, around + 1)}
    kept = {n for n in near if 1 <= n <= len(source.lines)} - idle
    kept |= {first for first, last in _simple(source) if not telling.isdisjoint(range(first, last + 1))}
    return kept | {heading for n in telling for heading in _headings(source, n)}


def _simple(source: Source) -> Iterator[tuple[int, int]]:
    """First and last lines of the statements without a body: an argument tells little without its call."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node.lineno, node.end_lineno or node.lineno


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
