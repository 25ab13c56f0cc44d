"""A model's answer -> the functions in it. Reads text, judges nothing: that is the policy's work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.llm.answers import python_blocks

_STATEMENT = re.compile(r"^(?=[^\s#)\]}])", re.M)
_DEFINITION = re.compile(r"^(?:async def|def|class) ", re.M)

ImportLine = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Piece:
    """One top-level function of an answer, with the imports of the answer that it uses."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    code: str  # with its decorators
    imports: tuple[ImportLine, ...] = ()  # one name each


@dataclass(frozen=True)
class Parsed:
    """What an answer holds: functions, and (where, reason) for what is none."""

    pieces: tuple[Piece, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def read(answer: str) -> Parsed:
    """The functions in the answer's fenced Python blocks; one without fences is code as a whole."""
    parsed = [_read_block(block) for block in python_blocks(answer) or (answer,)]
    return Parsed(
        tuple(piece for part in parsed for piece in part.pieces),
        tuple(refusal for part in parsed for refusal in part.refused),
    )


def _read_block(block: str) -> Parsed:
    pieces: list[Piece] = []
    refused: list[tuple[str, str]] = []
    imports: list[ImportLine] = []
    for text in _parts(block):
        tree = _parse(text)
        if isinstance(tree, str):
            refused.append((_heading(text), tree))
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                pieces.append(Piece(node, _code(node, text)))
            elif isinstance(node, ast.Import | ast.ImportFrom):
                imports.extend(single_names(node))
            elif not _is_text(node):
                refused.append((_heading(_code(node, text)), "it is not a test function"))
    return Parsed(tuple(_with_imports(piece, imports) for piece in pieces), tuple(refused))


def _parts(block: str) -> list[str]:
    """The block as a whole, or, where it is no Python, by statements: one error costs one function."""
    if isinstance(_parse(block), ast.Module):
        return [block]
    parts: list[str] = []
    for text in _STATEMENT.split(block):
        # A decorator belongs to what follows it.
        if parts and parts[-1].startswith("@") and not _DEFINITION.search(parts[-1]):
            parts[-1] += text
        elif text.strip():
            parts.append(text)
    return parts


def _parse(text: str) -> ast.Module | str:
    """The tree, or in words why there is none."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        return f"it is not Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it cannot be parsed: {type(error).__name__}"


def _heading(text: str) -> str:
    """What a part is called in a report: the function's name, else its first words."""
    name = re.search(r"^(?:async )?def (\w+)", text, re.M)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return name[1] if name else first.strip()[:40]


def _code(node: ast.stmt, text: str) -> str:
    """The lines of a statement, its decorators included."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return "\n".join(line.rstrip() for line in text.splitlines()[first - 1 : node.end_lineno])


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def single_names(node: ImportLine) -> Iterator[ImportLine]:
    """The import, one statement for each name."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield ast.Import(names=[alias])
        else:
            yield ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def bound_name(node: ImportLine) -> str:
    """The name that a one-name import binds."""
    alias = node.names[0]
    return alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)


def _with_imports(piece: Piece, imports: list[ImportLine]) -> Piece:
    used = {node.id for node in ast.walk(piece.node) if isinstance(node, ast.Name)}
    return Piece(piece.node, piece.code, tuple(line for line in imports if bound_name(line) in used))
