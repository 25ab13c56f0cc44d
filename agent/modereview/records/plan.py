"""What is to be tested, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from modereview.records.findings import Finding
from modereview.records.program import Program, Role


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
    most: int | None = None  # forwards after which it is left, where what comes then fails
    only: str = ""  # the one line that a claim made its forwards looked at for; "" for all of its lines


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
    trials: tuple[str, ...] = ()  # "what was tried: how it ended", of those before


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
    sign: str = ""  # a pattern: a file that holds nothing like it gives nobody a reason to name the contract
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
    instead: tuple[str, ...] = ()  # "OnTheCpu", "OldViews", "SmallPretrained": what is not here
    rooted: bool = False  # whether the script imports from the project's root, wherever it lies itself

    def lacking(self, other: Plan) -> Plan:
        """The plan with what another knows to be missing here: packages, weights, a GPU."""
        return replace(
            self,
            absent=tuple(dict.fromkeys((*self.absent, *other.absent))),
            weightless=self.weightless or other.weightless,
            instead=tuple(dict.fromkeys((*self.instead, *other.instead))),
        )
