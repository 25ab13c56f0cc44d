"""The chain of events behind a mode, in words a beginner understands."""

from __future__ import annotations

from modereview.analyze.frames import Record
from modereview.analyze.linking import Linked
from modereview.analyze.projection import Trail, trail
from modereview.analyze.values import Cause, ForwardRun, Path
from modereview.records import Event, Span


def explain(run: ForwardRun, seen: Trail, record: Record, linked: Linked) -> tuple[Event, ...]:
    """How the object of a forward came into its mode, and for a forward of a neighbour where it is.

    An event in a neighbour is told at the place in the reviewed file that leads there.
    """
    event = _of_cause(run, seen, record, linked)
    chain = () if event is None else (event,)
    if linked.here(run.span):
        return chain
    led = f"leads to the call of `{run.text}` in {linked.place(run.span)}"
    return (*chain, Event(seen.span, led, "call"))


def _of_cause(run: ForwardRun, seen: Trail, record: Record, linked: Linked) -> Event | None:
    """None where nobody in view set the mode."""
    cause = run.cause
    if cause.span is None:
        return None
    led = trail(cause.span, cause.path, (), linked)
    span, place = led.span if led else seen.span, _place(cause.span, linked)
    match cause.kind:
        case "switch":
            text = f"switched to {run.mode.value} {place}{_where(cause, record, linked)}"
            return Event(span, text, "switch")
        case "build":
            return Event(span, f"built {place}: a new module is in TRAIN", "build")
        case "pretrained":
            return Event(span, f"loaded {place}: `from_pretrained` returns a model in EVAL", "build")
        case "escaped":
            there = "" if linked.here(cause.span) else f" {place}"
            return Event(span, f"handed to `{cause.text}`{there}, which is not in view", "call")
        case _:
            return None


def _place(span: Span, linked: Linked) -> str:
    return "here" if linked.here(span) else f"in {linked.place(span)}"


def _where(cause: Cause, record: Record, linked: Linked) -> str:
    """For a switch inside a function: in which, and where that is called."""
    if not cause.function:
        return ""
    called = calling_line(cause.path, record)
    if called is None:
        return f", in `{cause.function}`"
    from_here = linked.here(cause.path[-1])
    if from_here and cause.span is not None and not linked.here(cause.span):
        return f", in `{cause.function}`"  # the event itself is told at that call
    at = linked.file.label(called) if from_here else linked.place(cause.path[-1])
    return f", in `{cause.function}` (called at {at})"


def calling_line(path: Path, record: Record) -> int | None:
    """The line of the call that led into the innermost activation; None where nobody in view calls it."""
    return path[-1].line if path and path[-1] not in record.roots else None
