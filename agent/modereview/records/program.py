"""What the analysis finds out about a file: its modules, functions, forwards, and in which mode each runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from modereview.records.text import Source, Span

if TYPE_CHECKING:
    from modereview.analyze import ir
    from modereview.analyze.names import Names


class Mode(Enum):
    """The `training` flag of a module at a point of the program."""

    TRAIN = "TRAIN"
    EVAL = "EVAL"
    UNKNOWN = "UNKNOWN"


# What a forward is for: its result is trained on, judged, used, shipped, or is the target of another
# model's training (a teacher's output); "unknown" where nothing in view tells.
Role = Literal["train", "evaluate", "infer", "export", "target", "unknown"]


@dataclass(frozen=True)
class Param:
    """A parameter of a function: its default and annotation as source text."""

    name: str
    default: str | None = None
    annotation: str | None = None
    kind: Literal["positional", "keyword", "*", "**"] = "positional"


@dataclass(frozen=True)
class CallSite:
    """A call of something the file defines, with its arguments as source text."""

    callee: str  # qualified name within the file: "Net", "train", "Trainer.fit"
    caller: str  # "" for the top level
    span: Span
    args: tuple[str, ...] = ()
    kwargs: tuple[tuple[str, str], ...] = ()
    target: str | None = None  # the name the result is assigned to, as written: "model", "self.net"
    bound: tuple[tuple[str, str], ...] = ()  # parameter name -> source text, where the callee is known


@dataclass(frozen=True)
class Layer:
    """A submodule that a class builds: `self.<attr> = nn.<kind>(...)`."""

    attr: str
    kind: str  # "Dropout", "BatchNorm1d", the name of a class of this file, or the dotted name as written
    span: Span


@dataclass(frozen=True)
class ModuleClass:
    """An `nn.Module` of the file, by inheritance inside the file or by import alias."""

    name: str
    span: Span
    layers: tuple[Layer, ...]
    init: tuple[Param, ...]  # without self
    forward: tuple[Param, ...]  # without self
    has_forward: bool
    # Kinds of mode-sensitive behaviour known for certain, submodules of this file included:
    # "Dropout", "BatchNorm1d", "F.dropout", "self.training".
    sensitive: tuple[str, ...]
    opaque: bool  # holds layers whose kind is unknown here (imported classes, timm, torchvision)
    builds: tuple[CallSite, ...] = ()

    @property
    def stochastic(self) -> bool:
        """Whether TRAIN is known to be random: a dropout that is not in place of another."""
        return any(
            "ropout" in kind or "DropPath" in kind or "rrelu" in kind.lower() for kind in self.sensitive
        )

    @property
    def normed(self) -> bool:
        """Whether the class is known to hold a batch norm."""
        return any("BatchNorm" in kind for kind in self.sensitive)


@dataclass(frozen=True)
class Event:
    """One link of the chain that leads to a finding, in words a beginner understands."""

    span: Span
    text: str  # "switched to EVAL here, in `validate` (called at 74)"
    kind: Literal["build", "switch", "forward", "call", "grad", "other"] = "other"


@dataclass(frozen=True)
class Forward:
    """A forward that the program can run: on what, for what, in which mode, and why."""

    span: Span
    function: str  # qualified name of the function that holds the call; "" for the top level
    path: tuple[Span, ...]  # call sites that led here, outermost first
    model: str  # the expression called, as written: "model", "self.net"
    classes: tuple[str, ...]  # names of the file's module classes that it may be
    role: Role
    mode: Mode
    grad: bool | None  # whether the graph is built; None where it is unknown
    why: tuple[Event, ...]  # how the object came into this mode
    exact: bool = True  # False where paths were merged, and the mode is one of several
    cause: Literal["build", "switch", "pretrained", "entry", "escaped"] = "entry"
    switch: Span | None = None  # the switch that set the mode, where one did
    by_itself: bool = False  # whether the constructor of its class is what switched it
    switch_path: tuple[Span, ...] = ()  # call sites that led to it
    switch_through: tuple[str, ...] = ()  # the functions that they call, where a run showed them
    sensitive: tuple[str, ...] = ()  # what in the model is known to depend on its mode
    opaque: bool = True  # whether part of the model is not in view
    held_out: bool = False  # whether it works on data that is named so: `test_loader`
    through: tuple[str, ...] = ()  # functions active at the forward, outermost first
    by: str = ""  # the library call that the model is handed to: "torch.jit.trace"; "" for a plain forward
    after: tuple[str, ...] = ()  # for those, the wrappers it went through before: "DataParallel"
    learns: bool = True  # whether an optimizer may hold its parameters; False where it is known to be frozen
    frozen: bool = False  # whether most of it stays as it is, as far as is known, while a part may be trained
    fresh: bool = False  # whether it was built in view, and its weights neither trained nor loaded there
    copied: bool = False  # whether it is a `deepcopy` of another model
    off_by: Span | None = None  # what switched the graph off with no block to end it
    network: bool = True  # whether more than the name of a role ("decoder") says that it is a network
    handed: bool = False  # whether it came in as an argument of the outermost function, from out of view
    given: bool = False  # whether it, or what it is a part of, came from out of view and was not made there
    # Who may name a layer of it that depends on its mode: "models/unet.py names `BatchNorm2d`"; "" where the
    # project, or a library that it evaluates with, is not seen to; None where nobody knows.
    suspected: str | None = None
    makers: tuple[str, ...] = ()  # what may have made it, as far as it is known: "nets.UNet"
    made_by: str = ""  # the class or imported function out of view that made it here: "asr.Speech2Text"


@dataclass(frozen=True)
class Switched:
    """A mode switch that the program can run, and the forwards on what it reaches, its parts and owners."""

    span: Span  # of the call
    function: str
    path: tuple[Span, ...]
    model: str  # the owner as written: "self.net"
    mode: Mode
    forwards: tuple[Span, ...]


@dataclass(frozen=True)
class Function:
    """A function or method that runs a forward itself or through what it calls."""

    name: str  # qualified within the file: "train", "Trainer.fit"
    span: Span
    params: tuple[Param, ...]  # without self
    method_of: str | None
    roles: frozenset[Role]  # of the forwards it leads to
    reads: tuple[
        str, ...
    ]  # globals of the file that its top level, or a function, assigns and that are read here
    calls: tuple[CallSite, ...]  # calls of this function in the file


@dataclass(frozen=True)
class Step:
    """One thing the file's own loop does in an epoch: calls a function, or switches a mode itself."""

    span: Span
    call: CallSite | None  # None for a switch
    switch: tuple[str, Mode] | None  # (expression, mode) for a switch
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Schedule:
    """The order in which a loop of the file trains and evaluates: one epoch of it."""

    caller: str  # qualified name of the function that holds the loop; "" for the top level
    span: Span
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Program:
    """What the analysis knows of a file."""

    source: Source
    modules: tuple[ModuleClass, ...] = ()
    functions: tuple[Function, ...] = ()
    classes: tuple[
        tuple[str, tuple[Param, ...], tuple[CallSite, ...]], ...
    ] = ()  # other classes: name, init, calls
    schedules: tuple[Schedule, ...] = ()
    forwards: tuple[Forward, ...] = ()
    switches: tuple[Switched, ...] = ()
    trains_on_import: Span | None = None  # the first top-level statement that leads to a training forward
    imports: tuple[str, ...] = ()  # top-level packages imported, as written: "torch", "numpy"
    calls: tuple[tuple[str, str], ...] = ()  # (caller, callee) of functions of the file, "" for the top level
    constants: tuple[tuple[str, str], ...] = ()  # top-level NAME = literal, as source text
    handed: tuple[Forward, ...] = ()  # models handed to an export, a summary or a wrapper, with their mode
    called_in: tuple[tuple[str, str], ...] = ()  # functions that evaluate -> the other file that calls them
    careless: tuple[tuple[str, str], ...] = ()  # evaluations nobody switches for -> how one sees that
    made_in: tuple[tuple[str, str], ...] = ()  # what made a model out of view -> the other file that switches
    driven: tuple[
        tuple[str, str, bool], ...
    ] = ()  # methods that evaluate, their base class, whether it switches
    modules_by_base: tuple[str, ...] = ()  # classes that evaluate, and inherit a module of a file out of view
    gave_up: str | None = None  # why the mode flow stopped early, in words
    steps: int = 0  # expressions that the mode flow went through
    block: ir.Block = ()  # the file as the rules look at it
    names: Names | None = None

    def module(self, name: str) -> ModuleClass | None:
        """The module class of that name."""
        return next((m for m in self.modules if m.name == name), None)

    def function(self, name: str) -> Function | None:
        """The function of that qualified name."""
        return next((f for f in self.functions if f.name == name), None)
