"""One attempt: the script is run in a child, with changes, and what its lines showed is noted."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from .absent import named
from .capture import Capture
from .changes import State
from .inputs import NotFound, search, tensors
from .limits import Deadline, OutOfTime, in_children, one_line, seconds
from .losses import way_to
from .machine import needed

_RUN_SECONDS = 8.0
_SEARCH_SECONDS = 6.0
_LARGEST_FILE = 2**20  # bytes, of a configuration or a vocabulary
_LONGEST_COMPLAINT = 600  # characters
# A test takes a script that exits for one that has come to its end; the search asks why.
_TELLING = ("contextlib.suppress(SystemExit)", "contextlib.nullcontext()")
_ENOUGH = ("enough is seen",)

Json = dict[str, Any]


def attempt(job: Json, state: State, deadline: Deadline) -> Json:
    """Run the script once in a child of this process, so that nothing of it stays.

    "seen" holds (line, whether a gradient came back); where it stopped, "error", "frames" (lines of the
    script, outermost first) and "kind" (choice, forward, loss, time or "") say how. "ways" tells, for lines
    that called a model, what leads to a tensor in its output; "through" which lines were active then.
    """
    changes = state.all_changes()
    if changes is None:
        return {"error": "the choice does not fit", "seen": [], "frames": [], "kind": "choice"}
    limit = max(min(_RUN_SECONDS, deadline.left), 0.5)
    work = functools.partial(_run, job, changes, state, limit)
    answer = in_children([("run", work)], limit + _SEARCH_SECONDS)["run"]
    return {"seen": [], "frames": [], "kind": "", "ways": {}, "count": 0, "through": [], **answer}


def arguments(job: Json, state: State) -> list[str]:
    """What is typed behind the script's name."""
    flags = job["batch_options"] if state.small else []
    return [*(word for flag in flags for word in (flag, str(state.choice.rows))), *state.typed]


def _run(job: Json, changes: dict[str, str], state: State, limit: float) -> Json:
    typed = arguments(job, state)
    names: Json = {"SCRIPT": Path(job["path"])}
    exec(compile(job["runner"].replace(*_TELLING), "runner", "exec"), names)
    names["stand_in_for"](*state.absent)
    for name in set(state.instead) - set(needed()):
        names[name]().__enter__()
    last: Json = {}
    capture = Capture()
    forwards: list[Any] = []
    note = names["observed"]
    ways: dict[str, str | None] = {}
    through: set[int] = set()

    def observed(call: str, where: str, module: nn.Module, output: Any) -> Any:
        ways.setdefault(call, way_to(output))
        through.update(_active(job["path"]))
        forwards.append(note(call, where, module, output))
        return forwards[-1]

    names["observed"] = observed
    handle = nn.modules.module.register_module_forward_hook(functools.partial(_remember, last, capture))
    answer: Json = {}
    complaints = io.StringIO()
    try:
        with seconds(limit), capture.watching(), contextlib.redirect_stderr(complaints):
            names["rehearsed"](changes, typed, state.files, **({"most": state.most} if state.most else {}))
    except SystemExit as end:
        answer = _failure(job, end) if end.code not in (None, 0, *_ENOUGH) else {}
        if end.code == 2:  # of command lines
            answer["error"] = f"SystemExit: {complaints.getvalue().strip()[-_LONGEST_COMPLAINT:]}"
    except (Exception, OutOfTime) as error:
        answer = _failure(job, error)
    handle.remove()
    seen = dict.fromkeys((f.call, f.trained) for f in forwards)
    return {
        **answer,
        "seen": [list(pair) for pair in seen],
        "output": last.get("output"),
        "ways": ways,
        "count": len(forwards),
        "through": sorted(through),
        "captured": capture.found(),
    }


def _active(path: str) -> Iterator[int]:
    """The lines at which the script's own frames are."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == path:
            yield frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]


def _of_project(job: Json, error: BaseException) -> str | None:
    """The file that was looked for in the empty folder, where the project has one of that relative path."""
    name = error.filename if isinstance(error, FileNotFoundError) else None
    if not isinstance(name, str) or Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    found = next((p / name for p in Path(job["path"]).parents if (p / name).is_file()), None)
    return name if found is not None and found.stat().st_size < _LARGEST_FILE else None


def _remember(last: Json, capture: Capture, module: nn.Module, inputs: Any, output: Any) -> None:
    """Keep the shape of what the last module with parameters gave."""
    capture.note_call(module, inputs)
    shape = next((tuple(t.shape) for t in tensors(output)), None)
    if shape and next(module.parameters(), None) is not None:
        last["output"] = shape


def _failure(job: Json, error: BaseException) -> Json:
    """Where the script stopped: its own frames, outermost first; inputs for the model that refused."""
    stack = list(traceback.walk_tb(error.__traceback__))
    own = [(f.f_code.co_name, line) for f, line in stack if f.f_code.co_filename == job["path"]]
    frames = [line for function, line in own if function != "forward"]
    called = [f.f_locals.get("self") for f, _ in stack if f.f_code.co_name == "_call_impl"]
    answer: Json = {"error": one_line(error), "frames": frames, "kind": "loss" if called else ""}
    if isinstance(error, OutOfTime):
        return {**answer, "kind": "time"}
    answer["absent"] = named(error)
    answer["file"] = _of_project(job, error)
    if called and isinstance(called[0], nn.Module) and list(called[0].parameters()):
        answer["kind"] = "forward"
        try:
            found = search(called[0], job["shapes"], Deadline.after(_SEARCH_SECONDS - 1))
        except (NotFound, Exception, OutOfTime):
            return answer
        answer["found"] = {"inputs": [vars(g) for g in found.inputs], "output": list(found.output)}
    return answer
