"""The chain of events behind a mode, in words a beginner understands."""

from __future__ import annotations

from modereview.analyze.frames import Record
from modereview.analyze.values import Cause, ForwardRun, Path
from modereview.records import Event, Source


def explain(run: ForwardRun, record: Record, source: Source) -> tuple[Event, ...]:
    """How the object of a forward came into its mode; empty where nobody in view set it."""
    cause = run.cause
    if cause.span is None:
        return ()
    mode = run.mode.value
    match cause.kind:
        case "switch":
            return (Event(cause.span, f"switched to {mode} here{_where(cause, record, source)}", "switch"),)
        case "build":
            return (Event(cause.span, "built here: a new module is in TRAIN", "build"),)
        case "pretrained":
            return (Event(cause.span, "loaded here: `from_pretrained` returns a model in EVAL", "build"),)
        case "escaped":
            return (Event(cause.span, f"handed to `{cause.text}`, which is not in view", "call"),)
        case _:
            return ()


def _where(cause: Cause, record: Record, source: Source) -> str:
    """For a switch inside a function: in which, and where that is called."""
    if not cause.function:
        return ""
    caller = calling_line(cause.path, record)
    return f", in `{cause.function}`" + (f" (called at {source.label(caller)})" if caller else "")


def calling_line(path: Path, record: Record) -> int | None:
    """The line of the call that led into the innermost activation; None where nobody in view calls it."""
    return path[-1].line if path and path[-1] not in record.roots else None
