"""How people freeze a model: a loop over its parameters, or a helper with one; and train the rest of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import names_parameters

# `filter(lambda p: p.requires_grad, model.parameters())`, the same as a comprehension, and as a loop.
_SELECTED = re.compile(
    r"\blambda\s+\w+\s*:\s*\w+\.requires_grad\s*,\s*([\w.]+)\.(?:named_)?parameters\(\)"
    r"|\bin\s+([\w.]+)\.(?:named_)?parameters\(\)\s*:?\s*if\s+\w+\.requires_grad\b"
)


_FREEZES = re.compile(r"\brequires_grad(\s*=\s*False\b|_\(\s*(requires_grad\s*=\s*)?False\b)")


def trained_in_part(code: str) -> frozenset[str]:
    """The models, as written, of whose parameters a file selects those that still want a gradient."""
    return frozenset(owner for found in _SELECTED.findall(code) for owner in found if owner)


def freezes_some(code: str) -> bool:
    """Whether a file takes the gradients of parameters, of whichever model."""
    return _FREEZES.search(code) is not None


def given_to_optimizer(call: ir.Call) -> Iterator[ir.Expr]:
    """The models of `SGD(model.fc.parameters(), 0.1)`, and of groups and chains of parameters."""
    for given in (*call.args, *(value for _, value in call.kwargs)):
        for part in walk.subexpressions(given):
            match part:
                case ir.Call(ir.Attr(owner, name), ()) if names_parameters(name) and walk.dotted(owner):
                    yield owner


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
    function = names.function_at(value.func)
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
