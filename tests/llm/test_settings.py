"""[tool.modereview.llm]: what a model may cost and how it is reached, but never a key or an address."""

from __future__ import annotations

import pytest
from modereview import arguments
from modereview.errors import InputError
from modereview.llm import Budget, Prices

FULL = """
[tool.modereview.llm]
model = "small"
max-calls = 40
max-tokens = 200000
max-cost = 0.5
prices = { input = 0.15, output = 0.60 }
concurrency = 2
timeout = 30
retries = 0
temperature = 0
cache = false
context-tokens = 2000
prompts-dir = "prompts"
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The settings of a review in a project with this pyproject.toml."""
    for name in ("MODEREVIEW_MODEL", "MODEREVIEW_OFFLINE"):
        monkeypatch.delenv(name, raising=False)

    def loaded(text: str, *words: str):
        (tmp_path / "pyproject.toml").write_text(text)
        return arguments.settings([str(tmp_path / "train.py"), *words])

    return loaded


def test_every_key_is_read(settings, tmp_path):
    found = settings(FULL)
    options = found.llm
    assert found.model == "small"
    assert options.budget == Budget(40, 200_000, 0.5, Prices(0.15, 0.60))
    assert (options.side_by_side, options.timeout, options.retries) == (2, 30.0, 0)
    assert (options.temperature, options.cache, options.context_tokens) == (0.0, False, 2000)
    assert options.prompts_dir == tmp_path / "prompts"


def test_command_line_wins(settings):
    found = settings(FULL, "--model", "big", "--max-calls", "3", "--max-cost", "2.5")
    assert found.model == "big"
    assert (found.llm.budget.calls, found.llm.budget.cost) == (3, 2.5)


def test_environment_names_the_model_over_the_file(settings, monkeypatch):
    monkeypatch.setenv("MODEREVIEW_MODEL", "mine")
    assert settings(FULL).model == "mine"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('api-key = "sk-1"', "has no key `api-key`"),
        ('base-url = "http://evil"', "has no key `base-url`"),
        ("max-call = 3", "Did you mean `max-calls`?"),
        ("max-calls = -1", "should be a whole number of 0 or more, not -1"),
        ("max-calls = true", "should be a whole number"),
        ("concurrency = 0", "should be a whole number above 0"),
        ('timeout = "long"', "should be a number of 0 or more, not 'long'"),
        ("prices = { input = 1 }", "should be two prices"),
        ("cache = 1", "should be true or false"),
        ('prompts-dir = ""', "should be a text in quotes"),
    ],
)
def test_what_is_wrong_is_said(settings, line, words):
    with pytest.raises(InputError) as caught:
        settings(f"[tool.modereview.llm]\n{line}\n")
    assert words in str(caught.value) and "pyproject.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--max-cost", "1"], "needs the prices"),
        (["--max-calls", "few"], "is not a whole number"),
        (["--max-cost", "-1"], "is not an amount"),
        (["--record", "exchanges"], "Name one with --model"),
        (["--replay", "nowhere"], "is no folder"),
        (["--show-prompts", "--static"], "Leave the other option out"),
    ],
)
def test_options_that_cannot_be_kept_are_refused(settings, words, sentence):
    with pytest.raises(InputError, match=sentence):
        settings("", *words)


def test_shown_prompts_write_nothing(settings):
    assert not settings("", "--show-prompts").writes
