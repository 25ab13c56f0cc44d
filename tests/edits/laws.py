"""What holds for an edit wherever it is made: nothing but what it says changes.

    python tests/edits/laws.py FOLDER [FILES [SEED]]

makes each kind of edit at random places of so many Python files under a folder (default: 100), in layouts
that they do not have themselves, and prints what breaks a law. `test_laws.py` does so for a few. Unpacked
source distributions (`pip download --no-deps --no-binary :all: kornia`) are good folders.
"""

from __future__ import annotations

import ast
import io
import itertools
import random
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from modereview import edits, parse
from modereview.errors import InputError
from modereview.fix.switches import span_of
from modereview.records import Edit, Source

MARK = "MARKED_BY_A_TEST"
PLACES = 3  # of each kind in a file
LARGEST = 60_000  # bytes; libcst's positions take a second for more
Made = tuple[Edit, ...]
Block = list[ast.stmt]


class _Without(ast.NodeTransformer):
    """The tree without marked statements, blocks, arguments and parameters."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if ast.unparse(node) == f"{MARK}()" else self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return None if node.names[0].name == MARK else node

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.body if ast.unparse(node.items[0].context_expr) == MARK else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [k for k in node.keywords if k.arg != MARK]
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        for args, defaults in ((node.args, node.defaults), (node.kwonlyargs, node.kw_defaults)):
            if args and args[-1].arg == MARK:
                args.pop()
                defaults.pop()
        return self.generic_visit(node)


def _blocks(source: Source) -> list[Block]:
    nodes = (n for n in ast.walk(source.tree) if not isinstance(n, ast.Lambda | ast.IfExp))
    found = (getattr(n, name, None) for n in nodes for name in ("body", "orelse", "finalbody"))
    return [block for block in found if block]


def _statement(source: Source, rng: random.Random) -> ast.stmt | None:
    """Any statement but those up to the last `from __future__`: Python wants those first."""
    future = [s.lineno for s in source.tree.body if getattr(s, "module", "") == "__future__"]
    statements = [s for block in _blocks(source) for s in block if s.lineno > max(future, default=0)]
    return rng.choice(statements) if statements else None


def _first(source: Source, rng: random.Random) -> Made | None:
    kinds = (ast.FunctionDef, ast.For, ast.With, ast.While, ast.ClassDef)
    owners = [n for n in ast.walk(source.tree) if isinstance(n, kinds) and _starts_its_line(source, n)]
    if not owners:
        return None
    return (edits.insert_first(source, span_of(source, rng.choice(owners)), f"{MARK}()"),)


def _starts_its_line(source: Source, node: ast.stmt) -> bool:
    return not source.lines[node.lineno - 1].encode()[: node.col_offset].strip()


def _wrap(source: Source, rng: random.Random) -> Made | None:
    block = rng.choice(_blocks(source) or [[]])
    if not block:
        return None
    first, last = sorted(rng.choices(range(len(block)), k=2))
    if any(getattr(s, "module", "") == "__future__" for s in block[first : last + 1]):
        return None
    try:
        return edits.wrap(
            source, span_of(source, block[first]), span_of(source, block[last]), f"with {MARK}:"
        )
    except ValueError:  # it stands on its header's line
        return None


def _argument(source: Source, rng: random.Random) -> Made | None:
    strings = {id(n) for s in ast.walk(source.tree) if isinstance(s, ast.JoinedStr) for n in ast.walk(s)}
    calls = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and id(n) not in strings]
    if not calls:
        return None
    try:
        return (edits.set_argument(source, span_of(source, rng.choice(calls)), MARK, "0"),)
    except ValueError:  # brackets around the call, or another at the same place
        return None


def _parameter(source: Source, rng: random.Random) -> Made | None:
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef)]
    if not functions:
        return None
    try:
        return (edits.add_parameter(source, span_of(source, rng.choice(functions)), f"{MARK}=0"),)
    except ValueError:  # `**kwargs`
        return None


def _before(source: Source, rng: random.Random) -> Made | None:
    place = _statement(source, rng)
    return (edits.insert_before(source, span_of(source, place), f"{MARK}()"),) if place else None


def _after(source: Source, rng: random.Random) -> Made | None:
    place = _statement(source, rng)
    return (edits.insert_after(source, span_of(source, place), f"{MARK}()"),) if place else None


# How each kind of edit is made at a random place; None where the file has no such place.
KINDS: dict[str, Callable[[Source, random.Random], Made | None]] = {
    "before": _before,
    "after": _after,
    "first": _first,
    "wrap": _wrap,
    "argument": _argument,
    "parameter": _parameter,
    "import": lambda source, _: (edits.add_import(source, MARK),) if source.tree.body else None,
}

# --- layouts ---


def _tabs(text: str) -> str:
    return re.sub(r"^(?: {4})+", lambda margin: "\t" * (len(margin[0]) // 4), text, flags=re.MULTILINE)


LAYOUTS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "tabs": lambda text: _tabs(text).encode(),
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "latin-1": lambda text: ("# -*- coding: latin-1 -*-\n# caf\xe9\n" + text).encode("latin-1"),
    "gbk": lambda text: ("# coding: gbk\n# \u4e2d\u6587\n" + text).encode("gbk"),
    "no last newline": lambda text: text.rstrip("\n").encode(),
    "form feeds": lambda text: (
        text.replace("\ndef ", "\n\fdef ").replace("\nclass ", "\n\f\nclass ").encode()
    ),
    "format off": lambda text: ("# fmt: off\n" + text + "# fmt: on\n").encode(),
}


# --- ways to write the same program ---


def _rewritten(text: str, lines_of: Callable[[ast.Module, list[str]], None]) -> str:
    """The text with its lines changed in place; a marked one goes."""
    lines = text.split("\n")
    lines_of(ast.parse(text), lines)
    return "\n".join(line for line in lines if line != MARK)


def _alone(lines: list[str], statement: ast.stmt) -> bool:
    """Whether it is a simple statement that a line holds, and nothing else."""
    simple = statement.lineno == statement.end_lineno and not hasattr(statement, "body")
    line = lines[statement.lineno - 1]
    bare = line.isascii() and line.rstrip() == line and len(line) == statement.end_col_offset
    return simple and bare and not line[: statement.col_offset].strip()


def _every(tree: ast.Module, lines: list[str]) -> Iterator[ast.stmt]:
    yield from (s for s in ast.walk(tree) if isinstance(s, ast.stmt) and _alone(lines, s))


def _commented(comment: str) -> Callable[[str], str]:
    """A comment behind each statement that has a line of its own."""

    def change(tree: ast.Module, lines: list[str]) -> None:
        for statement in list(_every(tree, lines)):
            lines[statement.lineno - 1] += f"  # {comment}"

    return lambda text: _rewritten(text, change)


def _semicolons(tree: ast.Module, lines: list[str]) -> None:
    """`a` and `b` of neighbouring lines on one."""
    blocks = [getattr(n, name, None) for n in ast.walk(tree) for name in ("body", "orelse", "finalbody")]
    for block in (b for b in blocks if isinstance(b, list)):
        for first, second in itertools.pairwise(block[: len(block) // 2 * 2]):
            joined = lines[second.lineno - 1] == MARK or lines[first.lineno - 1] == MARK
            if joined or second.lineno != first.lineno + 1 or not isinstance(second, ast.stmt):
                continue
            if _alone(lines, first) and _alone(lines, second):
                lines[first.lineno - 1] += f"; {lines[second.lineno - 1].strip()}"
                lines[second.lineno - 1] = MARK


def _one_line_suites(tree: ast.Module, lines: list[str]) -> None:
    """`for x in y: f(x)`, where the block holds one simple statement."""
    for node in ast.walk(tree):
        block = getattr(node, "body", None) if isinstance(node, ast.stmt) else None
        if isinstance(block, list) and len(block) == 1 and _alone(lines, block[0]):
            header = block[0].lineno - 2
            if lines[header].endswith(":") and "#" not in lines[header]:
                lines[header] += f" {lines[header + 1].strip()}"
                lines[header + 1] = MARK


def _backslashes(tree: ast.Module, lines: list[str]) -> None:
    """An assigned value on a line of its own."""
    for statement in list(_every(tree, lines)):
        if (
            isinstance(statement, ast.Assign)
            and "(" not in lines[statement.lineno - 1][: statement.value.col_offset]
        ):
            line, at = lines[statement.lineno - 1], statement.value.col_offset
            if line[:at].endswith("= "):
                lines[statement.lineno - 1] = f"{line[:at]}\\\n{' ' * (statement.col_offset + 4)}{line[at:]}"


SHAPES: dict[str, Callable[[str], bytes]] = {
    "semicolons": lambda text: _rewritten(text, _semicolons).encode(),
    "one-line suites": lambda text: _rewritten(text, _one_line_suites).encode(),
    "backslashes": lambda text: _rewritten(text, _backslashes).encode(),
    "type comments": lambda text: _commented("type: ignore")(text).encode(),
    "long lines": lambda text: _commented("so it goes on" * 20)(text).encode(),
}
EVERY = {**LAYOUTS, **SHAPES}


def laid_out(path: Path, layout: str) -> Source | None:
    """The file in another layout; None where that makes another program of it, or cannot be written."""
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        raw = EVERY[layout](text)
        source = parse.decode(path, path.parent, raw)
        same = ast.dump(source.tree) == ast.dump(ast.parse(text))
        return source if same and len(raw) <= LARGEST else None
    except (OSError, UnicodeError, SyntaxError, ValueError, InputError, RecursionError):
        return None


# --- the laws ---


def broken(source: Source, kind: str, made: Made) -> str:
    """The law that an edit breaks, in words; "" where all hold."""
    try:
        after = parse.apply(source, made)
        compile(after.raw, "<edited>", "exec", dont_inherit=True)
    except (ValueError, SyntaxError) as error:
        return f"the file no longer compiles: {error}"
    if ast.dump(_Without().visit(after.tree)) != ast.dump(source.tree):
        return "the tree differs elsewhere"
    if after.encoding != source.encoding or after.newline != source.newline:
        return "encoding or newlines changed"
    if not _same_outside(source, after, made):
        return "bytes outside the edit changed"
    if _comments(after.code) != _comments(source.code):
        return "a comment is lost or changed"
    return "" if _few_lines(source, after, kind) else "more lines changed than need to"


def removal_broken(source: Source, place: ast.stmt) -> str:
    """The law that the removal of a statement breaks."""
    made = (edits.remove_statement(source, span_of(source, place)),)
    try:
        after = parse.apply(source, made)
    except ValueError as error:
        return "" if _is_all(source, place) else f"the file no longer compiles: {error}"
    if ast.dump(after.tree) != ast.dump(_Removed(place).visit(ast.parse(source.code))):
        return "the tree differs elsewhere"
    if after.encoding != source.encoding or after.newline != source.newline:
        return "encoding or newlines changed"
    if not _same_outside(source, after, made):
        return "bytes outside the edit changed"
    old, new = _comments(source.code), _comments(after.code)
    return (
        "a comment is lost or changed" if new - old or (old - new) - _comments_within(source, place) else ""
    )


class _Removed(ast.NodeTransformer):
    """The tree without a statement, `pass` where its block would be empty."""

    def __init__(self, place: ast.stmt) -> None:
        self._where = (type(place), place.lineno, place.col_offset)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                left = [s for s in block if (type(s), s.lineno, s.col_offset) != self._where]
                if len(left) < len(block):
                    setattr(node, name, left or [ast.Pass()])
                    return node
        return super().generic_visit(node)


def _is_all(source: Source, place: ast.stmt) -> bool:
    """Whether the file holds no other statement: an empty file is none to review."""
    return source.tree.body == [place]


def _comments_within(source: Source, place: ast.stmt) -> Counter[str]:
    first = min([place.lineno, *(d.lineno for d in getattr(place, "decorator_list", ()))])
    lines = range(first, (place.end_lineno or first) + 1)
    tokens = tokenize.generate_tokens(io.StringIO(source.code).readline)
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT and t.start[0] in lines)


def _same_outside(source: Source, after: Source, made: Made) -> bool:
    start, old, new = 0, [], []
    shift = 0
    for edit in sorted(made):
        old.append(source.text[start : edit.start])
        new.append(after.text[start + shift : edit.start + shift])
        shift += len(edit.replacement) - (edit.end - edit.start)
        start = edit.end
    return [*old, source.text[start:]] == [*new, after.text[start + shift :]]


def _comments(code: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT)


def _few_lines(source: Source, after: Source, kind: str) -> bool:
    """New lines come in between and at most one is rewritten; in a block, white space apart.

    Two are where a generator of several lines gets brackets, to stand beside another argument.
    """
    old, new = ([line.strip() if kind == "wrap" else line for line in s.lines] for s in (source, after))
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    if kind == "argument" and len(old) == len(new):
        return sum(a != b for a, b in zip(old, new, strict=True)) <= 2
    return len(old) <= (0 if kind == "wrap" else 1)


def check(path: Path, layout: str, seed: int) -> Iterator[tuple[str, str]]:
    """(kind, "" or what it breaks) of edits at random places of a file in a layout."""
    source = laid_out(path, layout)
    if source is None:
        return
    for kind, make in KINDS.items():
        rng = random.Random(f"{seed} {path.name} {kind}")
        for _ in range(PLACES):
            made = make(source, rng)
            if made is not None:
                yield kind, broken(source, kind, made)
    rng = random.Random(f"{seed} {path.name} remove")
    for _ in range(PLACES):
        place = _statement(source, rng)
        if place is not None and not source.slice(span_of(source, place)).startswith("elif"):
            yield "remove", removal_broken(source, place)


def sample(folder: Path, count: int, seed: int) -> list[tuple[Path, str]]:
    """So many files under a folder, each with a layout."""
    paths = [path for path in sorted(folder.rglob("*.py")) if 0 < path.stat().st_size <= LARGEST]
    chosen = random.Random(seed).sample(paths, min(count, len(paths)))
    return [(path, list(EVERY)[number % len(EVERY)]) for number, path in enumerate(chosen)]


def main() -> None:
    folder, count, seed = (*sys.argv[1:], "100", "0")[0], *map(int, (*sys.argv[2:], "100", "0")[:2])
    counts: Counter[str] = Counter()
    for path, layout in sample(Path(folder), count, seed):
        for kind, what in check(path, layout, seed):
            counts[kind] += 1
            counts["broken"] += bool(what)
            if what:
                print(f"{path}, {layout}, {kind}: {what}")
    print(dict(counts))


if __name__ == "__main__":
    main()
