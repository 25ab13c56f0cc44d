"""What the interpreter carries along: activations, arguments, and the record of what it saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from modereview.analyze import ir
from modereview.analyze.values import (
    NOTHING,
    ForwardRun,
    Path,
    State,
    SwitchRun,
    Thing,
    ValueSet,
)
from modereview.records import Span

Evaluated: TypeAlias = list[tuple[State, ValueSet]]


class GaveUp(Exception):
    """The file needs more steps than the flow is given."""


@dataclass(frozen=True)
class Frame:
    """One activation of a function: where it was called from and what its names mean."""

    path: Path
    function: ir.Function | None  # None for the top level
    self_value: Thing | None = None
    outer: Frame | None = None  # the frame a nested function closes over
    globals: frozenset[str] = frozenset()  # names declared `global`

    @property
    def name(self) -> str:
        """Qualified name of the function; "" for the top level."""
        return self.function.name if self.function else ""


@dataclass(frozen=True)
class Given:
    """Evaluated arguments."""

    positional: tuple[ValueSet, ...] = ()
    named: dict[str, ValueSet] = field(default_factory=dict)
    complete: bool = True  # False where a `*sequence` or `**mapping` holds what nobody knows

    @property
    def values(self) -> ValueSet:
        """All of them together."""
        return NOTHING.union(*self.positional, *self.named.values())


@dataclass
class Record:
    """What the interpretation has seen so far. It only grows, so meeting a state twice adds nothing."""

    runs: set[ForwardRun] = field(default_factory=set)
    handed: set[ForwardRun] = field(default_factory=set)  # run by a library on a model handed to it
    trained: set[ForwardRun] = field(default_factory=set)  # reached a backward and an optimizer step
    differentiated: set[ForwardRun] = field(default_factory=set)  # reached a backward
    read: set[ForwardRun] = field(default_factory=set)  # their result is looked at
    switches: set[SwitchRun] = field(default_factory=set)
    targets: set[ForwardRun] = field(default_factory=set)  # whose detached results reached a backward
    called: set[str] = field(default_factory=set)  # functions of the file that were entered
    calls: dict[tuple[str, Span], set[str]] = field(default_factory=dict)  # (caller, span) -> callees
    optimized: set[Thing] = field(default_factory=set)  # whose parameters were asked for
    held: set[Thing] = field(default_factory=set)  # whose parameters an optimizer surely has, all or some
    builds_optimizer: bool = False  # whether an optimizer of torch is built in view
    loaded: set[Thing] = field(default_factory=set)  # whose weights were loaded
    # Whose parameters the optimizers have that a function builds: nobody's for tensors, None for unknown.
    optimizers: dict[str, set[frozenset[Thing] | None]] = field(default_factory=dict)
    copies: set[Thing] = field(default_factory=set)  # whose weights were taken from another model's state
    frozen: set[Thing] = field(default_factory=set)  # whose parameters were all told to want no gradient
    built: dict[Thing, ir.Call] = field(default_factory=dict)
    parts: dict[Thing, frozenset[Thing]] = field(default_factory=dict)  # of a container, all that it holds
    taken: dict[Thing, frozenset[Thing] | None] = field(default_factory=dict)  # the models that a class took
    activations: dict[Path, str] = field(default_factory=dict)  # the function entered at each path
    roots: set[Span] = field(default_factory=set)  # definitions entered without a call in view
    steps: int = 0

    def grows_older(self, thing: Thing, earlier: Thing) -> None:
        """What is known of a thing holds for it under another name, too."""
        self.built[earlier] = self.built[thing]
        self.taken.update({earlier: self.taken[thing]} if thing in self.taken else {})
        for known in (self.optimized, self.held, self.loaded, self.copies, self.frozen):
            known |= {earlier} if thing in known else set()
