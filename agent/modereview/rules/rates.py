"""Rates of functional dropouts that their callers give: whoever gives one answers for the mode."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.records import Program
from modereview.rules import inside, lookup


def are_up_to_callers(program: Program, function: ir.Function, rate: ir.Expr | None) -> bool:
    """Whether the rate is a parameter that callers in view give by the mode, or that is 0 until one asks."""
    if not isinstance(rate, ir.Name):
        return False
    return _follows_mode(program, function, rate) or _is_off_unless_asked(program, function, rate)


def _follows_mode(program: Program, function: ir.Function, rate: ir.Name) -> bool:
    """Whether the rate is taken from callers, none of which here gives one in EVAL.

    Of a method some caller has to be in view: `self.attend(q, k, p=self.p if self.training else 0)`.
    """
    assert program.names is not None
    names = [p.name for p in function.params][1 if function.method_of else 0 :]
    if rate.id not in names:
        return False
    rates = [
        (caller, lookup.argument(each, rate.id, names.index(rate.id)))
        for caller in program.names.functions.values()
        for each in walk.calls(caller.body)
        if _calls(program, each, function)
    ]
    followed = all(given is not None and inside.follows_mode(caller.body, given) for caller, given in rates)
    return followed and bool(rates or not function.method_of)


def _calls(program: Program, call: ir.Call, function: ir.Function) -> bool:
    assert program.names is not None
    if function.method_of:
        return walk.dotted(call.func) == f"self.{function.short}"
    return program.names.function_at(call.func) is function


def _is_off_unless_asked(program: Program, function: ir.Function, rate: ir.Name) -> bool:
    """Whether the rate is a parameter that is 0 by default, and nobody in view gives another."""
    assert program.names is not None
    around = (program.names.functions.get(name) for name in lookup.enclosing(function.name))
    owner = next((f for f in around if f and _defaults_to_zero(f, rate)), None)
    if owner is None:
        return False
    position = [p.name for p in owner.params if p.name != "self"].index(rate.id)
    return all(
        given is None or lookup.constant(given) == 0 or _defaults_to_zero(caller, given)
        for caller in program.names.functions.values()
        for each in walk.calls(caller.body)
        if (walk.dotted(each.func) or "").rpartition(".")[2] == owner.short
        for given in (lookup.argument(each, rate.id, position),)
    )


def _defaults_to_zero(function: ir.Function, rate: ir.Expr) -> bool:
    defaults = {p.name: p.default for p in function.params}
    default = defaults.get(walk.dotted(rate) or "")
    return default is not None and lookup.constant(default) == 0
