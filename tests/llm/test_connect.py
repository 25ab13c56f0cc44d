"""Code leaves the machine only if a model is named."""

from __future__ import annotations

import pytest
from modereview.llm import ModelError, Options, connect, secrets
from modereview.llm.cache import Cached
from modereview.llm.client import OpenAIModel
from modereview.llm.exchanges import Recorded
from modereview.llm.shown import Shown

PLAIN = Options(cache=False)

EVERYTHING = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://localhost:11434/v1"}


@pytest.mark.parametrize(("name", "offline"), [(None, False), ("", False), ("gpt", True), (None, True)])
def test_no_model_without_a_name_or_offline(name, offline):
    assert connect(name, offline, EVERYTHING) is None


def test_key_alone_makes_no_client(monkeypatch):
    import openai

    monkeypatch.setattr(openai, "AsyncOpenAI", lambda **_: pytest.fail("a client was made"))
    assert connect(None, False, {"OPENAI_API_KEY": "sk-1"}) is None


def test_named_model_goes_where_the_environment_says():
    model = connect("llama", False, EVERYTHING, PLAIN)
    assert isinstance(model, OpenAIModel)
    assert (model.name, model.host) == ("llama", "localhost:11434")


def test_default_host_is_the_one_of_the_client():
    model = connect("gpt", False, {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": ""}, PLAIN)
    assert isinstance(model, OpenAIModel) and model.host == "api.openai.com"


def test_cache_and_record_lie_around_the_model(tmp_path):
    assert isinstance(connect("m", False, EVERYTHING), Cached)
    assert isinstance(connect("m", False, EVERYTHING, Options(record=tmp_path)), Recorded)


def test_offline_wins_over_a_record_too(tmp_path):
    assert connect("m", True, EVERYTHING, Options(record=tmp_path)) is None


def test_shown_questions_are_told_and_not_sent(question, monkeypatch):
    import asyncio

    told: list[str] = []
    model = connect(None, True, {}, Options(show=True), told.append)
    assert isinstance(model, Shown)
    with pytest.raises(ModelError):
        asyncio.run(model.ask(question("Is it right?")))
    assert "tests: Net of train.py" in told[0] and "Is it right?" in told[0]


def test_key_of_the_environment_is_a_secret_of_prompts():
    assert secrets(EVERYTHING) == ("sk-1",)
    assert secrets({}) == ()
