"""What the mends of the mode rules share: the forward of a finding, its model's name, a function's start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import FLUENT
from modereview.records import Edit, Finding, Forward, Mode, Program, Span
from modereview.rules import absent, lookup

_OWNER = re.compile(r"""[^\W\d]\w*(\.[^\W\d]\w*|\[(\d+|'\w+'|"\w+")\])*""")  # `self.nets[0]`


def at_start(program: Program, name: str, model: str, statement: str) -> Iterator[Edit]:
    """`statement` first in a function, or right after the model gets its name, or is known to be there."""
    assert program.names is not None
    function = program.names.functions[name]
    asked, block = absent.guarded(program, name, model, statement), absent.block_of(program, name, model)
    binding = _binding(function.body, model)
    if binding is None:
        binding = next((s for s in function.body if absent.ends_without(s, model)), None)
    if binding is None and block is not None:
        yield first_in(program, block, statement)
    elif binding is None:
        yield first_in(program, function, asked)
    elif binding in function.body:
        yield edits.insert_after(program.source, prepared(program, binding, model), asked)


def _binding(body: ir.Block, model: str) -> ir.Stmt | None:
    """The last statement in which the model gets its name before it is run; the first anywhere else.

    That may be an `if` of the body: one that wraps the model, or makes another one.
    """
    root = lookup.root_of(model)
    runs = next((i for i, s in enumerate(body) if any(_runs(c, model) for c in walk.calls((s,)))), len(body))
    bound = [s for s in body[:runs] if any(binds(inner, root, model) for inner in walk.statements((s,)))]
    return bound[-1] if bound else next((s for s in walk.statements(body) if binds(s, root, model)), None)


def _runs(call: ir.Call, model: str) -> bool:
    return walk.dotted(call.func) == model


def first_in(program: Program, block: ir.Function | ir.Loop | ir.If, statement: str) -> Edit:
    """`statement` first in a block, behind the switches of other models that it begins with."""
    switched = _switches_at_start(block.body)
    if switched is not None:
        return edits.insert_after(program.source, switched, statement)
    return edits.insert_first(program.source, block.span, statement)


def _switches_at_start(body: ir.Block) -> Span | None:
    """The last of the `encoder.eval()` that a function begins with: another model's comes behind them."""
    last = None
    for statement in body[head_of(body) :]:
        match statement:
            case ir.Do(ir.Call(ir.Attr(_, "eval" | "train"), ())):
                last = statement.span
            case _:
                break
    return last


def head_of(body: ir.Block) -> int:
    """How many statements a function begins with before it does anything: its docstring, `global` names."""
    count = int(isinstance(body[0], ir.Do) and isinstance(body[0].value, ir.Const))
    while count < len(body) and isinstance(body[count], ir.Global):
        count += 1
    return count


def binds(statement: ir.Stmt, root: str, model: str) -> bool:
    """Whether a statement gives a model its name, or the name that its expression starts with."""
    targets = statement.targets if isinstance(statement, ir.Assign) else ()
    return any(walk.dotted(t) in (root, model) for target in targets for t in walk.subexpressions(target))


def name_in(program: Program, forward: Forward, function: str, call: Span) -> str | None:
    """How the model is named in a function on the way to the forward, where that can be told."""
    model = dotted(forward.model)
    if forward.function == function or model is None:
        return model
    root = lookup.root_of(model)
    if root == "self":
        same = function.rpartition(".")[0] == forward.function.rpartition(".")[0]
        return model if same else None
    callee = next((f for f in program.functions if f.name == forward.function), None)
    site = next(
        (s for f in program.functions for s in f.calls if s.span == call and s.callee == forward.function),
        None,
    )
    if callee is None or root in callee.reads:
        return model
    given = dict(site.bound).get(root) if site else None
    return given + model.removeprefix(root) if given and given.replace(".", "").isidentifier() else None


def forward_of(program: Program, finding: Finding, mode: Mode, *, training: bool) -> Forward | None:
    """The forward a finding is about; the one with a path in view before one without.

    A helper's forward is trained on by one way and judged by another.
    """
    found = [f for f in program.forwards if f.span == finding.span and f.mode is mode]
    found = [f for f in found if (f.role == "train") is training]
    return max(found, key=lambda f: (f.exact, len(f.path)), default=None)


def dotted(text: str) -> str | None:
    """The model of a forward, as an expression that a switch can be called on; None for `nets[i]`."""
    return text if _OWNER.fullmatch(text) else None


def prepared(program: Program, built: ir.Stmt, name: str) -> Span:
    """The last of the statements behind the one that builds it which prepare it: weights, a device."""
    for _, body in lookup.scopes(program):
        for block in walk.all_blocks(body):
            if built in block:
                last: ir.Stmt = built
                for statement in block[block.index(built) + 1 :]:
                    if _prepares(statement, name):
                        last = statement
                    elif not isinstance(statement, ir.Assign | ir.Do) or _mentions(statement, name):
                        break
                return last.span
    return built.span


def _prepares(statement: ir.Stmt, name: str) -> bool:
    """`teacher.load_state_dict(...)`, `teacher = teacher.to(device)`, `net = DataParallel(net)`."""
    if isinstance(statement, ir.If):
        return all(_prepares(s, name) for s in (*statement.body, *statement.orelse))
    value = statement.value if isinstance(statement, ir.Do | ir.Assign) else None
    func = value.func if isinstance(value, ir.Call) else None
    asked = isinstance(func, ir.Attr) and walk.dotted(func.base) == name
    wrapped = isinstance(value, ir.Call) and name in map(walk.dotted, value.args)
    rebound = isinstance(statement, ir.Assign) and [walk.dotted(t) for t in statement.targets] == [name]
    moved = isinstance(func, ir.Attr) and func.name in {*FLUENT, "load_state_dict"}
    return (asked and moved) or (rebound and wrapped)


def _mentions(statement: ir.Stmt, name: str) -> bool:
    """Whether a statement may run the model, or hand it on; a method of the same object may as well."""
    root = lookup.root_of(name)
    parts = [e for x in walk.expressions(statement) for e in walk.subexpressions(x)]
    calls = (walk.dotted(e.func) or "" for e in parts if isinstance(e, ir.Call))
    method = root == "self" and any(c.startswith("self.") and c.count(".") == 1 for c in calls)
    return method or any(walk.dotted(e) in {name, root} - {"self"} for e in parts)
