"""Drives tasks through a server, several at a time, whatever becomes of children and server."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from modereview.run.link import Link, Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modereview.run.tasks import Task

_SLACK = 15.0  # seconds that a busy machine may add to a time limit before the server counts as dead


def dispatch(
    tasks: Sequence[Task], width: int, connect: Callable[[], Link], disconnect: Callable[[], None]
) -> None:
    """Run all tasks to their end, at most `width` at once.

    A task that brings the server down is told so; where several were under way they are run again one
    by one, so that the blame falls on the right one. Raises what `connect` raises.
    """
    waiting, under_way, number = deque(tasks), dict[int, "Task"](), 0
    while waiting or under_way:
        link = connect()
        try:
            while waiting and len(under_way) < width:
                number += 1
                under_way[number] = waiting.popleft()
                link.send(under_way[number].order(number))
            again = _hear_one(link, under_way)
            waiting.extend(again)
        except Lost as lost:
            disconnect()
            if len(under_way) == 1:
                next(iter(under_way.values())).lose(f"the test took the worker down: {lost}")
            else:
                waiting.extendleft(under_way.values())
            under_way.clear()
            width = 1


def _hear_one(link: Link, under_way: dict[int, Task]) -> list[Task]:
    """Pass one event on; gives the task that it ended, where it is to be run again. Raises Lost."""
    event = link.receive(max(task.seconds for task in under_way.values()) + _SLACK)
    task = under_way.get(event.get("id", 0))
    if task is None:
        return []
    if event["event"] != "end":
        task.hear(event)
        return []
    del under_way[event["id"]]
    return [task] if task.end(event["status"], event["message"]) else []
