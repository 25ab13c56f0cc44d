"""The small representation that the mode flow interprets: what is left of Python when only modes matter.

About twenty kinds of node, all frozen, all with the span they came from. `lower.py` makes them from a
syntax tree; nothing after it knows which library parsed the file. Programs in this form can be written by
hand, so the interpreter is testable without source text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from modereview.records import Span

# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Const:
    """A literal: bool, None, number or string."""

    value: bool | int | float | str | None
    span: Span


@dataclass(frozen=True)
class Name:
    """A variable that is read or, as a target, bound."""

    id: str
    span: Span


@dataclass(frozen=True)
class Attr:
    """`base.name`."""

    base: Expr
    name: str
    span: Span


@dataclass(frozen=True)
class Item:
    """`base[key]`."""

    base: Expr
    key: Expr
    span: Span


@dataclass(frozen=True)
class Call:
    """A call; `kwargs` has None for `**mapping`, `args` holds `Star` for `*sequence`."""

    func: Expr
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str | None, Expr], ...]
    span: Span


@dataclass(frozen=True)
class Items:
    """A tuple, list or set display."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True)
class Pairs:
    """A dict display without `**`."""

    items: tuple[tuple[Expr, Expr], ...]
    span: Span


@dataclass(frozen=True)
class Not:
    """`not operand`."""

    operand: Expr
    span: Span


@dataclass(frozen=True)
class Logic:
    """`a and b and ...` or `a or b or ...`."""

    conjunction: bool
    operands: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True)
class Compare:
    """One comparison; chains are lowered to a `Logic` of these."""

    op: str  # "==", "!=", "is", "is not", "in", "not in", or another operator as written
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True)
class Choice:
    """`then if test else orelse`."""

    test: Expr
    then: Expr
    orelse: Expr
    span: Span


@dataclass(frozen=True)
class Comprehension:
    """A comprehension or generator expression, with one clause; nested clauses nest in `element`."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...]
    element: Expr
    span: Span


@dataclass(frozen=True)
class Lambda:
    """An anonymous function."""

    function: Function
    span: Span


@dataclass(frozen=True)
class Star:
    """`*value` among arguments or items."""

    value: Expr
    span: Span


@dataclass(frozen=True)
class Bind:
    """`(target := value)`."""

    target: Expr
    value: Expr
    span: Span


@dataclass(frozen=True)
class Yield:
    """`yield value` or `yield from value`."""

    value: Expr | None
    span: Span


@dataclass(frozen=True)
class Other:
    """Any other expression: only what flows through it is kept."""

    children: tuple[Expr, ...]
    span: Span


Expr: TypeAlias = (
    Const
    | Name
    | Attr
    | Item
    | Call
    | Items
    | Pairs
    | Not
    | Logic
    | Compare
    | Choice
    | Comprehension
    | Lambda
    | Star
    | Bind
    | Yield
    | Other
)

# --- statements ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Assign:
    """`targets = value`; an augmented assignment reads its target in an `Other`."""

    targets: tuple[Expr, ...]
    value: Expr
    span: Span


@dataclass(frozen=True)
class Do:
    """An expression statement, and what else only evaluates: `assert`, `del`."""

    value: Expr
    span: Span


@dataclass(frozen=True)
class If:
    """A branch; `match` becomes a chain of these with opaque tests."""

    test: Expr
    body: Block
    orelse: Block
    span: Span


@dataclass(frozen=True)
class Loop:
    """`for target in iterable` (`test` is None) or `while test`."""

    target: Expr | None
    iterable: Expr | None
    test: Expr | None
    body: Block
    orelse: Block
    span: Span


@dataclass(frozen=True)
class With:
    """A `with` block with its context expressions and the names they bind."""

    items: tuple[tuple[Expr, Expr | None], ...]
    body: Block
    span: Span


@dataclass(frozen=True)
class Try:
    """`try` with its handlers; each handler is a block."""

    body: Block
    handlers: tuple[Block, ...]
    orelse: Block
    final: Block
    span: Span


@dataclass(frozen=True)
class Leave:
    """`return`, `raise`, `break` or `continue`."""

    how: str  # "return", "raise", "break", "continue"
    value: Expr | None
    span: Span


@dataclass(frozen=True)
class Define:
    """A `def`, bound to its name."""

    function: Function
    span: Span


@dataclass(frozen=True)
class DefineClass:
    """A `class`, bound to its name."""

    cls: Class
    span: Span


@dataclass(frozen=True)
class Import:
    """Names bound by an import: (local name, dotted origin)."""

    names: tuple[tuple[str, str], ...]
    span: Span


@dataclass(frozen=True)
class Global:
    """`global` and `nonlocal` names."""

    names: tuple[str, ...]
    span: Span


Stmt: TypeAlias = Assign | Do | If | Loop | With | Try | Leave | Define | DefineClass | Import | Global
Block: TypeAlias = tuple[Stmt, ...]

# --- definitions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A parameter with its default as an expression."""

    name: str
    default: Expr | None
    annotation: Expr | None
    kind: Literal["positional", "keyword", "*", "**"]


@dataclass(frozen=True)
class Function:
    """A function, method or lambda. `name` is qualified within the file: "Trainer.fit", "main.step"."""

    name: str
    params: tuple[Parameter, ...]
    body: Block
    decorators: tuple[Expr, ...]
    span: Span
    method_of: str | None = None
    yields: bool = False

    def __hash__(self) -> int:  # the name and place tell functions apart; the body is a whole tree
        return hash((self.name, self.span))

    @property
    def short(self) -> str:
        """The name without its class or enclosing function."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Class:
    """A class with its methods by short name, and the statements of its body that are no methods."""

    name: str
    bases: tuple[Expr, ...]
    methods: tuple[Function, ...]
    body: Block
    span: Span
    keywords: tuple[str, ...] = field(default=())

    def __hash__(self) -> int:
        return hash((self.name, self.span))

    def method(self, name: str) -> Function | None:
        """The method of that short name, if the class itself defines it."""
        return next((m for m in self.methods if m.short == name), None)
