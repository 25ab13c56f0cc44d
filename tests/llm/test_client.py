"""The real `openai` client against a local endpoint: forms of answers, what they cost, what is remembered."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys

import pytest
from modereview.llm import Answer, ModelError, Spent
from modereview.llm.client import OpenAIModel
from modereview.llm.protocol import UnreadableError

KEY = "sk-very-secret"
YES = '{"word": "yes", "reasons": []}'


@pytest.fixture
def model(endpoint):
    return OpenAIModel("small", key=KEY, base_url=endpoint.url)


@pytest.fixture
def ask(endpoint, question, model):
    """Asks a model that gets these replies."""

    def asked(*replies) -> Answer:
        endpoint.replies[:] = replies
        return asyncio.run(model.ask(question()))

    return asked


def forms(endpoint) -> list[str]:
    return [request.get("response_format", {}).get("type", "text") for request in endpoint.requests]


def test_conversation_goes_out_and_value_and_tokens_come_back(ask, endpoint, answers, question, shape):
    answer = ask(answers.completion(YES, tokens=42))
    assert (answer.value, answer.spent) == (shape(word="yes", reasons=()), Spent(1, 41))
    request = endpoint.requests[0]
    assert request["model"] == "small"
    assert request["messages"] == [{"role": m.role, "content": m.content} for m in question().messages]
    # Some reasoning models refuse a temperature, some servers a token limit: neither is sent unasked.
    assert set(request) == {"model", "messages", "response_format"}


def test_schema_is_one_that_strict_endpoints_take(ask, endpoint, answers):
    ask(answers.completion(YES))
    described = endpoint.requests[0]["response_format"]["json_schema"]
    assert described["strict"] is True
    assert described["schema"]["additionalProperties"] is False
    assert described["schema"]["required"] == ["word", "reasons"]


def test_refused_schema_becomes_json_and_then_a_block(ask, endpoint, answers):
    no = answers.refusal(400, "response_format is not supported")
    ask(no, no, answers.completion(f"Here you are.\n```json\n{YES}\n```\nAnything else?"))
    assert forms(endpoint) == ["json_schema", "json_object", "text"]
    first, second, third = (request["messages"][0]["content"] for request in endpoint.requests)
    assert "schema" not in first and '"reasons"' in second and "fenced block" in third


def test_form_that_worked_is_remembered(ask, endpoint, answers):
    ask(answers.refusal(422), answers.completion(YES))
    ask(answers.completion(YES))
    assert forms(endpoint) == ["json_schema", "json_object", "json_object"]


def test_server_error_over_the_form_steps_down_too(ask, endpoint, answers):
    ask(*[answers.refusal(500, "cannot compile grammar")] * 3, answers.completion(YES))
    assert forms(endpoint)[-1] == "json_object"


def test_temperature_is_sent_until_it_is_refused(endpoint, answers, question):
    model = OpenAIModel("small", base_url=endpoint.url, temperature=0.0)
    endpoint.replies = [answers.refusal(400, "Unsupported value: temperature"), answers.completion(YES)]
    asyncio.run(model.ask(question()))
    asyncio.run(model.ask(question()))
    assert [request.get("temperature") for request in endpoint.requests] == [0.0, None, None]
    assert forms(endpoint) == ["json_schema"] * 3


def test_one_model_serves_several_event_loops(ask, answers):
    assert [ask(answers.completion(YES)).value.word for _ in range(2)] == ["yes", "yes"]


def test_answer_without_usage_leaves_tokens_unknown(ask, answers):
    assert ask(answers.completion(YES, tokens=None)).spent == Spent(None, None)


def test_server_of_ones_own_needs_no_key(endpoint, answers, question):
    endpoint.replies = [answers.completion(YES)]
    asyncio.run(OpenAIModel("small", base_url=endpoint.url).ask(question()))
    assert endpoint.keys == ["Bearer not-needed"]


def test_thoughts_are_no_answer(ask, answers):
    thought = '<think>Is it {"word": "no", "reasons": []}? Rather not.</think>\n'
    assert ask(answers.completion(thought + YES)).value.word == "yes"


def test_answer_that_repeats_the_key_is_taken_without_it(ask, answers, shape):
    answer = ask(answers.completion(f'{{"word": "Bearer {KEY}", "reasons": ["{KEY}"]}}'))
    assert answer.value == shape(word="Bearer ***", reasons=("***",))
    assert KEY not in answer.text


def test_logs_hold_no_key(ask, endpoint, answers, caplog):
    """What OPENAI_LOG=debug would show."""
    with caplog.at_level(logging.DEBUG):
        ask(answers.refusal(429), answers.completion(f'{{"word": "{KEY}", "reasons": []}}'))
    assert any(record.name.startswith("openai") for record in caplog.records)
    assert KEY not in caplog.text


def test_cut_answer_counts_as_far_as_it_is_complete(ask, answers):
    cut = '{"word": "yes", "reasons": ["first", "seco'
    assert ask(answers.completion(cut, ended="length")).value.reasons == ("first",)


def test_answer_cut_too_early_says_so_and_can_be_asked_again(ask, answers):
    with pytest.raises(UnreadableError, match="cut at the length limit"):
        ask(answers.completion('{"word": "y', ended="length"))


def test_answer_of_another_shape_is_kept_with_its_reason(ask, answers):
    with pytest.raises(UnreadableError) as caught:
        ask(answers.completion('{"word": 7}'))
    assert "word: " in caught.value.reason and caught.value.text == '{"word": 7}'
    assert not caught.value.lasting and caught.value.spent == Spent(1, 41)


@pytest.mark.parametrize(
    "url", ["localhost:11434/v1", "ftp://here/v1", "nonsense", "http://", "http://[::1", "http://a:b:c/v1"]
)
def test_address_that_is_none_is_said_before_anything_is_sent(url, question):
    with pytest.raises(ModelError, match="not an http or https address"):
        asyncio.run(OpenAIModel("small", base_url=url).ask(question()))


@pytest.mark.parametrize("key", ["k\u00e9y", "two\nlines"])
def test_malformed_key_is_a_sentence_without_it(endpoint, answers, question, key):
    endpoint.replies.append(answers.completion(YES))
    with pytest.raises(ModelError) as caught:
        asyncio.run(OpenAIModel("small", key=key, base_url=endpoint.url, retries=0).ask(question()))
    assert key not in str(caught.value)


def test_hosted_model_without_key_says_which_variable_to_set(question):
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        asyncio.run(OpenAIModel("small").ask(question()))


def test_client_is_imported_only_for_a_question():
    code = (
        "import sys, modereview.review, modereview.llm as llm; llm.connect('m', False, {});"
        "sys.exit('openai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_review_without_a_model_does_not_wait_for_pydantic():
    code = "import sys, modereview.review; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_shapes_can_be_asked_for_strictly():
    from modereview.llm.answers import SHAPES

    for shape in SHAPES.values():
        schema = json.loads(json.dumps(shape.model_json_schema()))
        for part in (schema, *schema.get("$defs", {}).values()):
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
