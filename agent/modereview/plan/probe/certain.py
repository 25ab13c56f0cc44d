"""Changes that an error's own words ask for, whatever the data is: no search is needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import messages
from .changes import State
from .choices import MOCK
from .repairs import fitting
from .sizes import number
from .statements import statement_at

_LACKS = re.compile(r"'(TensorDataset|DataLoader|\w*Tensor|list|int|str)' object has no attribute '(\w+)'")
_OF_PYTHON_2 = {"xrange": "range", "unicode": "str", "basestring": "str", "long": "int", "raw_input": "input"}
_LOADERS = re.compile(r"loader|(^|_)iter(ator)?$|batches|^(train|dev|val|valid|test)$")
_SIZES = re.compile(r"^(n|num)_|size$|len(gth)?$|features$")

Json = dict[str, Any]
Change = tuple[str, "list[Json] | str"]  # what is changed, slots or code


def certain(tree: ast.Module, state: State, answer: Json) -> State | None:
    """The change that an error's own words ask for, whatever the data is; None where they ask for none."""
    known = state.known
    statements = (statement_at(tree, line) for line in reversed(answer["frames"]))
    for statement in (s for s in statements if s is not None):
        asked = (*_outdated(statement, answer["error"]), *_lacking(state, statement, answer["error"]))
        for key, change in (c for c in asked if c[0] not in known):
            return state.with_change(key, change) if isinstance(change, str) else fitting(state, key, change)
    return None


def _outdated(statement: ast.stmt, error: str) -> Iterator[Change]:
    """What was written for another torch, or for more data, in words that do here."""
    nodes = list(ast.walk(statement))
    if "0-dim" in error:  # a loss had an element 0
        found = [n for n in nodes if isinstance(n, ast.Subscript) and ast.unparse(n.slice) == "0"]
        yield from ((ast.unparse(n), f"{ast.unparse(n.value)}.item()") for n in found)
    if "Use .reshape(" in error:  # slices were contiguous
        calls = [n.func for n in nodes if isinstance(n, ast.Call)]
        views = [f for f in calls if isinstance(f, ast.Attribute) and f.attr == "view"]
        yield from ((ast.unparse(f), f"{ast.unparse(f.value)}.reshape") for f in views)
    if "required positional argument: 'Loader'" in error:  # of yaml
        calls = [n.func for n in nodes if isinstance(n, ast.Call)]
        loads = [f for f in calls if isinstance(f, ast.Attribute) and f.attr == "load"]
        yield from ((ast.unparse(f), f"{ast.unparse(f.value)}.safe_load") for f in loads)
    if gone := re.search(r"module 'numpy' has no attribute '(float|int|bool|object)'", error):
        names = [n for n in nodes if isinstance(n, ast.Attribute) and n.attr == gone.group(1)]
        yield from ((ast.unparse(n), n.attr) for n in names)
    if renamed := re.search(r"name '(\w+)' is not defined", error):
        name = renamed.group(1)
        yield from [(name, _OF_PYTHON_2[name])] if name in _OF_PYTHON_2 else []
    if "object has no attribute 'next'" in error:  # of an iterator
        old = [n for n in nodes if isinstance(n, ast.Attribute) and n.attr == "next"]
        yield from ((ast.unparse(n), f"{ast.unparse(n.value)}.__next__") for n in old)
    if re.search("(division|modulo) by zero", error):  # `i % (len(loader) // 10)`
        divided = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Mod, ast.FloorDiv))]
        by = [ast.unparse(n.right) for n in divided if not isinstance(n.right, ast.Constant)]
        yield from ((divisor, f"max({divisor}, 1)") for divisor in by)


def _lacking(state: State, statement: ast.stmt, error: str) -> Iterator[Change]:
    """What the script's own class of data would have, and a stand-in for it has not: `data.vocab_size`."""
    if (found := _LACKS.search(error)) is None or found.group(2) in messages.OF_LOADERS:
        return
    name, stand_ins = found.group(2), {s["name"]: s for _, each in state.slots for s in each}
    methods = [
        n.func for n in ast.walk(statement) if isinstance(n, ast.Call) and isinstance(statement, ast.Assign)
    ]
    for node in (n for n in ast.walk(statement) if isinstance(n, ast.Attribute) and n.attr == name):
        if node in methods:  # what is assigned gets a stand-in
            continue
        slot = stand_ins.get(ast.unparse(node.value).rpartition(".")[2])
        if slot and _LOADERS.search(name):
            yield ast.unparse(node), [{**slot, "name": name, "kind": "loader"}]
        elif slot:
            yield ast.unparse(node), _value(name)


def _value(name: str) -> str:
    """What an attribute of this name may be: a size, several, or anything."""
    size = number(name) or ("16" if _SIZES.search(name) else MOCK)
    return f"[{size}, {size}, {size}]" if name.endswith(("dims", "sizes")) else size
