"""What the file's expressions mean in a test: `Net(args.width, N)` becomes `script.Net(128, script.N)`.

An expression resolves when each of its names does: literals, what the loaded script holds, argparse defaults,
locals assigned to something that resolves. What comes from data does not, and the search puts a number there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modereview.plan import options
from modereview.plan.tree import is_main_guard, level, pairs, scopes
from modereview.records import CallSite, Program

_DEPTH = 6  # names that lead to names; a chain longer than this is no longer something to type into a test
_LENGTH = 160  # characters
_PURE = frozenset("int float bool str len range list tuple dict set min max sum abs round".split())
_MOVES = frozenset(
    {"to", "cuda", "cpu", "train", "eval", "requires_grad_", "share_memory"}
)  # return their object
_WRAPPERS = frozenset({"DataParallel", "DistributedDataParallel", "compile"})
_FILLS = frozenset({"append", "extend", "insert", "update", "setdefault"})
_DATA_READERS = frozenset({"torch.load", "torch.jit.load", "torch.hub.load"})


class Unknown(Exception):
    """An expression holds something that only the run of the script would tell."""


@dataclass(frozen=True)
class Names:
    """What the names of a file stand for, by the function they are used in ("" is the top level)."""

    imported: frozenset[str]
    defined: frozenset[str]  # functions, classes and constants that the loaded script holds
    assigned: Mapping[
        tuple[str, str], ast.expr
    ]  # (function, "model" or "self.net") -> what was assigned first
    rebound: Mapping[str, str]  # a global -> the function that declares it so and assigns it
    defaults: Mapping[tuple[str, str], ast.expr]  # (function, parameter) -> its default
    passed: Mapping[tuple[str, str], tuple[CallSite, str]]  # (function, parameter) -> what a call passes
    options: Mapping[str, ast.expr]  # argparse destination -> its default


def names_of(program: Program, load: str) -> Names:
    """Collect them. With load "import" every name of the top level is there, otherwise constants alone."""
    tree = program.source.tree
    top = list(level(tree.body))
    assigned = dict(_assignments(tree))
    for filled in _filled(tree):
        assigned.pop(filled, None)
    held = {name for name, _ in program.constants}
    if load == "import":
        held |= {name for s in level([s for s in tree.body if not is_main_guard(s)]) for name, _ in pairs(s)}
    defined = {s.name for s in top if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    imports = (a for s in ast.walk(tree) if isinstance(s, (ast.Import, ast.ImportFrom)) for a in s.names)
    imported = frozenset(a.asname or a.name.split(".")[0] for a in imports)
    return Names(
        imported,
        frozenset(defined | held),
        assigned,
        dict(_rebound(tree, assigned)),
        _defaults(program),
        _passed(program),
        options.options(tree),
    )


def resolve(names: Names, text: str, function: str) -> str | None:
    """The text of an expression as a test would write it, or None where a part of it is unknown."""
    try:
        code = ast.unparse(_Resolver(names, function).visit(ast.parse(text, mode="eval").body))
    except (Unknown, SyntaxError):
        return None
    return code if len(code) <= _LENGTH else None


def literal(code: str | None) -> bool:
    """Whether code is a plain number, string, bool or None."""
    try:
        return code is not None and not isinstance(ast.literal_eval(code), (list, dict, tuple, set))
    except (ValueError, SyntaxError):
        return False


class _Resolver(ast.NodeTransformer):
    """Rewrites names; raises Unknown at the first part that has no meaning outside the script's own run."""

    def __init__(self, names: Names, function: str, depth: int = 0) -> None:
        self.names, self.function, self.depth = names, function, depth

    def visit_Name(self, node: ast.Name) -> ast.expr:
        local = self._follow(node.id) if self.function else None
        if local is not None:
            return local
        if node.id in ("torch", "nn") and node.id in self.names.imported:
            return node
        if node.id in self.names.imported | self.names.defined:
            return ast.Attribute(ast.Name("script"), node.id)
        if ("", node.id) in self.names.assigned:
            return _expr(self._in("").visit(self.names.assigned["", node.id]))
        if node.id in _PURE:
            return node
        raise Unknown(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if (
            isinstance(node.value, ast.Name)
            and node.attr in self.names.options
            and options.holder(node.value.id)
        ):
            return _expr(self._in("").visit(self.names.options[node.attr]))
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._follow_self(node.attr)
        return ast.Attribute(self.visit(node.value), node.attr)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if "cuda" in ast.unparse(node.test) and not isinstance(node.orelse, ast.Constant):
            return _expr(self.visit(node.orelse))
        if "cuda" in ast.unparse(node) or "mps" in ast.unparse(node):
            plain = isinstance(node.orelse, ast.Constant) and not isinstance(node.orelse.value, str)
            return node.orelse if plain else ast.parse("torch.device('cpu')", mode="eval").body
        return ast.IfExp(self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        text = ast.unparse(node.func)
        if text.endswith("torch.device") or text in _DATA_READERS:
            return self._special(text)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES:
            return _expr(self.visit(node.func.value))
        if text.rsplit(".", 1)[-1] in _WRAPPERS and node.args:
            return _expr(self.visit(node.args[0]))
        return ast.Call(
            self.visit(node.func),
            [_expr(self.visit(a)) for a in node.args],
            [ast.keyword(k.arg, _expr(self.visit(k.value))) for k in node.keywords],
        )

    def generic_visit(self, node: ast.AST) -> ast.AST:
        allowed = (
            ast.Constant,
            ast.BinOp,
            ast.UnaryOp,
            ast.Tuple,
            ast.List,
            ast.Dict,
            ast.Subscript,
            ast.Slice,
        )
        others = (
            ast.Starred,
            ast.Compare,
            ast.BoolOp,
            ast.operator,
            ast.unaryop,
            ast.cmpop,
            ast.boolop,
            ast.Load,
        )
        if not isinstance(node, allowed + others):
            raise Unknown(type(node).__name__)
        return super().generic_visit(_copy(node))

    def _special(self, text: str) -> ast.expr:
        if text in _DATA_READERS:
            raise Unknown(text)
        return ast.parse("torch.device('cpu')", mode="eval").body

    def _in(self, function: str) -> _Resolver:
        if self.depth >= _DEPTH:
            raise Unknown("too deep")
        return _Resolver(self.names, function, self.depth + 1)

    def _follow(self, name: str) -> ast.expr | None:
        """What a local name or a parameter of the current function stands for."""
        key = (self.function, name)
        if key in self.names.assigned:
            return _expr(self._in(self.function).visit(self.names.assigned[key]))
        if key in self.names.passed:
            call, text = self.names.passed[key]
            return _expr(self._in(call.caller).visit(ast.parse(text, mode="eval").body))
        if key in self.names.defaults:
            return _expr(self._in("").visit(self.names.defaults[key]))
        return None

    def _follow_self(self, attr: str) -> ast.expr:
        init = f"{self.function.rpartition('.')[0]}.__init__"
        if (init, f"self.{attr}") not in self.names.assigned:
            raise Unknown(f"self.{attr}")
        return _expr(self._in(init).visit(self.names.assigned[init, f"self.{attr}"]))


def _expr(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.expr)
    return node


def _copy(node: ast.AST) -> ast.AST:
    """A shallow copy: the transformer writes into nodes, and the tree belongs to the Source."""
    fields = {f: list(v) if isinstance(v, list) else v for f, v in ast.iter_fields(node)}
    return type(node)(**fields)


def _assignments(tree: ast.Module) -> Iterator[tuple[tuple[str, str], ast.expr]]:
    seen: set[tuple[str, str]] = set()
    for function, body in scopes(tree):
        for statement in level(body):
            for name, value in pairs(statement):
                if (function, name) not in seen:
                    seen.add((function, name))
                    yield (function, name), value


def _filled(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(function, name) of containers that begin empty and are filled later: nothing tells with what."""
    for function, body in scopes(tree):
        statements = list(level(body))
        grown = {ast.unparse(s.target) for s in statements if isinstance(s, ast.AugAssign)}
        calls = (n.func for s in statements for n in ast.walk(s) if isinstance(n, ast.Call))
        grown |= {ast.unparse(f.value) for f in calls if isinstance(f, ast.Attribute) and f.attr in _FILLS}
        for name, value in (pair for s in statements for pair in pairs(s)):
            if name in grown and ast.unparse(value) in ("[]", "{}", "list()", "dict()"):
                yield function, name


def _rebound(tree: ast.Module, assigned: Mapping[tuple[str, str], ast.expr]) -> Iterator[tuple[str, str]]:
    """(global, function that sets it), the likeliest last: plain values before what was computed."""
    found = [
        (name, function)
        for function, body in scopes(tree)
        for statement in level(body)
        if isinstance(statement, ast.Global)
        for name in statement.names
        if (function, name) in assigned
    ]
    yield from sorted(found, key=lambda pair: isinstance(assigned[pair[::-1]], ast.Constant))


def _defaults(program: Program) -> dict[tuple[str, str], ast.expr]:
    params = [(f.name, p) for f in program.functions for p in f.params]
    params += [(f"{m.name}.__init__", p) for m in program.modules for p in m.init]
    return {
        (name, p.name): ast.parse(p.default, mode="eval").body for name, p in params if p.default is not None
    }


def _passed(program: Program) -> dict[tuple[str, str], tuple[CallSite, str]]:
    found: dict[tuple[str, str], tuple[CallSite, str]] = {}
    calls = [c for f in program.functions for c in f.calls]
    calls += [c for _, _, built in program.classes for c in built]
    for call in calls + [c for m in program.modules for c in m.builds]:
        owner = call.callee if program.function(call.callee) else f"{call.callee}.__init__"
        for name, text in call.bound:
            found.setdefault((owner, name), (call, text))
    return found
