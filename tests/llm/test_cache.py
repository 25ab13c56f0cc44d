"""What was paid for once is not sent again; whatever matters to an answer makes another question of it."""

from __future__ import annotations

import asyncio

import pytest
from modereview.llm.cache import Cached, user_cache
from modereview.llm.fake import FakeModel

YES = '{"word": "yes", "reasons": []}'


@pytest.fixture
def asked(tmp_path, question):
    """Asks a model behind the cache; gives how often it was reached."""

    def ask(*texts: str, name: str = "m", place: str = "here") -> int:
        model = FakeModel([YES] * len(texts), name=name)
        cached = Cached(model, tmp_path, place)
        for text in texts:
            assert asyncio.run(cached.ask(question(text))).value.word == "yes"
        return len(model.prompts)

    return ask


def test_same_question_is_asked_once_over_several_runs(asked):
    assert [asked("a", "a"), asked("a"), asked("b")] == [1, 0, 1]


@pytest.mark.parametrize("other", [{"name": "n"}, {"place": "there"}])
def test_another_model_or_place_is_another_question(asked, other):
    assert asked("a") == 1
    assert asked("a", **other) == 1


def test_known_answer_says_that_it_is_known(tmp_path, question):
    model = Cached(FakeModel([YES]), tmp_path, "here")
    assert [asyncio.run(model.ask(question())).cached for _ in range(2)] == [False, True]


def test_question_is_not_stored(asked, tmp_path):
    asked("my secret code")
    (path,) = tmp_path.iterdir()
    assert "secret" not in path.read_text()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"text": "Hm."}'])
def test_damaged_file_is_as_good_as_none(asked, tmp_path, damage):
    asked("a")
    (path,) = tmp_path.iterdir()
    path.write_text(damage)
    assert asked("a") == 1


def test_folder_that_cannot_be_written_is_no_failure(tmp_path, question):
    (tmp_path / "file").write_text("")
    model = Cached(FakeModel([YES]), tmp_path / "file" / "below", "here")
    assert asyncio.run(model.ask(question())).value.word == "yes"


def test_cache_lies_where_the_user_keeps_such_things(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "modereview" / "llm"
