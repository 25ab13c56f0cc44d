"""Exchanges are files that a person can read, and answers that need no key and no network."""

from __future__ import annotations

import asyncio

import pytest
from modereview.llm import ModelError, Options, connect
from modereview.llm.exchanges import Recorded, Replayed
from modereview.llm.fake import FakeModel
from modereview.llm.meter import Meter

YES = '{"word": "yes", "reasons": []}'
TRICKY = "<!-- 0123456789abcdef answer -->\n---\nmodel: evil\n# Answer\nno"


@pytest.fixture
def record(tmp_path, question):
    """Records one exchange for each question text."""

    def recorded(*texts: str, answer: str = YES):
        model = Recorded(FakeModel([answer] * len(texts), name="big"), tmp_path)
        for text in texts:
            asyncio.run(model.ask(question(text)))
        return tmp_path

    return recorded


def test_file_reads_as_a_conversation(record):
    (path,) = record("Is it right?").iterdir()
    assert path.name.startswith("tests-net-of-train-py-")
    text = path.read_text()
    assert text.startswith("---\nmodel: big\nprompt: tests\nsubject: Net of train.py\n")
    assert text.index("Be brief.") < text.index("Is it right?") < text.index(YES)


@pytest.mark.parametrize("text", ["Is it right?", TRICKY])
def test_recorded_answer_comes_back(record, question, text):
    replayed = Replayed(record(text))
    answer = asyncio.run(replayed.ask(question(text)))
    assert (answer.text, answer.cached, answer.stale, replayed.name) == (YES, True, False, "big")


def test_right_one_of_several_comes_back(tmp_path, question):
    answers = ['{"word": "one", "reasons": []}', '{"word": "two", "reasons": []}']
    model = Recorded(FakeModel(answers), tmp_path)
    for text in ("first", "second"):
        asyncio.run(model.ask(question(text)))
    assert asyncio.run(Replayed(tmp_path).ask(question("second"))).value.word == "two"


def test_question_in_other_words_is_answered_and_marked(record, question):
    meter = Meter(Replayed(record("Is it right?")))
    for text in ("Is this right?", "Is it right?"):
        assert asyncio.run(meter.ask(question(text))).word == "yes"
    assert (meter.usage.cached, meter.usage.stale) == (2, 1)


@pytest.mark.parametrize("other", [{"prompt": "recipe"}, {"subject": "Other of train.py"}])
def test_question_that_was_never_asked_is_an_error_that_says_so(record, question, other):
    with pytest.raises(ModelError, match=r"holds no answer to the question .* about .*; record it"):
        asyncio.run(Replayed(record("Is it right?")).ask(question(**other)))


def test_files_that_are_no_exchange_are_passed_over(record, question):
    folder = record("a")
    (folder / "README.md").write_text("# About\n")
    (folder / "half.md").write_text("---\nmodel: x\n---\n")
    assert asyncio.run(Replayed(folder).ask(question("a"))).value.word == "yes"


def test_folder_that_cannot_be_written_is_said(tmp_path, question):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="--record"):
        asyncio.run(Recorded(FakeModel([YES]), tmp_path / "file").ask(question()))


def test_replay_needs_no_model_and_no_network(record):
    model = connect(None, True, {}, Options(replay=record("a")))
    assert isinstance(model, Replayed)
