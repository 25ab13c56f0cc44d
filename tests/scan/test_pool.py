"""Work in processes: a crash or a hang ends one item only."""

from __future__ import annotations

import os
import signal
import time

from modereview.scan.pool import Lost, each


def work(item: str) -> str:
    if item == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "hangs":
        time.sleep(600)
    while item == "spins":
        pass
    return item.upper()


def results(items: list[str], seconds: float = 60.0) -> dict[str, str | Lost]:
    return {items[index]: result for index, result in each(work, items, seconds, processes=2)}


def test_every_item_gets_its_result() -> None:
    items = [f"item {number}" for number in range(20)]
    assert results(items) == {item: item.upper() for item in items}


def test_no_items_need_no_process() -> None:
    assert results([]) == {}


def test_a_process_that_dies_loses_its_item_and_no_other() -> None:
    found = results(["a", "dies", "b", "dies too", "c"])
    lost = found.pop("dies")
    assert isinstance(lost, Lost)
    assert "signal 9" in lost.why
    assert not lost.is_slow
    assert found == {item: item.upper() for item in ("a", "b", "dies too", "c")}


def test_an_item_that_takes_too_long_is_stopped() -> None:
    found = results(["hangs", "a", "hangs not", "b"], seconds=1.0)
    lost = found.pop("hangs")
    assert isinstance(lost, Lost)
    assert lost.is_slow
    assert lost.why == "it took more than 1 s"
    assert set(found) == {"a", "hangs not", "b"}


def test_an_item_that_computes_too_long_is_stopped() -> None:
    found = results(["spins", "a", "b"], seconds=1.0)
    lost = found.pop("spins")
    assert lost == Lost("it took more than 1 s", is_slow=True)
    assert set(found) == {"a", "b"}


def test_leaving_early_ends_the_processes() -> None:
    running = each(work, ["a", "hangs", "b"], 60.0, 2)
    next(running)
    began = time.monotonic()
    running.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 30
