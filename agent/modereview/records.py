"""The values that flow through a review, from left to right, in the order the rooms make them.

Every record is frozen: a room makes new values, it never changes those it was given. Lines and columns
are 1-based and count code points; spans refer to `Source.code` (see `Source`).
"""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import libcst

    from modereview.analyze import ir
    from modereview.analyze.names import Names


class Mode(Enum):
    """The `training` flag of a module at a point of the program."""

    TRAIN = "TRAIN"
    EVAL = "EVAL"
    UNKNOWN = "UNKNOWN"


class Severity(Enum):
    """How certain a finding is. A note never changes the exit code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# What a forward is for: its result is trained on, judged, used, shipped, or is the target of another
# model's training (a teacher's output); "unknown" where nothing in view tells.
Role = Literal["train", "evaluate", "infer", "export", "target", "unknown"]


@dataclass(frozen=True, order=True)
class Span:
    """A half-open stretch of `Source.code`; 1-based lines and code-point columns, the end excluded."""

    line: int
    column: int
    end_line: int
    end_column: int


# --- parse ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook, and where its lines went."""

    number: int  # counted from the top of the notebook, text cells included
    line: int  # the line of `Source.code` that its first line is
    raw_lines: tuple[int, ...]  # for each of its lines, the line of the .ipynb file that holds it


@dataclass(frozen=True)
class Source:
    """A user's file, byte for byte, and the one text that all positions refer to.

    `text` is `raw` decoded, with its newlines and form feeds. `code` is what the parsers see: newlines
    are single line feeds, form feeds at the start of a line are gone. `offset` leads from a position in
    `code` back to an index in `text`, so that edits leave every other byte as it was.

    Of a notebook, `text` is the code of its cells, one after the other, and not what `raw` holds.
    """

    path: Path
    root: Path  # the project: the nearest folder up with pyproject.toml or .git, else the file's own
    raw: bytes
    encoding: str  # a codec name; "utf-8-sig" where the file starts with a BOM
    text: str
    code: str
    newline: str  # the file's own newline, for lines that are added
    line_offsets: tuple[int, ...]  # index in `text` of the first column of each line of `code`
    cells: tuple[Cell, ...] = ()  # of a notebook: its code cells, in order

    @property
    def name(self) -> str:
        """The project-relative path with forward slashes, as reports show it."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of `code` without their newlines."""
        return tuple(self.code.split("\n"))

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree that the analysis is lowered from."""
        return ast.parse(self.code)

    @cached_property
    def module(self) -> libcst.Module:
        """The concrete tree that every edit goes through. Parsed when first asked for: it is slow."""
        import libcst

        return libcst.parse_module(self.code)

    def cell(self, line: int) -> Cell | None:
        """The cell that holds a line of `code`; None where the file is no notebook."""
        return next((cell for cell in reversed(self.cells) if cell.line <= line), None)

    def label(self, line: int) -> str:
        """A line of `code` as people count it: "14", or "cell 3:5" in a notebook."""
        cell = self.cell(line)
        return f"cell {cell.number}:{line - cell.line + 1}" if cell else str(line)

    def raw_line(self, line: int) -> int:
        """The line of the file itself that holds a line of `code`. They differ in a notebook."""
        cell = self.cell(line)
        return cell.raw_lines[line - cell.line] if cell else line

    def offset(self, line: int, column: int) -> int:
        """Index in `text` of a 1-based position in `code`."""
        return self.line_offsets[line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """The source text of a span."""
        return self.text[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `text[start:end]` of a Source by `replacement`; indices count code points of `Source.text`."""

    start: int
    end: int
    replacement: str


# --- analyze -------------------------------------------------------------------------------------


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
    switch_path: tuple[Span, ...] = ()  # call sites that led to it
    sensitive: tuple[str, ...] = ()  # what in the model is known to depend on its mode
    opaque: bool = True  # whether part of the model is not in view
    held_out: bool = False  # whether it works on data that is named so: `test_loader`
    through: tuple[str, ...] = ()  # functions active at the forward, outermost first
    by: str = ""  # the library call that the model is handed to: "torch.jit.trace"; "" for a plain forward
    after: tuple[str, ...] = ()  # for those, the wrappers it went through before: "DataParallel"
    learns: bool = True  # whether an optimizer may hold its parameters; False where it is known to be frozen
    fresh: bool = False  # whether it was built in view, and its weights neither trained nor loaded there
    copied: bool = False  # whether it is a `deepcopy` of another model
    off_by: Span | None = None  # what switched the graph off with no block to end it


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
    reads: tuple[str, ...]  # global names of the file that are assigned at its top level and read here
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
    gave_up: str | None = None  # why the mode flow stopped early, in words
    block: ir.Block = ()  # the file as the rules look at it
    names: Names | None = None

    def module(self, name: str) -> ModuleClass | None:
        """The module class of that name."""
        return next((m for m in self.modules if m.name == name), None)

    def function(self, name: str) -> Function | None:
        """The function of that qualified name."""
        return next((f for f in self.functions if f.name == name), None)


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """A rule broken at a span, with its evidence: the chain of events that leads there."""

    rule: str  # "MR102"
    name: str  # "trains-in-eval-mode"
    severity: Severity
    message: str
    source_name: str  # Source.name
    span: Span
    evidence: tuple[Event, ...] = ()
    facts: tuple[str, ...] = ()  # "`model` holds BatchNorm1d and Dropout: statistics stop moving"
    function: str = ""  # qualified name of the function it lies in
    subject: str = ""  # the expression it is about, as written: "model", "self.net"
    line_text: str = ""  # the stripped source line: identity survives moved lines
    index: int = 0  # tells apart equal findings on equal lines

    @property
    def fingerprint(self) -> str:
        """Identity that does not move with line numbers; baseline, SARIF and bot share it."""
        parts = (self.rule, self.source_name, self.function, self.subject, self.line_text, str(self.index))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Quiet:
    """A finding that is not reported: a comment in the file takes it back, or the baseline knows it."""

    finding: Finding
    by: Literal["comment", "baseline"]
    reason: str = ""  # what the comment says


# --- plan ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Value:
    """A named value of a recipe: an expression over `torch`, `nn`, `script` and the values before it."""

    name: str
    code: str
    why: str = ""  # where its numbers come from: "20 features: Net.fc1"


@dataclass(frozen=True)
class Drive:
    """One statement of a scenario that runs the user's code: `script.validate(model, loader)`."""

    code: str
    roles: frozenset[Role]  # of the forwards it runs; empty for a switch the caller makes between calls
    line: int  # where the file does the same


@dataclass(frozen=True)
class Target:
    """What contracts are checked on: a module class, or functions in the order the file calls them."""

    kind: Literal["module", "scenario", "seeding"]
    name: str  # "Net"; for a scenario the function that trains, or the one that evaluates; one that seeds
    functions: tuple[str, ...] = ()  # qualified names that a scenario drives
    classes: tuple[str, ...] = ()  # module classes it builds


@dataclass(frozen=True)
class Rehearsal:
    """How the script itself is run, shortened: what is changed in it, and the arguments it is given.

    A change's `name` is the text of an expression, or `target =` for what is assigned; `code` takes its
    place, and is evaluated in the script.
    """

    changes: tuple[Value, ...]
    arguments: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # of the project, that the script reads by these relative paths


@dataclass(frozen=True)
class Recipe:
    """How to build a target and run it. `values` are evaluated in order, each seeing those before it.

    A module target names its values "model" and "inputs" (a tuple). A scenario names "model" (or whatever
    it watches) and runs `drives` in order, once an epoch. Where it is a rehearsal, the script runs itself,
    and the drives are the lines of it whose forwards are looked at.
    """

    target: Target
    values: tuple[Value, ...]
    drives: tuple[Drive, ...] = ()
    watch: str = "model"  # expression whose forwards are observed
    patches: tuple[Value, ...] = ()  # globals of the script that the recipe binds before it drives
    tried: int = 0  # candidates that were run before this one passed
    rehearsal: Rehearsal | None = None


@dataclass(frozen=True)
class Given:
    """What the user tells of a target in pyproject.toml: it is used as it stands, and nothing is guessed.

    `values` are expressions by name: of a function's arguments and globals, or, for a script's own run, the
    changes of `Rehearsal`.
    """

    target: str  # "Net", "train", "Trainer.fit"; "train.py" for the script's own run
    args: str | None = None  # of the constructor, as in a call
    inputs: str | None = None  # of the forward, as in a call
    values: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()  # what is typed behind the script's name


@dataclass(frozen=True)
class Unreached:
    """A target that no recipe reached: what was tried and what the user can do."""

    target: Target
    tried: int
    error: str  # the last error, one line
    hint: str  # the next step, one sentence
    trials: tuple[str, ...] = ()  # "what was tried: how it ended", in order


@dataclass(frozen=True)
class Contract:
    """A behaviour that must hold, whatever the model. Templates live in plan/contracts/, one file each."""

    id: str  # "eval_is_deterministic"
    test: str  # the name of its pytest function: "test_model_determinism"
    why: str
    needs: str  # what a file must have for the contract to say anything
    proves: tuple[str, ...]  # rules whose faults it shows
    on: Literal["module", "scenario", "seeding"]
    template: str  # Jinja2 source of the pytest function
    imports: tuple[str, ...] = ()  # import lines of the function beyond those of the header
    basic: bool = False  # kept where it notices any mutant, also one that another case notices
    tentative: bool = False  # a failure is believed only where a rule that it proves was found


@dataclass(frozen=True)
class Plan:
    """The contracts to check and the recipe each needs."""

    program: Program
    findings: tuple[Finding, ...]
    load: Literal["import", "definitions"]  # "definitions" where importing would start a training
    test_path: Path  # absolute path of the pytest file to be
    recipes: tuple[Recipe, ...]
    pairs: tuple[tuple[Contract, Recipe], ...]
    unreached: tuple[Unreached, ...] = ()
    absent: tuple[str, ...] = ()  # packages that cannot be imported, and that mocks replace
    weightless: bool = False  # whether pretrained weights are asked for, that are not downloaded
    rooted: bool = False  # whether the script imports from the project's root, wherever it lies itself


# --- write ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One pytest function, who wrote it, and what it checks. Its name is unique in the file."""

    name: str  # "test_model_determinism"
    code: str  # the whole function with its decorators, no trailing newline
    contract: str  # Contract.id; "" for a test of a language model's own
    targets: tuple[str, ...]  # Target.name of each parameter set; outcomes of several are "name[target]"
    proves: tuple[str, ...]
    author: str  # "builtin" or the model's name
    imports: tuple[str, ...] = ()  # import lines it needs beyond torch, nn and pytest


@dataclass(frozen=True)
class Dropped:
    """A case that the gates did not keep."""

    case: str
    reason: str
    kind: Literal["broken", "useless", "flaky", "refused"]


@dataclass(frozen=True)
class Suite:
    """A pytest file in the making: what all cases share, and the cases."""

    path: Path  # absolute
    header: str  # docstring, imports, how the script is loaded, builders and helpers
    cases: tuple[Case, ...]
    dropped: tuple[Dropped, ...] = ()

    def render(self, xfail: dict[str, str] | None = None) -> str:
        """The file's text. `xfail` gives a reason for each case that is expected to fail strictly.

        Keys are case names, or "name[target]" for one parameter set of a case.
        """
        from modereview.write.render import render

        return render(self, xfail or {})


# --- run -----------------------------------------------------------------------------------------


class Status(Enum):
    """What became of a case. Only FAILED speaks about the user's code."""

    PASSED = "passed"
    FAILED = "failed"  # the contract's own assertion
    BROKEN = "broken"  # could not arrange: import error, wrong recipe
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the process died


@dataclass(frozen=True)
class Outcome:
    """The result of one case on one version of the file."""

    case: str  # "test_model_determinism" or "test_model_determinism[Net]"
    status: Status
    message: str = ""  # the assertion's message or the last error, without a traceback
    seconds: float = 0.0

    @property
    def marked(self) -> bool:
        """Whether it counts as passed because it failed as its xfail mark foresees; the sandbox says so."""
        return self.status is Status.PASSED and self.message.startswith("xfail: ")


@dataclass(frozen=True)
class Mutant:
    """The user's file with one mode fault put in."""

    id: str
    description: str  # "`model.eval()` at 41 dropped"
    span: Span
    function: str  # qualified name of the function or class it lies in; "" for the top level
    source: Source
    caught_by: str = ""  # the case that caught it first


# --- fix and verify ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fix:
    """Edits that mend one finding, with a title a reviewer reads."""

    finding: Finding
    title: str  # "call `model.train()` at the start of each epoch"
    edits: tuple[Edit, ...]
    line: int  # where the reader should look, in the mended file
    safe: bool = True
    consequence: str = ""  # what changes: "training sees dropout again: expect other loss curves"


@dataclass(frozen=True)
class Verdict:
    """What became of one finding. Only the room `verify` makes it, and only it says "fixed"."""

    finding: Finding
    state: Literal["fixed", "unproved", "suggested", "proved", "reported"]
    # fixed: red before, green after, nothing else changed. unproved: a fix is made that no test proves, as
    # was asked for. suggested: a fix is known and could not be proved. proved: a test shows the fault, no
    # fix holds. reported: seen by the analysis alone.
    fix: Fix | None = None
    proved_by: tuple[str, ...] = ()  # cases that were red with the fault
    reason: str = ""  # why it is no more than it is


@dataclass(frozen=True)
class Usage:
    """What a language model was asked in this review, what it cost, and what that bought."""

    model: str = ""
    calls: int = 0
    cached: int = 0  # questions whose answer was known already
    tokens: int = 0
    cost: float | None = None  # US dollars; None where the prices are unknown
    recipes: int = 0  # targets that its recipes reached
    kept: int = 0  # tests of its own in the file
    fixes: int = 0  # mends of its own that were proved
    dropped: int = 0
    drops: tuple[tuple[str, int], ...] = ()  # why, and how often, the most frequent first; all of `dropped`
    reasons: tuple[tuple[str, str], ...] = ()  # (what, why) of whatever was dropped and is no test
    error: str = ""
    unrecorded: bool = False  # the error is that a replay holds no answer to a question


@dataclass(frozen=True)
class Remark:
    """What a language model says of a line. A note of the model's, whatever it claims."""

    line: int
    contract: str  # the contract that would show it; "" where it disputes a finding
    text: str
    state: Literal["proved", "refuted", "open"]  # by the tests of that contract that ran
    cases: tuple[str, ...] = ()  # those tests
    disputes: str = ""  # the rule of the finding that it takes for wrong


@dataclass(frozen=True)
class Review:
    """Everything a report says of one file."""

    source: Source
    findings: tuple[Finding, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    suite: Suite | None = None
    suite_text: str = ""  # the file as written, xfail marks included
    suite_before: bytes | None = None  # what its file held before; None where there was none
    outcomes: tuple[Outcome, ...] = ()  # of the written suite, on the mended file, by real pytest
    killed: tuple[Mutant, ...] = ()
    survived: tuple[Mutant, ...] = ()
    equivalent: tuple[Mutant, ...] = ()  # no test catches them, and no forward runs in another mode
    unreached: tuple[Unreached, ...] = ()
    not_run: tuple[str, ...] = ()  # sentences: what was not run and why
    warnings: tuple[str, ...] = ()  # sentences: "no bubblewrap: ..."
    mended: bytes | None = None  # the file's new content, where it changes
    written: tuple[Path, ...] = ()
    not_written: str = ""  # why what should have been written was not, a sentence
    usage: Usage = field(default_factory=Usage)
    remarks: tuple[Remark, ...] = ()  # of a language model, tested where that could be
    internal_errors: tuple[str, ...] = ()
    seconds: float = 0.0
    static: bool = False
