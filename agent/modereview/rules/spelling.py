"""How a file calls something of a library, for code that a fix writes into it."""

from __future__ import annotations

from dataclasses import dataclass

from modereview import edits
from modereview.analyze import ir
from modereview.records import Edit, Program


@dataclass(frozen=True)
class Spelled:
    """An expression, and the edits that make its name known where it is not yet."""

    text: str  # "nn.ModuleList"
    imports: tuple[Edit, ...] = ()


def spelled(program: Program, origin: str) -> Spelled:
    """`origin` ("torch.nn.ModuleList") by what the top level imports; else its package is imported too."""
    known = [pair for s in program.block if isinstance(s, ir.Import) for pair in s.names]
    holders = [(local, whole) for local, whole in known if _leads(whole, origin)]
    if holders:
        local, whole = max(holders, key=lambda pair: len(pair[1]))
        return Spelled(local + origin[len(whole) :])
    package = origin.partition(".")[0]
    return Spelled(origin, (edits.add_import(program.source, package),))


def _leads(whole: str, origin: str) -> bool:
    return origin == whole or origin.startswith(f"{whole}.")
