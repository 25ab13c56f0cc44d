"""What rules about modules ask: what a forward runs, which class is behind it, what the mode decides.

A nested function belongs to the class of the method around it: it sees the same `self`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import classes, ir, walk
from modereview.records import ModuleClass, Program, Span
from modereview.rules import lookup


@dataclass(frozen=True)
class Running:
    """A function that runs when a module is called: `forward`, or a method that it calls on `self`."""

    module: ModuleClass
    function: ir.Function


def running(program: Program) -> Iterator[Running]:
    """Every function of the file that some forward runs, once, with the first class that runs it."""
    seen: set[Span] = set()
    for module in program.modules:
        for function in reached(program, module.name, "forward"):
            if function.span not in seen:
                seen.add(function.span)
                yield Running(module, function)


def reached(program: Program, cls: str, name: str) -> tuple[ir.Function, ...]:
    """A method with what it calls on `self` and the functions nested in them, each once."""
    found: dict[Span, ir.Function] = {}
    todo = [name]
    while todo:
        for function in _with_nested(program, method_of(program, cls, todo.pop())):
            if function.span not in found:
                found[function.span] = function
                todo += _methods_called(function.body)
    return tuple(found.values())


def method_of(program: Program, cls: str, name: str) -> ir.Function | None:
    """The method of that name, of the class or of its bases in the file."""
    return next((m for c in lineage(program, cls) if (m := c.method(name))), None)


def lineage(program: Program, cls: str) -> Iterator[ir.Class]:
    """The class and its bases in the file, each once, nearest first."""
    assert program.names is not None
    own = program.names.classes.get(cls)
    return classes.lineage(own, program.names) if own else iter(())


def owner(program: Program, function: ir.Function) -> ModuleClass | None:
    """The module class whose `self` a function sees; None for plain functions and static methods."""
    assert program.names is not None
    outer: ir.Function | None = function
    while outer is not None and outer.method_of is None:
        outer = program.names.functions.get(outer.name.rpartition(".")[0])
    if outer is None or not outer.params or outer.params[0].name != "self":
        return None
    return program.module(outer.method_of or "")


def used_by_modules(program: Program) -> frozenset[str]:
    """Names of the plain functions that methods of modules call, themselves or through others."""
    assert program.names is not None
    functions = program.names.functions
    todo = [f for f in functions.values() if owner(program, f)]
    used: set[str] = set()
    while todo:
        called = {walk.dotted(c.func) or "" for c in walk.calls(todo.pop().body)}
        new = {n for n in called - used if n in functions and functions[n].method_of is None}
        used |= new
        todo += [functions[n] for n in new]
    return frozenset(used)


def may_run(program: Program) -> Iterator[ir.Function]:
    """Methods of other classes that a forward may run, on an object that it is given: `helper.decode(x)`.

    What the object is need not be in view: every method of that name may be the one.
    """
    assert program.names is not None
    asked = {
        call.func.name
        for each in running(program)
        for call in walk.calls(each.function.body)
        if isinstance(call.func, ir.Attr) and walk.dotted(call.func.base) != "self"
    }
    for function in program.names.functions.values():
        own = owner(program, function) is not None
        if function.method_of is not None and function.short in asked and not own:
            yield function


def switches(program: Program) -> Counter[tuple[str, str]]:
    """(function, switch) of what the forwards of the file may switch themselves, each time that they run."""
    return Counter(
        (function.name, program.source.slice(call.span))
        for function in (*(each.function for each in running(program)), *may_run(program))
        for call in walk.calls(function.body)
        if isinstance(call.func, ir.Attr) and call.func.name in ("eval", "train")
    )


def mode_decides(body: ir.Block, place: Span) -> bool:
    """Whether a condition on a training flag decides if the place is reached at all, or what it yields."""
    return any(_guards(s, place) for s in walk.statements(body)) or any(
        isinstance(e, ir.Choice | ir.Logic) and asks_mode(e) and walk.within(place, e.span)
        for e in walk.all_expressions(body)
    )


def asks_mode(expr: ir.Expr) -> bool:
    """Whether a training flag is read: `self.training`, `module.training`, a name `is_training`."""
    return any((walk.dotted(e) or "").lower().endswith("training") for e in walk.subexpressions(expr))


def follows_mode(body: ir.Block, expr: ir.Expr) -> bool:
    """Whether the mode chooses a value: `p if self.training else 0`, itself or under a local name."""
    name = walk.dotted(expr) or ""
    given = (
        value
        for s in walk.statements(body)
        for target, value in lookup.bindings(s)
        if walk.dotted(target) == name
    )
    return asks_mode(expr) or any(asks_mode(value) or mode_decides(body, value.span) for value in given)


def caller_decides(function: ir.Function, place: Span) -> bool:
    """Whether an `if switch:` on what the function is given stands around the place: `x, switch = inputs`."""
    given = {p.name for p in function.params} - {"self"}
    for statement in walk.statements(function.body):
        for target, value in lookup.bindings(statement):
            if walk.dotted(value) in given and isinstance(target, ir.Name):
                given = given | {target.id}
        asked = _asked_together(statement.test) if isinstance(statement, ir.If) else ()
        around = any(walk.within(place, s.span) for block in walk.blocks(statement)[:1] for s in block)
        if around and any(walk.dotted(part) in given for part in asked):
            return True
    return False


def _asked_together(test: ir.Expr) -> tuple[ir.Expr, ...]:
    """What all has to hold: the parts of an `and`, or the test itself."""
    return test.operands if isinstance(test, ir.Logic) and test.conjunction else (test,)


def text_of(program: Program, expr: ir.Expr) -> str:
    """The expression as written."""
    return program.source.slice(expr.span)


def _guards(statement: ir.Stmt, place: Span) -> bool:
    """An `if self.training:` around the place, or an `if not self.training: return x` before it."""
    if not isinstance(statement, ir.If) or not asks_mode(statement.test):
        return False
    leaves = bool(statement.body) and isinstance(statement.body[-1], ir.Leave) and statement.span < place
    return leaves or walk.within(place, statement.span)


def _with_nested(program: Program, method: ir.Function | None) -> Iterator[ir.Function]:
    if method is None:
        return
    yield method
    for statement in walk.statements(method.body, nested=True):
        if isinstance(statement, ir.Define):
            yield statement.function


def _methods_called(body: ir.Block) -> list[str]:
    """Short names of the methods called on `self` or on `super()`."""
    found = []
    for call in walk.calls(body):
        match call.func:
            case ir.Attr(ir.Name("self") | ir.Call(ir.Name("super")), name):
                found.append(name)
    return found
