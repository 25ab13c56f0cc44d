"""What is wrong with an override of `train` or `eval`, judged by what `nn.Module.eval()` relies on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.records import ModuleClass, Program, Severity
from modereview.rules import inside, lookup, skipped
from modereview.rules.freezing import switches_off

MODE_NAME = re.compile(
    r"^(_*(mode|train\w*|is_train\w*|flag|value|status|state|enable\w*|on|b))$", re.IGNORECASE
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with an override, and how bad that is."""

    message: str
    fact: str
    severity: Severity


def fault_of(program: Program, module: ModuleClass, method: ir.Function) -> Fault | None:
    """The worst fault of an override."""
    given = [p for p in method.params[1:] if p.kind in ("positional", "*")]
    required = [
        p.name for p in method.params[1:] if p.default is None and p.kind in ("positional", "keyword")
    ]
    if _only_raises(method):
        return _own_use(method, [p.name for p in method.params[1:]])
    if method.short == "eval":
        return (
            _own_use(method, required)
            if required
            else _switches_nothing(method)
            or _is_skipped(program, module, method)
            or _returns_nothing(program, method)
        )
    if not given and _switches_off_itself(program, module):
        return Fault(
            f"`train(False)` fails: this `{method.short}` takes no `mode`",
            "its own `eval()` does without; `model.train(mode=flag)` meets a TypeError",
            Severity.NOTE,
        )
    if not given:
        return Fault(
            f"`eval()` fails: this `{method.short}` takes no `mode`",
            "`nn.Module.eval()` calls `self.train(False)`: TypeError",
            Severity.ERROR if _switches_nothing(method) is None else Severity.WARNING,
        )
    if given[0].kind != "*" and not MODE_NAME.match(given[0].name) and not _hands_on(method, given[0].name):
        return _own_use(method, [given[0].name])
    if required and given[0].default is None and given[0].kind != "*":
        return Fault(
            f"`train()` fails: `{required[0]}` has no default",
            "callers switch to TRAIN with a bare `model.train()`: TypeError",
            Severity.WARNING,
        )
    return _always_trains(method) or _switches_nothing(method) or _returns_nothing(program, method)


def lacks_the_return_alone(program: Program, module: ModuleClass, method: ir.Function) -> bool:
    """Whether an override switches as it should, and only `return self` is missing."""
    return fault_of(program, module, method) == _returns_nothing(program, method)


def _switches_off_itself(program: Program, module: ModuleClass) -> bool:
    """Whether the class has an `eval` of its own that does not go through this `train`."""
    own = inside.method_of(program, module.name, "eval")
    return own is not None and _delegates(own) and not any(map(_switches_self, walk.calls(own.body)))


def _switches_self(call: ir.Call) -> bool:
    """`self.train(False)` or `super().eval()`: both end in the class's own `train`."""
    match call.func:
        case ir.Attr(ir.Name("self") | ir.Call(ir.Name("super")), "train" | "eval"):
            return True
        case _:
            return False


def _hands_on(method: ir.Function, name: str) -> bool:
    """Whether the first parameter is a mode under another name: `super().train(name)`, and more behind it."""
    return any(
        isinstance(c.func, ir.Attr)
        and c.func.name == "train"
        and [walk.dotted(a) for a in c.args[:1]] == [name]
        for c in walk.calls(method.body)
    )


def _own_use(method: ir.Function, names: list[str]) -> Fault:
    """A training or evaluating function of the user's own that hides the switch."""
    if _only_raises(method):
        fact = f"it raises, and so does `{'eval' if method.short == 'train' else 'train(False)'}()`"
    elif method.short == "train":
        fact = f"`nn.Module.eval()` calls `self.train(False)`, which lands here with `{names[0]}=False`"
    else:
        fact = f"`model.eval()` asks for `{names[0]}` here: TypeError, and no other call switches"
    return Fault(f"this `{method.short}` hides the switch of the same name", fact, Severity.WARNING)


def _always_trains(method: ir.Function) -> Fault | None:
    """`super().train()` on no condition, the mode not handed on."""
    bare = [
        statement
        for statement in method.body
        for expr in walk.expressions(statement)
        for e in walk.subexpressions(expr)
        if is_bare_super_train(e)
    ]
    if not bare or (bare[-1] is not method.body[-1] and _reads(method, method.params[1].name)):
        return None
    return Fault(
        "`eval()` switches to TRAIN: the mode is not handed on to `super().train()`",
        "`super().train()` without an argument is `train(True)`, also when `eval()` called",
        Severity.ERROR,
    )


def _reads(method: ir.Function, name: str) -> bool:
    return any(isinstance(e, ir.Name) and e.id == name for e in walk.all_expressions(method.body))


def _switches_nothing(method: ir.Function) -> Fault | None:
    if _delegates(method):
        return None
    return Fault(
        f"this `{method.short}` reaches no submodule: it never calls `super().{method.short}`",
        "dropout and norm layers inside keep the mode they have",
        Severity.ERROR,
    )


def _is_skipped(program: Program, module: ModuleClass, method: ir.Function) -> Fault | None:
    if not skipped.is_skipped(program, module, method):
        return None
    return Fault(
        "`eval()` of a model around it skips this `eval`: what it does besides is not done",
        "`nn.Module.eval()` is `self.train(False)`, which calls `train(False)` of the parts",
        Severity.WARNING,
    )


def _delegates(method: ir.Function) -> bool:
    """Whether anything in it switches: super, a submodule, or the flag of a frozen module, set by hand."""
    for call in walk.calls(method.body, nested=True):
        name = call.func.name if isinstance(call.func, ir.Attr) else walk.dotted(call.func) or ""
        if name in ("train", "eval", "apply") or "train" in name or "eval" in name or name == "setattr":
            return True
    written = (t for s in walk.statements(method.body) for t, _ in lookup.bindings(s))
    return any((walk.dotted(t) or "").endswith(".training") for t in written)


def switches_by_its_mode(method: ir.Function) -> bool:
    """Whether it has a mode and does with it what `super().train(mode)` would, in its own way."""
    return len(method.params) > 1 and _delegates(method) and _reads(method, method.params[1].name)


def mode_for_base(call: ir.Call, name: str) -> tuple[ir.Expr, ...] | None:
    """What `super().train(mode)` or `nn.Module.train(self, mode)` is given besides `self`; None otherwise."""
    match call.func:
        case ir.Attr(ir.Call(ir.Name("super")), asked) if asked == name:
            return (*call.args, *(value for _, value in call.kwargs))
        case ir.Attr(base, asked) if asked == name and call.args and walk.dotted(call.args[0]) == "self":
            own = (walk.dotted(base) or "self").partition(".")[0] == "self"
            return None if own else (*call.args[1:], *(value for _, value in call.kwargs))
        case _:
            return None


def is_bare_super_train(expr: ir.Expr) -> bool:
    """Whether it is `super().train()` with the mode left out: a switch to TRAIN, whoever asked for what."""
    return isinstance(expr, ir.Call) and mode_for_base(expr, "train") == ()


def handed_on(method: ir.Function) -> ir.Stmt | None:
    """The `super().train(mode)` of a `train` that does nothing else: as if there were no override."""
    switches = [s for s in method.body if not (_is_text(s) or _gives_back(s))]
    return switches[0] if len(switches) == 1 and _is_super_train(switches[0]) else None


def _gives_back(statement: ir.Stmt) -> bool:
    return (
        isinstance(statement, ir.Leave)
        and statement.how == "return"
        and (statement.value is None or walk.dotted(statement.value) == "self")
    )


def _is_super_train(statement: ir.Stmt) -> bool:
    match statement:
        case ir.Do(value=ir.Call(ir.Attr(ir.Call(ir.Name("super")), "train"))):
            return True
        case ir.Leave(how="return", value=ir.Call(ir.Attr(ir.Call(ir.Name("super")), "train"))):
            return True
        case _:
            return False


def _returns_nothing(program: Program, method: ir.Function) -> Fault | None:
    returns = (s for s in walk.statements(method.body) if isinstance(s, ir.Leave) and s.how == "return")
    if any(s.value is not None for s in returns):
        return None
    used = _result_used(program)
    return Fault(
        f"this `{method.short}` does not return `self`",
        f"`model = model.{method.short}()` gives None"
        + (f", as the call at line {used.span.line} may find" if used else ""),
        Severity.WARNING if used else Severity.NOTE,
    )


def _result_used(program: Program) -> ir.Call | None:
    """A call of `.train(...)` or `.eval()` in the file whose result is kept."""
    for _, body in lookup.scopes(program):
        for statement in walk.statements(body):
            bare = statement.value if isinstance(statement, ir.Do) else None
            for call in (e for x in walk.expressions(statement) for e in walk.subexpressions(x)):
                match call:
                    case ir.Call(ir.Attr(base, "train" | "eval"), args) if call is not bare and len(args) < 2:
                        if not isinstance(base, ir.Call) and isinstance(statement, ir.Assign):
                            return call
    return None


def _only_raises(method: ir.Function) -> bool:
    """`raise NotImplementedError` and no `mode` among its parameters, as an abstract switch has."""
    if all(MODE_NAME.match(p.name) and p.kind != "*" for p in method.params[1:]):
        return False
    statements = [s for s in method.body if not _is_text(s)]
    return len(statements) == 1 and isinstance(statements[0], ir.Leave) and statements[0].how == "raise"


def _is_text(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.Do) and isinstance(statement.value, ir.Const)


def undoes_own_eval(program: Program, module: ModuleClass, method: ir.Function) -> Fault | None:
    """A `train` that does nothing, where the class means to be built in EVAL: its `eval()` ends there."""
    if method.short != "train" or inside.method_of(program, module.name, "eval") is not None:
        return None
    started = inside.reached(program, module.name, "__init__")
    switches = [c for m in started for c in walk.calls(m.body) if switches_off(c)]
    if not switches or not all(_is_of_self(c) for c in switches):  # a part has a switch that works
        return None
    meant = program.source.slice(switches[0].span)
    return Fault(
        f"this `train` does nothing, and so does `{meant}` at line {switches[0].span.line}",
        "`nn.Module.eval()` calls `self.train(False)`, which lands here: write `return super().train(False)`",
        Severity.ERROR,
    )


def _is_of_self(call: ir.Call) -> bool:
    return isinstance(call.func, ir.Attr) and walk.dotted(call.func.base) == "self"


def is_stub(method: ir.Function) -> bool:
    """`return self`, `pass` or `raise` alone: a module that is frozen, or abstract, on purpose."""
    return not _only_raises(method) and all(
        _is_text(s)
        or (
            isinstance(s, ir.Leave)
            and (s.how == "raise" or s.value is None or walk.dotted(s.value) == "self")
        )
        for s in method.body
    )
