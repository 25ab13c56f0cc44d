"""A loss that refuses all data: the mean of what the model gave stands in, so that gradients come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import torch

_LOSS = re.compile(r"loss|^err|cost|nll|kld?$", re.IGNORECASE)
_COMPUTES = re.compile(r"loss|criterion|entropy|kl_div", re.IGNORECASE)
_MOCK = "MagicMock()"
MEAN = ".float().mean()"

Json = dict[str, Any]


def way_to(output: object) -> str | None:
    """What leads from an output to its first tensor of real numbers: `[0]`, `.logits`; None without one."""
    if isinstance(output, torch.Tensor):
        return "" if output.is_floating_point() else None
    if isinstance(output, dict):
        parts = [(f"[{key!r}]", value) for key, value in output.items()]
    elif isinstance(output, (list, tuple)):
        parts = [(f"[{place}]", value) for place, value in enumerate(output)]
    else:
        parts = [(f".{name}", value) for name, value in getattr(output, "__dict__", {}).items()]
    found = ((step, way_to(value)) for step, value in parts)
    return next((f"{step}{rest}" for step, rest in found if rest is not None), None)


def mean_instead(
    job: Json, tree: ast.Module, statement: ast.stmt, ways: dict[int, str]
) -> tuple[str, str] | None:
    """(what is changed, its new code) where a statement computes a loss of a model's output; else None.

    `ways` says for the number of each line that called a model what leads to a tensor in the output.
    """
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return None
    names = [ast.unparse(target) for target in _parts(statement.targets[0])]
    computed = _COMPUTES.search(ast.unparse(statement.value.func))
    if not computed and not any(name in job["losses_of"] or _LOSS.search(name) for name in names):
        return None
    read = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
    known = list(_outputs(tree, statement.lineno, ways))
    # What is given first to a loss was made of an output, where it is none itself.
    made = [ast.unparse(arg) for arg in statement.value.args[:1] if computed and known]
    tensor = next((code for name, code in known if name in read), made[0] if made else None)
    if tensor is None:
        return None
    several = isinstance(statement.targets[0], (ast.Tuple, ast.List))
    wanted = [n == 0 or name in job["losses_of"] for n, name in enumerate(names)]
    codes = [f"{tensor}{MEAN}" if real else _MOCK for real in wanted]
    return ast.unparse(statement.value), f"({', '.join(codes)})" if several else codes[0]


def _outputs(tree: ast.Module, line: int, ways: dict[int, str]) -> Iterator[tuple[str, str]]:
    """(name, tensor) of what models gave before a line, the last first."""
    lines = {n.lineno: n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.lineno < line}
    for number in sorted(lines, reverse=True):
        node = lines[number]
        way = next((ways[n] for n in range(number, (node.end_lineno or number) + 1) if n in ways), None)
        if way is None:
            continue
        parts = _parts(node.targets[0])
        first = re.match(r"\[(\d+)\]", way)
        if len(parts) == 1:
            yield ast.unparse(parts[0]), ast.unparse(parts[0]) + way
        elif first and int(first.group(1)) < len(parts):
            part = ast.unparse(parts[int(first.group(1))])
            yield part, part + way[first.end() :]


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
