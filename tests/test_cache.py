"""The cache: whole entries or none, whoever writes, and never over its limit."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from modereview import looks
from modereview.cache import Cache, folder
from modereview.looks import Look, Memory
from modereview.parse import Content
from modereview.records import Event, Finding, Severity, Span

KEY = "ab" * 32
FINDING = Finding(
    "MR102",
    "trains-in-eval-mode",
    Severity.WARNING,
    "message",
    "train.py",
    Span(3, 1, 3, 6),
    (Event(Span(2, 1, 2, 9), "switched here", "switch"),),
    ("a fact",),
    "train",
    "model",
    "model(x)",
    2,
)


def memory(place: Path, stamp: str = "1") -> Memory:
    return Memory(Cache(place), stamp)


def content(root: Path, raw: bytes = b"x = 1\n", name: str = "train.py") -> Content:
    return Content(root / name, root, raw)


def test_what_was_put_is_there_for_the_next_run(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, b"one")
    Cache(tmp_path).put(KEY, b"two")
    assert Cache(tmp_path).get(KEY) == b"two"
    assert Cache(tmp_path).get("cd" * 32) is None


def test_without_a_folder_nothing_is_kept() -> None:
    Cache(None).put(KEY, b"one")
    Cache(None).trim()
    assert Cache(None).get(KEY) is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = Cache(tmp_path / "file" / "cache")
    blocked.put(KEY, b"one")
    blocked.trim()
    assert blocked.get(KEY) is None


def test_parallel_writers_leave_one_whole_entry(tmp_path: Path) -> None:
    contents = [bytes([65 + i]) * 100_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda c: Cache(tmp_path).put(KEY, c), contents * 5))
    assert Cache(tmp_path).get(KEY) in contents
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_what_was_written_first_goes_when_there_is_too_much(tmp_path: Path) -> None:
    small = Cache(tmp_path, limit=8 * 4096)
    keys = [f"{i:064x}" for i in range(12)]
    for age, key in enumerate(keys):
        small.put(key, b"x")
        os.utime(tmp_path / key[:2] / key[2:], (age, age))
    small.trim()
    kept = [key for key in keys if small.get(key)]
    assert kept == keys[-6:]


def test_the_folder_is_the_users_cache_folder(tmp_path: Path) -> None:
    assert folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "modereview"
    assert folder({}) == Path.home() / ".cache" / "modereview"
    assert folder({"XDG_CACHE_HOME": "relative"}) == folder({})


def test_a_look_comes_back_as_it_was() -> None:
    look = Look((FINDING,), ("Not every path.",), beside=(("utils.py", "d1"),))
    assert looks.from_bytes(looks.to_bytes(look)) == look


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"findings": [{}]}', b'{"findings": [], "beside": []']
)
def test_what_a_crash_left_is_no_look(raw: bytes) -> None:
    assert looks.from_bytes(raw) is None


def test_a_look_is_remembered_for_this_content_name_and_stamp_alone(tmp_path: Path) -> None:
    memory(tmp_path).keep(content(tmp_path), Look((FINDING,)))
    assert memory(tmp_path).recall(content(tmp_path)) == Look((FINDING,))
    assert memory(tmp_path).recall(content(tmp_path, b"x = 2\n")) is None
    assert memory(tmp_path).recall(content(tmp_path, name="other.py")) is None
    assert memory(tmp_path, "2").recall(content(tmp_path)) is None


def test_a_moved_project_keeps_its_cache(tmp_path: Path) -> None:
    memory(tmp_path).keep(content(tmp_path / "a"), Look())
    assert memory(tmp_path).recall(content(tmp_path / "b")) == Look()


def test_a_look_is_forgotten_when_a_file_beside_it_changes_or_appears(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_bytes(b"a = 1\n")
    beside = (("utils.py", looks.digest(b"a = 1\n")), ("model.py", ""))
    place = tmp_path / "cache"
    memory(place).keep(content(tmp_path), Look(beside=beside))
    assert memory(place).recall(content(tmp_path)) is not None
    (tmp_path / "utils.py").write_bytes(b"a = 2\n")
    assert memory(place).recall(content(tmp_path)) is None
    (tmp_path / "utils.py").write_bytes(b"a = 1\n")
    (tmp_path / "model.py").write_bytes(b"b = 1\n")
    assert memory(place).recall(content(tmp_path)) is None


@pytest.mark.parametrize("look", [Look(lasting=False), Look(internal_errors=("rule MR101 crashed.",))])
def test_failures_are_not_remembered(tmp_path: Path, look: Look) -> None:
    memory(tmp_path).keep(content(tmp_path), look)
    assert memory(tmp_path).recall(content(tmp_path)) is None


def test_the_stamp_tells_settings_and_versions_apart() -> None:
    assert looks.stamp("1", (3, 10), ((), ())) == looks.stamp("1", (3, 10), ((), ()))
    stamps = [
        looks.stamp(*s)
        for s in [("1", (3, 10), ((), ())), ("2", (3, 10), ((), ())), ("1", (3, 11), ((), ()))]
    ]
    stamps.append(looks.stamp("1", (3, 10), (("MR1",), ())))
    assert len(set(stamps)) == 4
