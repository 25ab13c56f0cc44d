"""Parsed answers -> cases: what the policy takes, under the model's name, and why the rest stays out."""

from __future__ import annotations

import ast

from modereview.records import Case
from modereview.write.answer import Parsed, Piece
from modereview.write.ground import Ground
from modereview.write.policy import refusal

Refusal = tuple[str, str]  # (name of the function, reason)


def admit(parsed: Parsed, where: Ground, author: str, target: str) -> tuple[list[Case], list[Refusal]]:
    """The functions that may stand in the file, one by one: a bad one does not take the others with it."""
    cases: list[Case] = []
    refused: list[Refusal] = list(parsed.refused)
    for piece in parsed.pieces:
        reason = refusal(piece, where.with_cases(cases))
        if reason is None:
            cases.append(_case(piece, author, target))
        else:
            refused.append((piece.node.name, reason))
    return cases, refused


def _case(piece: Piece, author: str, target: str) -> Case:
    return Case(
        name=piece.node.name,
        code=piece.code,
        contract="",
        targets=(target,),
        proves=(),
        author=author,
        imports=tuple(ast.unparse(line) for line in piece.imports),
    )
