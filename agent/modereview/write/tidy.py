"""Generated text -> text as a careful person leaves it: nothing unused, imports sorted, formatted.

ruff does the last two (5 ms each, measured): recipes are expressions of any length, and a formatter of our
own would only ever come near. The user's configuration is not read, so that a second run writes the same.
"""

from __future__ import annotations

import ast
import json
import subprocess

from modereview.errors import ToolError


def tidy(text: str) -> str:
    """Drop functions that nothing uses and unused imports, sort the imports, format.

    Raises SyntaxError where the text does not parse, ToolError where ruff is missing.
    """
    return formatted(_ruff("check", "--select", "F401,I001", "--fix", "--quiet", text=prune(text)))


def formatted(text: str, compact: bool = False) -> str:
    """The text as `ruff format` leaves it; compact: a trailing comma does not keep a list in many lines."""
    return _ruff("format", "--config", f"format.skip-magic-trailing-comma={str(compact).lower()}", text=text)


def without_unused(code: str) -> str:
    """A function without variables that nothing reads: what they were given is still worked out."""
    return _ruff(
        "check", "--select", "F841,RUF059", "--fix", "--unsafe-fixes", "--exit-zero", "--quiet", text=code
    )


def complaint(code: str) -> str:
    """What ruff's own choice of rules has against a function, in words; "" where nothing.

    Names that the file around it brings are taken as given.
    """
    told = _ruff("check", "--ignore", "F401,F811,F821", "--output-format", "json", "--exit-zero", text=code)
    return next((f"ruff finds {each['code']}: {each['message']}" for each in json.loads(told)), "")


def prune(text: str) -> str:
    """Drop top-level functions and classes that no test and no statement of the file leads to."""
    body, kinds = ast.parse(text).body, (ast.FunctionDef, ast.ClassDef)
    functions = {node.name: node for node in body if isinstance(node, kinds)}
    waiting = [node for node in body if not isinstance(node, kinds) or node.name.lower().startswith("test")]
    used = set(waiting)
    while waiting:
        reached = {functions[name] for name in names_in(waiting.pop()) if name in functions}
        waiting += reached - used
        used |= reached
    dropped = {number for node in body if node not in used for number in lines_of(node)}
    kept = [line for number, line in enumerate(text.splitlines(keepends=True), 1) if number not in dropped]
    return "".join(kept)


def names_in(node: ast.AST) -> set[str]:
    """Every name that is read or bound somewhere below a node."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def lines_of(node: ast.stmt) -> range:
    """The 1-based lines of a statement, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return range(
        min([node.lineno, *(each.lineno for each in decorators)]), (node.end_lineno or node.lineno) + 1
    )


def _ruff(command: str, *options: str, text: str) -> str:
    from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]  # ruff ships no types

    try:
        line = [find_ruff_bin(), command, "--isolated", *options, "-"]
        done = subprocess.run(line, input=text.encode(), capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", b"").decode(errors="replace").strip() or str(error)
        raise ToolError(
            f"The generated tests could not be formatted by ruff ({detail}); reinstall it."
        ) from error
    return done.stdout.decode()
