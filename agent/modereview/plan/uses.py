"""What a function does with a name: the loader is iterated, the optimizer steps, the model is called.

Uses are followed into the functions of the file that the name is passed to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modereview.plan.tree import scopes
from modereview.records import Program

_HOPS = 3
_THROUGH = frozenset(
    {"enumerate", "tqdm", "iter", "track", "progress_bar", "zip", "trange", "cycle", "islice"}
)
OF_TENSORS = frozenset({"shape", "dtype", "device", "data", "grad", "T", "ndim", "requires_grad"})


@dataclass(frozen=True)
class Part:
    """A part of an item, which may be taken apart itself: `(x, z), y`, or read by keys: `meta["weight"]`."""

    name: str = ""
    count: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Uses:
    """What is done with one name in a function and in what it passes the name to."""

    attrs: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()  # what is called of it: "step", "logger.info"
    below: frozenset[str] = frozenset()  # attributes of attributes that are read: "SOLVER.BASE_LR"
    called: bool = False
    iterated: bool = False
    drawn: bool = False  # from an iterator: `next(batches)`
    keys: tuple[str, ...] = ()  # string subscripts of the name, in order: those that a loop draws as well
    unpacked: int = 0  # names that each item is taken apart into; 0: kept whole
    parts: tuple[Part, ...] = ()  # what is done with each of these
    item_keys: tuple[
        str, ...
    ] = ()  # string subscripts of an item: dict batches; or ".name" of its attributes
    item_indices: int = 0  # `batch[0]`, `batch[1]`: as many as the highest index needs

    @property
    def dict_items(self) -> bool:
        """Whether each item is a dict. Objects are iterated by more than loaders."""
        return any(not key.startswith(".") for key in self.item_keys)

    def __or__(self, other: Uses) -> Uses:
        return Uses(
            self.attrs | other.attrs,
            self.methods | other.methods,
            self.below | other.below,
            self.called or other.called,
            self.iterated or other.iterated,
            self.drawn or other.drawn,
            tuple(dict.fromkeys(self.keys + other.keys)),
            self.unpacked or other.unpacked,
            self.parts or other.parts,
            tuple(dict.fromkeys(self.item_keys + other.item_keys)),
            max(self.item_indices, other.item_indices),
        )


def uses_of(program: Program, function: str, name: str, hops: int = _HOPS) -> Uses:
    """How `function`, and what it calls, uses a parameter, a global or an attribute ("self.loader")."""
    body = dict(scopes(program.source.tree)).get(function)
    if body is None:
        return Uses()
    nodes = [n for statement in body for n in ast.walk(statement)]
    found = _direct(nodes, name)
    if hops:
        for callee, param in _passed_to(program, nodes, name):
            found |= uses_of(program, callee, param, hops - 1)
        for stored in _stored(nodes, name, function):
            for method in _methods(program, function):
                found |= uses_of(program, method, stored, hops - 1)
    return found


def _direct(nodes: list[ast.AST], name: str) -> Uses:
    is_name = _matcher(name)
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    functions = {id(call.func) for call in calls}
    read = [(n, path) for n in nodes if isinstance(n, ast.Attribute) and (path := _path(n, is_name))]
    found = Uses(
        attrs=frozenset(path for _, path in read if "." not in path),
        methods=frozenset(path for n, path in read if id(n) in functions),
        below=frozenset(path for n, path in read if "." in path and id(n) not in functions),
        called=any(is_name(call.func) for call in calls),
        drawn=any(ast.unparse(call.func) == "next" and any(map(is_name, call.args[:1])) for call in calls),
        keys=_keys(nodes, is_name),
    )
    aliases = [_matcher(alias) for alias in _iterators(nodes, is_name)]
    for target, iterable in _iterations(nodes):
        inner = _unwrapped(iterable)
        if (
            any(draws(inner) for draws in aliases)
            or is_name(_whole(inner))
            or any(map(is_name, _arguments(iterable)))
        ):
            found |= _items(nodes, target)
    unpacked = [_arity(t) for t, v in _plain_assignments(nodes) if is_name(v)]
    return found | Uses(unpacked=max(unpacked, default=0))


def _path(node: ast.expr, is_name: Callable[[ast.expr], bool]) -> str:
    """What is read of the name: "SOLVER.BASE_LR" of `cfg.SOLVER.BASE_LR`; empty for another expression."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and not is_name(node):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Subscript) and isinstance(
        node.slice, ast.Name
    ):  # of one of them: `loaders[phase]`
        node = node.value
    return ".".join(reversed(names)) if is_name(node) else ""


def _items(nodes: list[ast.AST], target: ast.expr) -> Uses:
    """How each item of the iterated name is taken apart, at the loop's head or in its body."""
    if isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[1], ast.Tuple):
        target = target.elts[1]  # for i, (x, y) in enumerate(loader)
    if isinstance(target, (ast.Tuple, ast.List)):
        return Uses(iterated=True, unpacked=len(target.elts), parts=_parts(nodes, target))
    is_item = _matcher(ast.unparse(target))
    apart = [t for t, v in _plain_assignments(nodes) if is_item(_unwrapped(v)) and _arity(t)]
    unpacked = [_arity(t) for t in apart]
    indices = [n.slice.value + 1 for n in _subscripts(nodes, is_item) if _is(n.slice, int)]  # type: ignore[attr-defined]
    return Uses(
        iterated=True,
        unpacked=max(unpacked, default=0),
        parts=_parts(nodes, max(apart, key=_arity)) if apart else (),
        item_keys=_keys(nodes, is_item) or (() if any((*unpacked, *indices)) else _fields(nodes, is_item)),
        item_indices=max(indices, default=0),
    )


def _parts(nodes: list[ast.AST], target: ast.expr) -> tuple[Part, ...]:
    """What is done with each of several targets."""
    elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    texts = [(ast.unparse(e), e) for e in elements]
    return tuple(Part(text, _arity(e), _keys(nodes, _matcher(text))) for text, e in texts)


def _iterations(nodes: list[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(target, iterable) of loops, comprehensions and `next(iter(...))`; enumerate's counter is taken off."""
    for node in nodes:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield _without_counter(node.target, node.iter), node.iter
        if isinstance(node, ast.Assign) and isinstance(call := node.value, ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id == "next" and call.args:
                yield node.targets[0], call.args[0]
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("next", "__next__"):
                yield node.targets[0], call.func.value


def _iterators(nodes: list[ast.AST], is_name: Callable[[ast.expr], bool]) -> set[str]:
    """The names of iterators over it: `batches = iter(loader)`."""
    made = ((t, v) for t, v in _plain_assignments(nodes) if isinstance(v, ast.Call) and v.args)
    return {
        ast.unparse(target)
        for target, call in made
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "iter" and is_name(_whole(call.args[0]))
    }


def _without_counter(target: ast.expr, iterable: ast.expr) -> ast.expr:
    counted = any(isinstance(n, ast.Name) and n.id == "enumerate" for n in ast.walk(iterable))
    return target.elts[1] if counted and isinstance(target, ast.Tuple) and len(target.elts) == 2 else target


def _unwrapped(expr: ast.expr) -> ast.expr:
    """The loader inside `enumerate(tqdm(loader, ...))`, the batch inside `[x.cuda() for x in batch]`."""
    if isinstance(expr, (ast.ListComp, ast.GeneratorExp)) and len(expr.generators) == 1:
        return _unwrapped(expr.generators[0].iter)
    while isinstance(expr, ast.Call) and expr.args:
        func = expr.func
        if isinstance(func, ast.Name) and func.id == "map" and len(expr.args) == 2:
            return _unwrapped(expr.args[1])
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if name not in _THROUGH:
            break
        expr = expr.args[0]
    return expr


def _whole(expr: ast.expr) -> ast.expr:
    """The loaders of `loaders[phase]`, of which one is drawn from."""
    keyed = isinstance(expr, ast.Subscript) and (_is(expr.slice, str) or isinstance(expr.slice, ast.Name))
    return expr.value if keyed else expr  # type: ignore[attr-defined]


def _arguments(expr: ast.expr) -> list[ast.expr]:
    counts = isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name) and expr.func.id == "range"
    return list(expr.args) if isinstance(expr, ast.Call) and not counts else []


def _plain_assignments(nodes: list[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    return ((n.targets[0], n.value) for n in nodes if isinstance(n, ast.Assign))


def _arity(target: ast.expr) -> int:
    return len(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else 0


def _subscripts(nodes: list[ast.AST], is_name: Callable[[ast.expr], bool]) -> list[ast.Subscript]:
    return [n for n in nodes if isinstance(n, ast.Subscript) and is_name(n.value)]


def _keys(nodes: list[ast.AST], is_name: Callable[[ast.expr], bool]) -> tuple[str, ...]:
    found = sorted(_subscripts(nodes, is_name), key=lambda n: (n.lineno, n.col_offset))
    drawn = {n.id for subscript in found if isinstance(n := subscript.slice, ast.Name)}
    loops = (n for n in nodes if isinstance(n, ast.For) and isinstance(n.target, ast.Name))
    lists = [n.iter for n in loops if n.target.id in drawn and isinstance(n.iter, (ast.List, ast.Tuple))]  # type: ignore[attr-defined]
    slices = [n.slice for n in found] + [element for each in lists for element in each.elts]
    return tuple(dict.fromkeys(n.value for n in slices if _is(n, str)))  # type: ignore[attr-defined]


def _fields(nodes: list[ast.AST], is_name: Callable[[ast.expr], bool]) -> tuple[str, ...]:
    """What is read of a batch that is an object: `batch.text`, `batch.label`; nothing of a tensor."""
    read = [n for n in nodes if isinstance(n, ast.Attribute) and is_name(n.value)]
    called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
    found = sorted((n for n in read if id(n) not in called), key=lambda n: (n.lineno, n.col_offset))
    names = dict.fromkeys(f".{n.attr}" for n in found if n.attr not in OF_TENSORS)
    return tuple(names) if len(names) > 1 else ()


def _is(node: ast.expr, kind: type) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is kind


def _matcher(name: str) -> Callable[[ast.expr], bool]:
    """Whether an expression is the name, or the attribute "self.x"."""
    owner, _, attr = name.rpartition(".")
    if not owner:
        return lambda node: isinstance(node, ast.Name) and node.id == name
    return lambda node: (
        isinstance(node, ast.Attribute)
        and node.attr == attr
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
    )


def _passed_to(program: Program, nodes: list[ast.AST], name: str) -> Iterator[tuple[str, str]]:
    """(function or constructor of the file, its parameter) for each call that gets the name."""
    here = {(n.lineno, n.col_offset + 1) for n in nodes if isinstance(n, ast.Call)}
    callees = [(f.name, f.calls) for f in program.functions]
    callees += [(f"{m.name}.__init__", m.builds) for m in program.modules]
    for callee, calls in callees:
        for call in calls:
            if (call.span.line, call.span.column) in here:
                yield from ((callee, param) for param, text in call.bound if text == name)


def _stored(nodes: list[ast.AST], name: str, function: str) -> Iterator[str]:
    """The attributes that `__init__` keeps a parameter in."""
    if function.endswith("__init__") and not name.startswith("self."):
        is_name = _matcher(name)
        for target, value in _plain_assignments(nodes):
            if isinstance(target, ast.Attribute) and is_name(_moved(value)):
                yield ast.unparse(target)


def _moved(expr: ast.expr) -> ast.expr:
    """The model inside `model.to(device)`."""
    while (
        isinstance(expr, ast.Call)
        and isinstance(expr.func, ast.Attribute)
        and expr.func.attr in ("to", "cuda")
    ):
        expr = expr.func.value
    return expr


def _methods(program: Program, init: str) -> list[str]:
    owner = init.rpartition(".")[0]
    names = (name for name, _ in scopes(program.source.tree))
    return [n for n in names if n.startswith(f"{owner}.") and n != init]
