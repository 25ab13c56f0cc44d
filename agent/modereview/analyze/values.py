"""What a name can hold, as far as modes are concerned, and the state of the program at a point.

A value set is a frozenset of values; the empty set means "nothing that matters here". A state maps cells
(names, attributes, modes, the gradient switch, assumptions) to values; it is never changed, only replaced.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from modereview.analyze import ir
from modereview.records import Mode, Span


class Path(tuple[Span, ...]):
    """Call sites that led to an activation, outermost first. In so many keys that its hash is kept."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash

    def then(self, span: Span) -> Path:
        """One call further."""
        return Path((*self, span))


_COMPARED: dict[object, tuple[str, ...]] = {}  # for each record the fields that make it what it is


def _hash_once(self: object) -> int:
    """The hash of a frozen value, computed once: values nest deeply and sit in many sets."""
    known = self.__dict__.get("_hash")
    if known is None:
        kind: object = type(self)
        if kind not in _COMPARED:
            _COMPARED[kind] = tuple(f.name for f in fields(self) if f.compare)  # type: ignore[arg-type]
        known = hash(tuple([self.__dict__[name] for name in _COMPARED[kind]]))
        object.__setattr__(self, "_hash", known)
    return int(known)


@dataclass(frozen=True)
class Constant:
    """A known bool, None, number or string."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class Thing:
    """An object with an identity: a model, an instance of a class of the file, or whatever it may be.

    `key` is the place it came from. `parent` and `label` are set for an attribute of another thing:
    `model.encoder` follows the mode of `model` until it is switched itself. A "holder" is an object of a
    class out of view that keeps the models it was built with.
    """

    key: Hashable
    label: str = field(compare=False)  # as the file names it: "model", "self.net"
    origin: Literal["build", "library", "pretrained", "parameter", "call", "holder", "attribute", "copy"]
    cls: str | None = None  # a class of the file, or a dotted origin
    is_module: bool = False  # known for certain
    parent: Thing | None = None
    __hash__ = _hash_once


@dataclass(frozen=True)
class Callable:
    """A function of the file, with the object it is bound to and the frame it closes over."""

    function: ir.Function
    self_value: Thing | None = None
    frame: Path | None = None
    __hash__ = _hash_once


@dataclass(frozen=True)
class ClassValue:
    """A class of the file."""

    cls: ir.Class
    __hash__ = _hash_once


@dataclass(frozen=True)
class External:
    """Something imported, by its dotted origin: `torch.nn.functional.dropout`."""

    name: str


@dataclass(frozen=True)
class Bound:
    """A method of something that is not in view: `model.eval`, `optimizer.step`."""

    owner: ValueSet
    name: str
    text: str  # the owner as written: "self.model"


@dataclass(frozen=True)
class Result:
    """Data that a forward made; detached, it is a target at most, and no gradient goes back."""

    run: ForwardRun
    detached: bool = False
    __hash__ = _hash_once


@dataclass(frozen=True)
class Flag:
    """The value of `thing.training` when it was read."""

    thing: Thing
    modes: Modes
    negated: bool = False
    __hash__ = _hash_once


@dataclass(frozen=True)
class Elements:
    """A tuple, list or dict display whose elements are known; keys only for a dict."""

    items: tuple[ValueSet, ...]
    keys: tuple[Hashable, ...] | None = None
    __hash__ = _hash_once


Value: TypeAlias = Constant | Thing | Callable | ClassValue | External | Bound | Result | Flag | Elements
ValueSet: TypeAlias = frozenset[Value]
NOTHING: ValueSet = frozenset()


@dataclass(frozen=True)
class Cause:
    """How an object came into its mode."""

    kind: Literal["build", "switch", "pretrained", "entry", "escaped"]
    span: Span | None
    function: str
    path: Path
    text: str = ""  # "model.eval()"; for "escaped" the function it was passed to
    __hash__ = _hash_once


Modes: TypeAlias = frozenset[tuple[Mode, Cause]]


@dataclass(frozen=True)
class ForwardRun:
    """One forward in one abstract state: where, on what, in which mode, with or without the graph."""

    span: Span
    function: str
    path: Path
    text: str  # the expression called, as written
    thing: Thing
    mode: Mode
    cause: Cause
    grad: bool | None
    exact: bool
    by: str = ""  # the library call that runs it: "torch.jit.trace"; "" for a call of the file's own
    after: frozenset[str] = frozenset()  # wrappers that the thing went through before (see `handing.py`)
    off_by: Span | None = None  # what switched the graph off for good, where it is no `with` block
    __hash__ = _hash_once


@dataclass(frozen=True)
class SwitchRun:
    """One `eval()` or `train()` in one abstract state, with all that it reached, and what holds that."""

    span: Span
    function: str
    path: Path
    text: str  # the owner as written: "self.model"
    mode: Mode
    things: frozenset[Thing]
    __hash__ = _hash_once


@dataclass(frozen=True)
class Graph:
    """Whether the graph is built, and the call that switched it off with no block to end it."""

    on: bool
    off_by: Span | None = None


Cell: TypeAlias = tuple[Hashable, ...]


class State:
    """The cells of the program at a point; hashable, so that loops can tell when nothing is new.

    Data that forwards made is kept apart from all else, and the hash of the rest is carried along from
    state to state: states are compared far more often than they differ.
    """

    __slots__ = ("_cells", "_data", "_sum", "exact")

    def __init__(self, cells: dict[Cell, frozenset[Hashable]] | None = None, exact: bool = True) -> None:
        self._cells: dict[Cell, frozenset[Hashable]] = {}
        self._data: dict[Cell, frozenset[Hashable]] = {}
        self._sum = 0  # of the hashes of all cells in `_cells` that hold something
        self.exact = exact  # False once several states were merged into one
        for cell, value in (cells or {}).items():
            self._put(cell, value)

    def _put(self, cell: Cell, value: frozenset[Hashable]) -> None:
        """Only for a state that nobody else holds yet."""
        data = frozenset(v for v in value if isinstance(v, Result))
        rest = value - data if data else value
        self._remove(cell)
        self._cells[cell] = rest
        self._sum ^= hash((cell, rest)) if rest else 0
        if data:
            self._data[cell] = data

    def _remove(self, cell: Cell) -> None:
        """Likewise."""
        old = self._cells.pop(cell, None)
        self._sum ^= hash((cell, old)) if old else 0
        self._data.pop(cell, None)

    def _copy(self) -> State:
        new = State(exact=self.exact)
        # A copy keeps the hashes of the cells; they nest deeply.
        new._cells, new._data, new._sum = self._cells.copy(), self._data.copy(), self._sum
        return new

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells)

    def get(self, cell: Cell) -> frozenset[Hashable] | None:
        """What the cell holds, or None where it was never set."""
        held = self._cells.get(cell)
        return held | self._data[cell] if held is not None and cell in self._data else held

    def set(self, cell: Cell, value: frozenset[Hashable]) -> State:
        """This state with one cell replaced."""
        if self.get(cell) == value:
            return self
        new = self._copy()
        new._put(cell, value)
        return new

    def add(self, cell: Cell, value: frozenset[Hashable]) -> State:
        """This state with more in one cell."""
        return self.set(cell, (self.get(cell) or NOTHING) | value) if value else self

    def drop(self, doomed: Iterable[Cell]) -> State:
        """This state without some cells."""
        gone = [cell for cell in doomed if cell in self._cells]
        if not gone:
            return self
        new = self._copy()
        for cell in gone:
            new._remove(cell)
        return new

    def cells(self, kind: str) -> Iterator[Cell]:
        """The cells of one kind: "name", "attr", "mode", "assume", "turn" (part of an expression)."""
        return (cell for cell in self._cells if cell[0] == kind)

    def holding(self, value: Value) -> Iterator[Cell]:
        """The cells that hold a value, other than data that forwards made."""
        return (cell for cell, held in self._cells.items() if held and value in held)

    def vaguer(self) -> State:
        """This state without its assumptions, and therefore no longer exact."""
        vague = self.drop(self.cells("assume"))
        if vague is not self:
            vague.exact = False
        return vague

    @property
    def data_cells(self) -> tuple[Cell, ...]:
        """Cells that hold data which forwards made."""
        return tuple(self._data)

    @property
    def control(self) -> Control:
        """Everything but that data: states that agree here can be joined without loss."""
        return Control(self._cells, self._sum)

    def __hash__(self) -> int:
        return hash((self._sum, self.exact))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, State)
            and self._sum == other._sum
            and self.exact == other.exact
            and self._cells == other._cells
            and self._data == other._data
        )


@dataclass(frozen=True, eq=False)
class Control:
    """What a state holds beside data; a cell that holds nothing is as good as none."""

    _cells: dict[Cell, frozenset[Hashable]]
    _sum: int

    def __hash__(self) -> int:
        return self._sum

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Control) or self._sum != other._sum:
            return False
        return self._cells == other._cells or self._full() == other._full()

    def _full(self) -> dict[Cell, frozenset[Hashable]]:
        return {cell: held for cell, held in self._cells.items() if held}


def merge(states: list[State]) -> State:
    """One state that stands for all: unions cell by cell, assumptions dropped, no longer exact."""
    cells: dict[Cell, frozenset[Hashable]] = {}
    for state in states:
        for cell in state._cells:
            if cell[0] != "assume":
                cells[cell] = cells.get(cell, NOTHING) | (state.get(cell) or NOTHING)
    return State(cells, exact=False)
