"""Whether a mend thaws what a file keeps in EVAL: `train()` switches every part on, frozen or not.

Who freezes a part once, and never switches the model to TRAIN again, loses the freeze to a `train()` that is
put in. That is told from what is frozen again right behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

from modereview.analyze import ir, walk
from modereview.records import Program
from modereview.rules import lookup
from modereview.rules.freezing import switches_off, switches_on

_FREEZES_NORMS = re.compile(r"(freeze|fix|eval).*(bn|norm)|(bn|norm).*(freeze|fix|eval)", re.IGNORECASE)
_WALKS = frozenset({"modules", "named_modules", "children", "named_children"})
_WRAPPED = frozenset({"module", "_orig_mod"})


def thaws(before: Program, after: Program) -> bool:
    """Whether a `train()` that only `after` has meets parts that are frozen somewhere in the file."""
    frozen = any(True for name, body in lookup.scopes(before) for _ in _frozen(before, name, body))
    return frozen and bool(Counter(_bare_switches(after)) - Counter(_bare_switches(before)))


def _bare_switches(program: Program) -> Iterator[tuple[str, str]]:
    """(function, model) of each switch to TRAIN, or back to a mode, behind which nothing is frozen again."""
    for name, body in lookup.scopes(program):
        for block in walk.all_blocks(body):
            for here, behind in zip_longest(block, block[1:]):
                model = _switched_on(here)
                again = behind is not None and any(True for _ in _frozen(program, name, (behind,)))
                if model and not again:
                    yield name, model


def _switched_on(statement: ir.Stmt) -> str | None:
    call = statement.value if isinstance(statement, ir.Do) else None
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attr):
        return None
    back = call.func.name == "train" and not switches_off(call)
    return walk.dotted(call.func.base) if back else None


def _frozen(program: Program, function: str, body: ir.Block) -> Iterator[ir.Expr | ir.Stmt]:
    """The places of a function that put parts of a model in EVAL, and leave the rest as it is.

    What a module class does to its own parts is another rule's (MR207), and what only evaluates means all.
    """
    assert program.names is not None
    owner = program.names.functions[function].method_of if function else None
    own = owner is not None and program.module(owner) is not None
    if own or _only_evaluates(program, function):
        return
    models = {f.model for f in program.forwards} | {f.model for f in program.handed}
    for call in walk.calls(body):
        if _is_part_off(program, call, models) or _freezes_each(program, call):
            yield call
    for statement in walk.statements(body):
        over = statement.iterable if isinstance(statement, ir.Loop) else None
        if isinstance(over, ir.Call) and _name(over) in _WALKS and _switches_any(walk.blocks(statement)[0]):
            yield statement


def _only_evaluates(program: Program, function: str) -> bool:
    found = program.function(function)
    return found is not None and bool(found.roles) and "train" not in found.roles


def _is_part_off(program: Program, call: ir.Call, models: set[str]) -> bool:
    """`model.backbone.eval()`, where nothing switches that part on again."""
    part = walk.dotted(call.func.base) if isinstance(call.func, ir.Attr) else None
    if part is None or not switches_off(call):
        return False
    owner, _, last = part.rpartition(".")
    inside = last not in _WRAPPED and any(owner == m or owner.startswith(f"{m}.") for m in models - {"self"})
    return inside and part not in _on_somewhere(program)


def _on_somewhere(program: Program) -> set[str | None]:
    return {switches_on(call) for _, call, _ in lookup.calls(program)}


def _freezes_each(program: Program, call: ir.Call) -> bool:
    """`model.apply(set_bn_eval)`, `model.freeze_bn()`: by what is applied, or by name if not in view."""
    assert program.names is not None
    given = call.args[0] if _name(call) == "apply" and call.args else call.func
    if isinstance(given, ir.Lambda):
        return any(isinstance(e, ir.Call) and switches_off(e) for e in walk.subexpressions(given))
    applied = program.names.functions.get(walk.dotted(given) or "") if given is not call.func else None
    if applied is not None:
        return _switches_any(applied.body)
    name = (walk.dotted(given) or "").rpartition(".")[2]
    return bool(_FREEZES_NORMS.search(name)) and "unfreeze" not in name.lower()


def _switches_any(body: ir.Block) -> bool:
    return any(map(switches_off, walk.calls(body)))


def _name(call: ir.Call) -> str:
    return call.func.name if isinstance(call.func, ir.Attr) else walk.dotted(call.func) or ""
