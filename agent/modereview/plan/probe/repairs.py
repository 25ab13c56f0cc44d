"""Other code for a statement that failed: a stand-in for what it assigns, or a call left out."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .changes import State
from .choices import MOCK, special
from .losses import mean_instead
from .missing import missing
from .sizes import number
from .statements import statement_at

_DATA = ("loader", "dataset", "batch", "input", "target")
_MAY_BE_INPUT = ("unknown", "dataset", "loader")
_KNOWN = (*_DATA, "device", "folder", "file", "args")
_LONGEST = 160  # characters of a call that is named as it stands

_SHOWS = re.compile(r"(tqdm|progress\w*|track|enumerate|zip|iter)$")  # a loader that is there already
_COMMAND_LINES = re.compile(r"(fire\.)?Fire\(|(typer|app|absl|tf|tyro)\.(run|cli|app)\(|plac\.call\(")

Json = dict[str, Any]
Change = tuple[float, str, "list[Json] | str"]  # how likely it does, what is changed, slots or code


def repaired(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """The failing statement changed in the likeliest way that was not tried yet."""
    known = state.known
    for _, key, change in sorted(_candidates(job, tree, answer), key=lambda c: -c[0]):
        if key in known:
            continue
        if isinstance(change, str):
            return state.with_change(key, change)
        return _with_sizes(tree, fitting(state, key, change))
    return None


def fitting(state: State, key: str, slots: list[Json]) -> State:
    """The slots filled by the data at hand, else by the first that fit, else by mocks."""
    filled = state.with_slots(key, slots)
    fitting = filled if filled.all_changes() is not None else filled.first_fitting()
    return fitting or state.with_slots(key, [{**s, "kind": "unknown"} for s in slots])


def _with_sizes(tree: ast.Module, state: State) -> State:
    """Numbers for the sizes that are taken from what a mock replaces: of a mock, every length is 0."""
    mocked, known = state.mocked(), state.known
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        key, size = f"{node.targets[0].id} =", number(node.targets[0].id)
        names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        measured = isinstance(node.value, (ast.Attribute, ast.Subscript)) or "len(" in ast.unparse(node.value)
        if size and names & mocked and measured and key not in known:
            state = state.with_change(key, size)
    return state


def given_data(job: Json, tree: ast.Module, state: State, frames: list[int]) -> State | None:
    """Stand-ins for what the failing call gives its model, where those are data and none stands in yet."""
    if not frames or (call := statement_at(tree, frames[-1])) is None:
        return None
    names = dict.fromkeys(
        n.id for n in ast.walk(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    )
    known = state.known
    before = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.lineno < frames[-1]]
    for name, node in itertools.product(names, sorted(before, key=lambda n: -n.lineno)):
        slots = job["slots"].get(str(node.lineno), [])
        key = f"{ast.unparse(node.targets[0])} ="
        own = "state" in key or "hidden" in key or key in known
        if not own and isinstance(node.value, ast.Call) and name in {s["name"] for s in slots}:
            slots = [
                {**s, "kind": "input"} if s["name"] in names and s["kind"] in _MAY_BE_INPUT else s
                for s in slots
            ]
            if all(s["kind"] in ("batch", "input", "target") for s in slots):
                return state.with_slots(key, slots)
    return None


def without_mocks(state: State, tree: ast.Module, frames: list[int]) -> State | None:
    """Tensors for the mocks that a failing statement reads."""
    plain = {s["name"] for _, each in state.slots for s in each if s["kind"] == "unknown"}
    return _put(state, _read(tree, frames) & state.mocked() & plain, kind="input")


def with_arrays(state: State, tree: ast.Module, frames: list[int]) -> State | None:
    """Arrays for the tensors that a failing statement reads."""
    return _put(state, _read(tree, frames), kind="input", array=True)


def _read(tree: ast.Module, frames: list[int]) -> set[str]:
    """The names in the statement that failed."""
    statement = statement_at(tree, frames[-1]) if frames else None
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} if statement else set()


def _put(state: State, names: set[str], **values: object) -> State | None:
    """The stand-ins of these names made otherwise; None where that changes nothing."""
    slots = tuple(
        (key, tuple({**s, **values} if s["name"] in names else s for s in each)) for key, each in state.slots
    )
    return replace(state, slots=slots) if slots != state.slots else None


def with_loaders(job: Json, tree: ast.Module, state: State) -> State | None:
    """Stand-ins for all loaders: where a run ends well and shows too little, they were empty."""
    known, before = state.known, len(state.slots)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (slots := job["slots"].get(str(node.lineno))):
            key = f"{ast.unparse(node.targets[0])} ="
            shown = isinstance(node.value, ast.Call) and _SHOWS.search(ast.unparse(node.value.func))
            if key not in known and not shown and all(s["kind"] == "loader" for s in slots):
                state = state.with_slots(key, slots)
    return state if len(state.slots) > before else None


def entered(job: Json, tree: ast.Module, state: State) -> State | None:
    """A function that trains, called where a command line takes over: `fire.Fire()`."""
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)):
        text = ast.unparse(node.value)
        if _COMMAND_LINES.match(text) and text not in state.known and job["entries"]:
            return state.with_change(text, f"{job['entries'][0]}()")
    return None


def in_training(job: Json, tree: ast.Module, frames: list[int]) -> bool:
    """Whether the run had come to a loop that trains, not only into the function that has one."""
    loops = [(n, ast.unparse(n)) for n in ast.walk(tree) if isinstance(n, (ast.For, ast.While))]
    training = [n for n, text in loops if any(f"{call}(" in text for call in job["training"])]
    stepping = [n for n, text in loops if ".backward(" in text]
    return _within(training, frames[-1:]) or _within(stepping, frames)


def _within(loops: list[ast.For | ast.While], lines: list[int]) -> bool:
    return any(n.lineno < line <= (n.end_lineno or 0) for n in loops for line in lines)


def _candidates(job: Json, tree: ast.Module, answer: Json) -> Iterator[Change]:
    """Changes for each frame of the script, innermost first."""
    for depth, line in enumerate(reversed(answer["frames"])):
        statement = statement_at(tree, line)
        if statement is None:
            continue
        yield from _broadcast(statement, answer["error"])
        yield from missing(job, tree, statement, answer["error"])
        if mean := mean_instead(job, tree, statement, _by_line(job, answer["ways"])):
            yield 1.45, *mean
        if isinstance(statement, (ast.If, ast.Raise, ast.Assert)):
            yield from _conditions(tree, statement)
        elif isinstance(statement, (ast.For, ast.AsyncFor)):
            yield from _iterated(job, tree, statement)
        elif not _needed(job, statement) and not (depth == 0 and answer["kind"] in ("forward", "loss")):
            for score, key, change in _changes(job, tree, statement):
                yield score - 0.01 * depth, key, change
        elif answer["seen"] and isinstance(statement, ast.Expr):  # what ran before it is worth more
            yield from ((0.3, key, change) for _, key, change in _changes(job, tree, statement))


def _by_line(job: Json, ways: Json) -> dict[int, str]:
    """The ways to tensors by the numbers of the lines that hold the texts."""
    lines = Path(job["path"]).read_text(encoding="utf-8", errors="replace").splitlines()
    texts = enumerate(map(str.strip, lines), 1)
    return {number: ways[text] for number, text in texts if ways.get(text) is not None}


def _broadcast(statement: ast.stmt, error: str) -> Iterator[Change]:
    """A target in the shape of what a loss compares it with."""
    if "Using a target size" not in error:
        return
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
    for call in (c for c in calls if len(c.args) == 2 and not c.keywords):
        output, target = map(ast.unparse, call.args)
        yield 1.6, ast.unparse(call), f"{ast.unparse(call.func)}({output}, {target}.view_as({output}))"


def _conditions(tree: ast.Module, statement: ast.stmt) -> Iterator[Change]:
    """A check that fails is taken as passed: its condition is what lets the run go on."""
    if isinstance(statement, ast.Assert):
        yield 0.9, ast.unparse(statement.test), "True"
    elif isinstance(statement, ast.If):
        yield 0.6, ast.unparse(statement.test), "False"
    else:
        around = [n for n in ast.walk(tree) if isinstance(n, ast.If) and statement in n.body]
        yield from ((0.9, ast.unparse(n.test), "False") for n in around)


def _iterated(job: Json, tree: ast.Module, loop: ast.For | ast.AsyncFor) -> Iterator[Change]:
    """Another loader for a loop whose head failed, where the script assigns it by that name."""
    names = {n.id for n in ast.walk(loop.iter) if isinstance(n, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
            slots = job["slots"].get(str(node.lineno), [])
            if slots and slots[0]["kind"] in (*_DATA, "unknown"):
                yield 1.4, f"{ast.unparse(node.targets[0])} =", [{**s, "kind": "loader"} for s in slots]


def _changes(job: Json, tree: ast.Module, statement: ast.stmt) -> Iterator[Change]:
    """What may take the place of a failing statement, or of a part of it."""
    if isinstance(statement, ast.Assign):
        yield from _assigned(job, tree, statement)
    elif isinstance(statement, ast.AugAssign) and not isinstance(statement.value, (ast.List, ast.Tuple)):
        yield 0.7, ast.unparse(statement.value), "0.0"
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from _set(statement.value)
        yield 0.9, _called(statement.value), MOCK
    elif isinstance(statement, ast.With):
        for call in (i.context_expr for i in statement.items if isinstance(i.context_expr, ast.Call)):
            yield 0.8, f"{ast.unparse(call.func)}(...)", MOCK


def _set(call: ast.Call) -> Iterator[Change]:
    """A number for an option that a call sets from data: `setattr(args, "vocab_size", len(words))`."""
    named = ast.unparse(call.func) == "setattr" and isinstance(call.args[1], ast.Constant)
    if named and (size := number(ast.literal_eval(call.args[1]))):
        yield 1.3, ast.unparse(call.args[2]), size


def _called(call: ast.Call) -> str:
    """A call as it stands; where that is long, every call of the function."""
    text = ast.unparse(call)
    return text if len(text) <= _LONGEST else f"{ast.unparse(call.func)}(...)"


def _assigned(job: Json, tree: ast.Module, statement: ast.Assign) -> Iterator[Change]:
    target = ast.unparse(statement.targets[0])
    slots = job["slots"].get(str(statement.lineno))
    if slots and any(name in job["models"] for name in target.strip("()").split(", ")):
        if _set_before(tree, statement):  # a checkpoint that is not there: what was built stays
            yield 1.6, ast.unparse(statement.value), target
    elif slots:
        if _set_before(tree, statement) and target in map(ast.unparse, ast.walk(statement.value)):
            yield 1.7, ast.unparse(statement.value), target  # what cannot be made otherwise stays as it was
        slots = [{**s, "kind": "unknown"} if s["kind"] == "model" else s for s in slots]
        yield _promise(target, slots), f"{target} =", slots


def _set_before(tree: ast.Module, statement: ast.Assign) -> bool:
    """Whether the same target is given something in an earlier line, too."""
    target = ast.unparse(statement.targets[0])
    before = [n for n in ast.walk(tree) if getattr(n, "lineno", statement.lineno) < statement.lineno]
    made = [n for n in before if isinstance(n, ast.Assign) and not isinstance(n.value, ast.Constant)]
    assigned = [n.targets[0] for n in made]
    drawn = [part for n in before if isinstance(n, ast.For) for part in ast.walk(n.target)]
    return any(ast.unparse(other) == target for other in (*assigned, *drawn))


def _promise(key: str, slots: list[Json]) -> float:
    """How likely a stand-in does: where it is known what is wanted, best outside of a dataset's code."""
    known = all(s["kind"] in _KNOWN or special(s["name"]) for s in slots)
    return 1.0 if not known else 1.5 if key.startswith("self.") else 2.0


def _needed(job: Json, statement: ast.stmt) -> bool:
    """Whether a statement is what the run is for: a model called, or a function that does so."""
    body = getattr(statement, "body", None)  # of a block, the head alone
    end = body[0].lineno - 1 if body else statement.end_lineno
    lines = range(statement.lineno, (end or statement.lineno) + 1)
    text = ast.unparse(statement).partition("\n")[0] if body else ast.unparse(statement)
    trained = [
        t.id
        for t in getattr(statement, "targets", [])
        if isinstance(t, ast.Name) and t.id in job["losses_of"]
    ]
    return (
        bool(trained)
        or any(line in lines for line in job["lines"])
        or any(f"{call}(" in text for call in job["running"])
    )
