"""Slots and what is read of them as plain data, for the question to the sandbox."""

from __future__ import annotations

import ast
import re
from typing import TypeAlias

from modereview.plan.kinds import Kind, kind_of
from modereview.plan.names import resolve
from modereview.plan.slots import Context, Slot
from modereview.plan.uses import Uses

Json: TypeAlias = dict[str, object]
_OF_TEXT = frozenset("lower upper split strip startswith endswith format replace join".split())


def slot_json(context: Context, slot: Slot) -> Json:
    """What the probe needs to fill a slot."""
    return {
        "name": slot.name,
        "kind": slot.kind,
        "code": slot.code,
        "line": slot.line,
        "subject": class_of(context, slot.code) if slot.code else None,
        "attributes": attributes(context, slot.uses),
        "keys": list(slot.uses.keys),
        "drawn": slot.uses.drawn,
        "called": slot.uses.called,
        "unpacked": slot.uses.unpacked or slot.uses.item_indices,
        "item_keys": list(slot.uses.item_keys),
        "indexed": not slot.uses.unpacked and slot.uses.item_indices > 0,
        "parts": [
            {"kind": part_kind(part.name), "count": part.count, "keys": list(part.keys)}
            for part in slot.uses.parts
        ],
    }


def part_kind(name: str) -> Kind:
    """What a part of a batch is by its name; of several a kind: `image1`, `x_i`."""
    return kind_of(re.sub(r"(_?\d|_[ijab])$", "", name), None, Uses())


def attributes(context: Context, uses: Uses) -> dict[str, str | None]:
    """What is read of a name that holds options, with the defaults that the command line gives them.

    Of attributes that hold options themselves, what is read of those: "SOLVER.BASE_LR".
    """
    options = context.names.options
    known = {
        a: resolve(context.names, ast.unparse(options[a]), "") if a in options else None
        for a in sorted(uses.attrs | uses.below)
    }
    for owner, _, method in sorted(path.rpartition(".") for path in uses.methods):
        if method in _OF_TEXT and owner in known:
            known[owner] = known[owner] or "'a'"
        else:
            known[f"{owner}.{method}" if owner else method] = "unittest.mock.MagicMock()"
    return known


def class_of(context: Context, code: str) -> str | None:
    """The module class of the file that an expression builds, outermost."""
    match = re.match(r"script\.(\w+)(\(|$)", code)
    module = context.program.module(match.group(1)) if match else None
    return module.name if module else None


def call_parts(text: str | None) -> list[str] | None:
    """The arguments of a call, each by itself: `torch.randn(4, 8), mask` are two."""
    if text is None:
        return None
    call = ast.parse(f"f({text})", mode="eval").body
    return [ast.unparse(part) for part in call.args] if isinstance(call, ast.Call) else None
