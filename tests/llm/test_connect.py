"""Code leaves the machine only if a model is named."""

from __future__ import annotations

import pytest
from modereview.llm import OpenAIModel, connect

EVERYTHING = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://localhost:11434/v1"}


@pytest.mark.parametrize(("name", "offline"), [(None, False), ("", False), ("gpt", True), (None, True)])
def test_no_model_without_a_name_or_offline(name, offline):
    assert connect(name, offline, EVERYTHING) is None


def test_key_alone_makes_no_client(monkeypatch):
    import openai

    monkeypatch.setattr(openai, "AsyncOpenAI", lambda **_: pytest.fail("a client was made"))
    assert connect(None, False, {"OPENAI_API_KEY": "sk-1"}) is None


def test_named_model_goes_where_the_environment_says():
    model = connect("llama", False, EVERYTHING)
    assert isinstance(model, OpenAIModel)
    assert (model.name, model.host) == ("llama", "localhost:11434")


def test_default_host_is_the_one_of_the_client():
    model = connect("gpt", False, {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": ""})
    assert isinstance(model, OpenAIModel) and model.host == "api.openai.com"
