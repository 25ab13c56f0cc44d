"""The script's own run, made possible step by step: what fails is changed, until its models are seen."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from .absent import named
from .build import number
from .drives import variants
from .guesses import Guess
from .inputs import NotFound, search, tensors
from .limits import Deadline, OutOfTime, in_children, one_line, seconds
from .standins import TARGET_KEY, Choice, code_of, target_code, tasks
from .targets import inputs_of

_RUN_SECONDS = 8.0
_SEARCH_SECONDS = 6.0
_REFUSED = 10  # choices that meet one error, before something else is changed
_SIZES = re.compile(r"size|shape|batch|match|dimension", re.IGNORECASE)
# A test takes a script that exits for one that has come to its end; the search asks why.
_TELLING = ("contextlib.suppress(SystemExit)", "contextlib.nullcontext()")
_ENOUGH = ("enough is seen",)
_DATA = ("loader", "dataset", "batch", "input", "target")
_BY_NAME = (
    (r"^adj|_adj$|^laplacian", "torch.eye({rows})"),
    (r"edge_index", "torch.randint(0, {rows}, (2, 3 * {rows}))"),
    (r"^(idx|index|indices)|_(idx|index|indices)$", "torch.arange({half})"),
    (r"^(train|val|test)_mask|_mask$", "torch.ones({rows}, dtype=torch.bool)"),
)
_MAY_BE_INPUT = ("unknown", "dataset", "loader")
_KNOWN = (*_DATA, "device", "folder", "file", "args")

Json = dict[str, Any]


@dataclass(frozen=True)
class State:
    """What is changed so far. `slots` are the stand-ins for data, whose code depends on the choice."""

    fixed: tuple[tuple[str, str], ...] = ()  # needed no search
    changes: tuple[tuple[str, str], ...] = ()
    slots: tuple[tuple[str, tuple[Json, ...]], ...] = ()
    choices: tuple[Choice, ...] = ()
    chosen: int = 0
    searched: bool = False  # whether the choices are for the model that the script itself built
    absent: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()  # assignments of batch sizes
    small: bool = False  # whether batches have as many rows as the stand-ins
    tiny: bool = False  # whether there is one batch of two samples: the model is slow
    refused: int = 0  # choices in a row that met the same error
    error: str = ""

    @property
    def choice(self) -> Choice:
        """The data that stands in."""
        return self.choices[self.chosen]

    def all_changes(self) -> dict[str, str] | None:
        """Every change as code; None where the choice does not suit a slot."""
        changes = dict((*self.fixed, *self.changes))
        if self.small:
            changes.update((key, str(self.choice.rows)) for key in self.sizes)
        for key, slots in self.slots:
            codes = [_code(slot, self.choice) for slot in slots]
            if None in codes:
                return None
            changes[key] = str(codes[0]) if len(codes) == 1 else f"({', '.join(map(str, codes))})"
        return changes


def reach(job: Json, recipes: dict[str, Json], absent: list[str], limit: float) -> Json:
    """The changes with which the script's run shows its forwards; {"error", "tried"} where none did."""
    deadline = Deadline.after(limit)
    fixed = tuple((c["name"], c["code"]) for c in job["fixed"])
    sizes = tuple(job["batch_sizes"])
    state = State(fixed, choices=tuple(_choices(job, recipes)), absent=tuple(absent), sizes=sizes)
    best: Json = {"error": "nothing to try"}
    tree = ast.parse(Path(job["path"]).read_bytes())
    trials: list[str] = []
    for tried in itertools.count(1):
        answer = _attempt(job, state, deadline)
        trials.append(f"{_told(state)}: {answer.get('error') or _amount(answer['seen'])}")
        complete = not answer.get("error") and not _unseen(job, answer)
        if not answer.get("error") and len(answer["seen"]) > len(best.get("seen", ())):
            best = {**_found(job, state), "seen": answer["seen"], "tried": tried}
        following = None if complete else _next(job, tree, state, answer)
        if following is None or deadline.passed:
            break
        state = following
    if not best.get("seen"):
        return {
            "error": answer.get("error") or "no line of it that trains or evaluates was seen",
            "tried": tried,
            "trials": trials,
        }
    return {**best, "trials": trials}


def _told(state: State) -> str:
    """What was put in, in one line."""
    changes = state.all_changes() or {}
    fixed = {key for key, _ in state.fixed}
    return "; ".join(f"{key} {code}" for key, code in changes.items() if key not in fixed) or "as it is"


def _amount(seen: list[Any]) -> str:
    return f"{len(seen)} of its lines ran a model" if seen else "ran to its end, and no model was called"


def _found(job: Json, state: State) -> Json:
    why = str(state.choice.model["why"])
    data = {key for key, _ in state.slots}
    changes = [
        {"name": k, "code": c, "why": why if k in data else ""}
        for k, c in (state.all_changes() or {}).items()
    ]
    return {"changes": changes, "arguments": _arguments(job, state), "absent": list(state.absent)}


def _unseen(job: Json, answer: Json) -> list[str]:
    """The lines whose forwards did not run, or ran untrained where they should train."""
    seen = {(text, trained) for text, trained in answer["seen"]}
    return [
        s["text"]
        for s in job["sites"]
        if ("train" in s["roles"] and (s["text"], True) not in seen)
        or (set(s["roles"]) - {"train"} and (s["text"], False) not in seen)
    ]


# --- one attempt ---------------------------------------------------------------------------------


def _attempt(job: Json, state: State, deadline: Deadline) -> Json:
    """Run the script once in a child of this process, so that nothing of it stays."""
    changes = state.all_changes()
    if changes is None:
        return {"error": "the choice does not fit", "seen": [], "frames": [], "kind": "choice"}
    limit = max(min(_RUN_SECONDS, deadline.left), 0.5)
    work = functools.partial(_run, job, changes, state, limit)
    answer = in_children([("run", work)], limit + _SEARCH_SECONDS)["run"]
    return {"seen": [], "frames": [], "kind": "", **answer}


def _run(job: Json, changes: dict[str, str], state: State, limit: float) -> Json:
    arguments = _arguments(job, state)
    names: Json = {"SCRIPT": Path(job["path"])}
    exec(compile(job["runner"].replace(*_TELLING), "runner", "exec"), names)
    names["stand_in_for"](*state.absent)
    last: Json = {}
    forwards: list[Any] = []
    note = names["observed"]

    def observed(*given: Any) -> Any:
        forwards.append(note(*given))
        return forwards[-1]

    names["observed"] = observed
    handle = nn.modules.module.register_module_forward_hook(functools.partial(_remember, last))
    answer: Json = {}
    try:
        with seconds(limit):
            names["rehearsed"](changes, arguments)
    except SystemExit as end:
        answer = _failure(job, end) if end.code not in (None, 0, *_ENOUGH) else {}
    except (Exception, OutOfTime) as error:
        answer = _failure(job, error)
    handle.remove()
    seen = dict.fromkeys((f.call, f.trained) for f in forwards)
    return {**answer, "seen": [list(pair) for pair in seen], "output": last.get("output")}


def _arguments(job: Json, state: State) -> list[str]:
    """What is typed behind the script's name."""
    flags = job["batch_options"] if state.small else []
    return [*(word for flag in flags for word in (flag, str(state.choice.rows))), *job["arguments"]]


def _remember(last: Json, module: nn.Module, inputs: Any, output: Any) -> None:
    """Keep the shape of what the last module with parameters gave."""
    shape = next((tuple(t.shape) for t in tensors(output)), None)
    if shape and next(module.parameters(), None) is not None:
        last["output"] = shape


def _failure(job: Json, error: BaseException) -> Json:
    """Where the script stopped: its own frames, outermost first; inputs for the model that refused."""
    stack = list(traceback.walk_tb(error.__traceback__))
    frames = [line for frame, line in stack if frame.f_code.co_filename == job["path"]]
    called = [f.f_locals.get("self") for f, _ in stack if f.f_code.co_name == "_call_impl"]
    answer: Json = {"error": one_line(error), "frames": frames, "kind": "loss" if called else ""}
    if isinstance(error, OutOfTime):
        return {**answer, "kind": "time"}
    answer["absent"] = named(error)
    if called and isinstance(called[0], nn.Module) and list(called[0].parameters()):
        answer["kind"] = "forward"
        try:
            found = search(called[0], job["shapes"], Deadline.after(_SEARCH_SECONDS - 1))
        except (NotFound, Exception, OutOfTime):
            return answer
        answer["found"] = {"inputs": [vars(g) for g in found.inputs], "output": list(found.output)}
    return answer


# --- what to try next ----------------------------------------------------------------------------


def _next(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """The state after what was learned from an attempt; None where there is nothing left to try."""
    if (absent := answer.get("absent")) and absent not in state.absent:
        return replace(state, absent=(*state.absent, absent))
    if answer["kind"] == "choice":
        return _advanced(state, "target")
    error = answer.get("error", "")
    if not error:
        return _with_loaders(job, tree, state)
    if answer["kind"] == "time" and state.small and not state.tiny:
        return replace(state, tiny=True, choices=tuple(map(_tiny, state.choices)))
    if not state.small and (answer["kind"] == "time" or (state.slots and _SIZES.search(error))):
        if answer["kind"] == "time":
            state = _with_loaders(job, tree, state) or state
        return replace(state, small=True)
    state = replace(state, error=error, refused=state.refused + 1 if error == state.error else 0)
    if answer["kind"] == "forward" and answer.get("found") and not state.searched:
        choices = tuple(_choices(job, {"": _recipe(answer["found"])}))
        return replace(state, choices=choices, chosen=0, searched=True)
    following: State | None = None
    if answer["kind"] == "forward" and (following := _given(job, tree, state, answer["frames"])):
        return following
    drifted = "0-dim" in error
    if not drifted and state.slots and state.refused < _REFUSED and _of_data(job, tree, answer):
        what = "inputs" if answer["kind"] == "forward" and not re.search("target|label", error) else "target"
        following = _advanced(_reshaped(state, answer.get("output")), what)
    return following or _repaired(job, tree, state, answer["frames"], error)


def _of_data(job: Json, tree: ast.Module, answer: Json) -> bool:
    """Whether other data may help: a model or a loss refused it, or the loop that trains had been reached."""
    return bool(answer["kind"]) or _in_training(job, tree, answer["frames"])


def _advanced(state: State, what: str) -> State | None:
    """The next choice that differs in what was refused."""
    now = getattr(state.choice, what), state.choice.structure, state.choice.maker
    for index in range(state.chosen + 1, len(state.choices)):
        other = replace(state, chosen=index)
        named = getattr(other.choice, what), other.choice.structure, other.choice.maker
        if named != now and other.all_changes() is not None:
            return other
    return None


def _reshaped(state: State, output: Any) -> State:
    """Choices whose targets suit the output that was really seen."""
    known = list(output or [])
    if not known or known[0] % state.choice.rows or known == list(state.choice.model["output"]):
        return state
    choices = tuple(replace(c, model={**c.model, "output": known}) for c in state.choices)
    return replace(state, choices=choices)


def _repaired(job: Json, tree: ast.Module, state: State, frames: list[int], error: str) -> State | None:
    """The failing statement changed: a stand-in for what it assigns, or its call left out."""
    candidates = sorted(_candidates(job, tree, frames, error), key=lambda c: -c[0])
    known = {key for key, _ in (*state.fixed, *state.changes, *state.slots)}
    for _, key, slots in candidates:
        if key in known:
            continue
        if isinstance(slots, str):
            return replace(state, changes=(*state.changes, (key, slots)))
        return _with_sizes(job, tree, _with_slots(state, key, slots), slots)
    return None


def _with_sizes(job: Json, tree: ast.Module, state: State, slots: list[Json]) -> State:
    """Numbers for the sizes that are taken from what a mock replaces: of a mock, every length is 0."""
    mocked = {s["name"] for s in slots if _code(s, state.choice) == "MagicMock()"}
    known = {key for key, _ in (*state.fixed, *state.changes, *state.slots)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        key, size = f"{node.targets[0].id} =", number(node.targets[0].id)
        names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        measured = isinstance(node.value, (ast.Attribute, ast.Subscript)) or "len(" in ast.unparse(node.value)
        if size and names & mocked and measured and key not in known:
            state = replace(state, changes=(*state.changes, (key, size)))
    return state


def _given(job: Json, tree: ast.Module, state: State, frames: list[int]) -> State | None:
    """Stand-ins for what the failing call gives its model, where those are data and none stands in yet."""
    if not frames or (call := _statement(tree, frames[-1])) is None:
        return None
    names = dict.fromkeys(
        n.id for n in ast.walk(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    )
    known = {key for key, _ in (*state.fixed, *state.changes, *state.slots)}
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
                return _with_slots(state, key, slots)
    return None


def _with_slots(state: State, key: str, slots: list[Json]) -> State:
    return replace(state, slots=(*state.slots, (key, tuple(slots))))


def _candidates(
    job: Json, tree: ast.Module, frames: list[int], error: str
) -> Iterator[tuple[float, str, list[Json] | str]]:
    """(score, key, slots or code) for each frame of the script, innermost first."""
    for depth, line in enumerate(reversed(frames)):
        statement = _statement(tree, line)
        if statement is None:
            continue
        if "0-dim" in error:  # written for a torch in which a loss had an element 0
            yield from (
                (1.7, ast.unparse(n), f"{ast.unparse(n.value)}.item()") for n in _subscripts(statement)
            )
        if isinstance(statement, (ast.If, ast.Raise, ast.Assert)):
            yield from _conditions(tree, statement)
        elif not _needed(job, statement):
            for score, key, change in _changes(job, tree, statement):
                yield score - 0.01 * depth, key, change


def _subscripts(statement: ast.stmt) -> list[ast.Subscript]:
    return [n for n in ast.walk(statement) if isinstance(n, ast.Subscript) and ast.unparse(n.slice) == "0"]


def _conditions(tree: ast.Module, statement: ast.stmt) -> Iterator[tuple[float, str, str]]:
    """A check that fails is taken as passed: its condition is what lets the run go on."""
    if isinstance(statement, ast.Assert):
        yield 0.9, ast.unparse(statement.test), "True"
    elif isinstance(statement, ast.If):
        yield 0.6, ast.unparse(statement.test), "False"
    else:
        around = [n for n in ast.walk(tree) if isinstance(n, ast.If) and statement in n.body]
        yield from ((0.9, ast.unparse(n.test), "False") for n in around)


def _changes(
    job: Json, tree: ast.Module, statement: ast.stmt
) -> Iterator[tuple[float, str, list[Json] | str]]:
    """What may take the place of a failing statement, or of a part of it."""
    if isinstance(statement, ast.Assign):
        yield from _assigned(job, tree, statement)
    elif isinstance(statement, ast.AugAssign):
        yield 0.7, ast.unparse(statement.value), "0.0"
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield 0.9, f"{ast.unparse(statement.value.func)}(...)", "MagicMock()"
    elif isinstance(statement, ast.With):
        for call in (i.context_expr for i in statement.items if isinstance(i.context_expr, ast.Call)):
            yield 0.8, f"{ast.unparse(call.func)}(...)", "MagicMock()"


def _assigned(
    job: Json, tree: ast.Module, statement: ast.Assign
) -> Iterator[tuple[float, str, list[Json] | str]]:
    target = ast.unparse(statement.targets[0])
    slots = job["slots"].get(str(statement.lineno))
    if slots and any(name in job["models"] for name in target.strip("()").split(", ")):
        if _set_before(tree, statement):  # a checkpoint that is not there: what was built stays
            yield 1.6, ast.unparse(statement.value), target
    elif slots:
        slots = [{**s, "kind": "unknown"} if s["kind"] == "model" else s for s in slots]
        yield _promise(target, slots), f"{target} =", slots


def _set_before(tree: ast.Module, statement: ast.Assign) -> bool:
    """Whether the same target is assigned in an earlier line, too."""
    target = ast.unparse(statement.targets[0])
    others = (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.lineno < statement.lineno)
    return any(ast.unparse(other.targets[0]) == target for other in others)


def _promise(key: str, slots: list[Json]) -> float:
    """How likely a stand-in does: where it is known what is wanted, best outside of a dataset's code."""
    known = all(s["kind"] in _KNOWN or _special(s["name"]) for s in slots)
    return 1.0 if not known else 1.5 if key.startswith("self.") else 2.0


def _special(name: str) -> str | None:
    return next((code for pattern, code in _BY_NAME if re.search(pattern, name)), None)


def _needed(job: Json, statement: ast.stmt) -> bool:
    """Whether a statement is what the run is for: a model called, or a function that does so."""
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    text = ast.unparse(statement)
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


def _statement(tree: ast.AST, line: int) -> ast.stmt | None:
    """The innermost statement that holds a line."""
    holding = [
        n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    return min(holding, key=lambda n: (n.end_lineno or 0) - n.lineno, default=None)


def _in_training(job: Json, tree: ast.Module, frames: list[int]) -> bool:
    """Whether the run had come to a loop that trains."""
    loops = [n for n in ast.walk(tree) if isinstance(n, (ast.For, ast.While))]
    training = [n for n in loops if any(f"{call}(" in ast.unparse(n) for call in job["training"])]
    return any(n.lineno < line <= (n.end_lineno or 0) for n in training for line in frames)


def _with_loaders(job: Json, tree: ast.Module, state: State) -> State | None:
    """Stand-ins for all loaders: where a run ends well and shows too little, they were empty."""
    known = {key for key, _ in state.slots}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (slots := job["slots"].get(str(node.lineno))):
            key = f"{ast.unparse(node.targets[0])} ="
            if key not in known and all(s["kind"] == "loader" for s in slots):
                state = _with_slots(state, key, slots)
    return state if len(state.slots) > len(known) else None


# --- the data ------------------------------------------------------------------------------------


def _choices(job: Json, recipes: dict[str, Json]) -> Iterator[Choice]:
    """Data to stand in, likeliest first: for the models that were reached, else small images."""
    images = {"inputs": [vars(Guess((4, 3, 32, 32), "small images"))], "output": [4, 10]}
    named = [recipes[name] for name in job["classes"] if name in recipes]
    for recipe in [*(named or list(recipes.values())[::-1])[:2], _recipe(images)]:
        for inputs in [*variants(tuple(inputs_of(recipe))), *_square(inputs_of(recipe))]:
            for structure, maker in itertools.product(range(4), ("randn", "rand")):
                for _, target in tasks(job["losses"], [""]):
                    yield Choice(recipe, inputs, maker, target, "", structure)


def _square(inputs: list[Guess]) -> list[tuple[Guess, ...]]:
    """Sequences as long as there are of them: the file may have the steps first."""
    square = tuple(
        replace(g, shape=(g.shape[0], g.shape[0], *g.shape[2:])) if g.high and len(g.shape) == 2 else g
        for g in inputs
    )
    return [] if square == tuple(inputs) else [square]


def _tiny(choice: Choice) -> Choice:
    inputs = tuple(
        replace(g, shape=(2, *g.shape[1:])) if g.shape[:1] > (2,) and not g.text else g for g in choice.inputs
    )
    output = [2 * choice.model["output"][0] // choice.rows, *choice.model["output"][1:]]
    return replace(choice, inputs=inputs, batches=1, model={**choice.model, "output": output})


def _recipe(found: Json) -> Json:
    return {**found, "why": "; ".join(dict.fromkeys(g["why"] for g in found["inputs"]))}


def _code(slot: Json, choice: Choice) -> str | None:
    """The expression for a slot, in the words of the script's own run."""
    if special := _special(slot["name"]):
        return special.format(rows=choice.rows, half=max(choice.rows // 2, 2))
    plain = slot["kind"] in ("unknown", "count", "epochs") and not slot["attributes"] and not slot["keys"]
    if plain and (known := number(slot["name"])):
        return known
    code = _samples(slot, choice) if slot["kind"] == "dataset" else code_of(slot, choice, [])
    if code is None:
        return None
    code = code.replace("unittest.mock.MagicMock()", "MagicMock()").replace("tempfile.mkdtemp()", "'.'")
    return code.replace("types.SimpleNamespace", "SimpleNamespace")


def _samples(slot: Json, choice: Choice) -> str | None:
    """A dataset: two batches of samples, in a TensorDataset or, where they have names, in a list."""
    if not slot["item_keys"]:
        return code_of(slot, replace(choice, structure=choice.structure & 2), [])
    inputs = itertools.cycle([g.code(1, choice.maker) for g in choice.inputs])
    target = target_code(choice, 1)
    if target is None:
        return None
    items = (f"{key!r}: {target if TARGET_KEY.search(key) else next(inputs)}[0]" for key in slot["item_keys"])
    return f"[{{{', '.join(items)}}} for _ in range({choice.batches * choice.rows})]"
