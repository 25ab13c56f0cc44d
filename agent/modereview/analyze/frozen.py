"""How people take the gradients of a whole model away: a loop over its parameters, or a helper with one."""

from __future__ import annotations

from collections.abc import Sequence

from modereview.analyze import ir, walk
from modereview.analyze.names import Names


def freezes(loop: ir.Stmt) -> bool:
    """`for p in model.parameters(): p.requires_grad = False`, and nothing else."""
    if not isinstance(loop, ir.Loop) or not isinstance(loop.iterable, ir.Call):
        return False
    func = loop.iterable.func
    return isinstance(func, ir.Attr) and func.name == "parameters" and all(map(_takes_gradient, loop.body))


def handed_to_freeze(value: ir.Expr, names: Names) -> Sequence[ir.Expr]:
    """The models of `freeze(model.parameters())`, where that function does so to each of what it is given."""
    if not isinstance(value, ir.Call) or not value.args:
        return ()
    function = names.functions.get(names.origin(value.func) or walk.dotted(value.func) or "")
    if function is None:
        return ()
    return [
        owner
        for parameter, argument in zip(function.params, value.args, strict=False)
        if (owner := _owner_of_parameters(argument))
        and any(_freezes_each(s, parameter) for s in function.body)
    ]


def _owner_of_parameters(argument: ir.Expr) -> ir.Expr | None:
    match argument:
        case ir.Call(ir.Attr(owner, "parameters")):
            return owner
        case _:
            return None


def _freezes_each(statement: ir.Stmt, parameter: ir.Parameter) -> bool:
    """`for p in parameters: p.requires_grad = False`."""
    match statement:
        case ir.Loop(target=ir.Name(), iterable=ir.Name(id)) if id == parameter.name:
            return all(map(_takes_gradient, statement.body))
        case _:
            return False


def _takes_gradient(statement: ir.Stmt) -> bool:
    """`p.requires_grad = False` or `p.requires_grad_(False)`."""
    match statement:
        case ir.Assign((ir.Attr(_, "requires_grad"), *_), ir.Const(False)):
            return True
        case ir.Do(ir.Call(ir.Attr(_, "requires_grad_"), (ir.Const(False),), ())):
            return True
        case _:
            return False
