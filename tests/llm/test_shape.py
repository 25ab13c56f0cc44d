"""Reading is lenient about how a value is wrapped, and strict about the value."""

from __future__ import annotations

import pytest
from modereview.llm.answers import NewTests, Repair
from modereview.llm.shape import read
from modereview.llm.tokens import tokens

YES = '{"word": "yes", "reasons": ["a"]}'


@pytest.mark.parametrize(
    "text",
    [
        YES,
        f"  {YES}\n",
        f"```json\n{YES}\n```",
        f"```\n{YES}\n```",
        f"Sure.\n~~~\n{YES}\n~~~\nDone.",
        f"The answer is {YES} as far as I can see.",
        f"<think>Hm {{</think>{YES}",
        f"<THINKING>\n{YES.replace('yes', 'no')}\n</THINKING>\n{YES}",
        '{"word": "yes", "reasons": ["a"], "confidence": 0.9}',
    ],
)
def test_value_is_found(text, shape):
    assert read(text, shape) == shape(word="yes", reasons=("a",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("<think>I could go on for ever", "it is empty"),
        ("No.", "it holds no JSON"),
        ('{"word": "yes"}', "reasons: field required"),
        ('{"word": 7, "reasons": []}', "word: input should be a valid string"),
        ('{"word": "yes", "reasons": ["a"', "it is not JSON"),
        ("{" * 5000, "it is not JSON"),
        ("x" * 300_000, "longer than"),
    ],
)
def test_what_is_none_is_refused_in_words(text, words, shape):
    with pytest.raises(ValueError, match=words.replace("(", "[(]")):
        read(text, shape)


def test_of_a_cut_answer_what_is_complete_counts(shape):
    assert read('{"word": "yes", "reasons": ["a", "b', shape, cut=True).reasons == ("a",)


def test_models_without_json_may_answer_in_python():
    block = "```python\ndef test_a():\n    assert f()\n```"
    assert read(f"Here:\n{block}\n{block}", NewTests).tests == ("def test_a():\n    assert f()\n",) * 2
    assert read(block, Repair).code == "def test_a():\n    assert f()\n"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("", 0, 0), ("model.eval()", 4, 6), ("        return self.fc1(x)\n", 7, 12), ("word " * 100, 100, 110)],
)
def test_tokens_are_about_those_of_a_tokenizer(text, least, most):
    assert least <= tokens(text) <= most
