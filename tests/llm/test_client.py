"""The real `openai` client against a local endpoint: answers, and every failure as one sentence."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from modereview.llm import Answer, Message, ModelError, OpenAIModel

QUESTION = (Message("system", "Be brief."), Message("user", "Ready?"), Message("assistant", "Yes."))
KEY = "sk-very-secret"


def ask(endpoint, *replies, key=KEY, **settings) -> Answer:
    endpoint.replies.extend(replies)
    model = OpenAIModel("small", key=key, base_url=endpoint.url, **settings)
    return asyncio.run(model.ask(QUESTION))


def failure(endpoint, *replies, **settings) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(endpoint, *replies, **settings)
    sentence = str(caught.value)
    assert sentence.endswith((".", '"')) and "\n" not in sentence
    assert KEY not in sentence
    return caught.value


def test_conversation_goes_out_and_text_and_tokens_come_back(endpoint, answers):
    assert ask(endpoint, answers.completion("A test.", tokens=42)) == Answer("A test.", tokens=42)
    request = endpoint.requests[0]
    assert request["model"] == "small"
    assert request["messages"] == [{"role": m.role, "content": m.content} for m in QUESTION]
    # Some reasoning models refuse a temperature, some servers a token limit: neither is sent.
    assert set(request) == {"model", "messages"}


def test_one_model_serves_several_event_loops(endpoint, answers):
    endpoint.replies.append(answers.completion("ok"))
    model = OpenAIModel("small", key=KEY, base_url=endpoint.url)
    assert [asyncio.run(model.ask(QUESTION)).text for _ in range(2)] == ["ok", "ok"]


def test_answer_without_usage_counts_no_tokens(endpoint, answers):
    assert ask(endpoint, answers.completion("ok", tokens=None)).tokens == 0


def test_server_of_ones_own_needs_no_key(endpoint, answers):
    ask(endpoint, answers.completion("ok"), key="")
    assert endpoint.keys == ["Bearer not-needed"]


def test_failure_that_passes_is_asked_again(endpoint, answers):
    assert ask(endpoint, answers.refusal(500), answers.completion("ok")).text == "ok"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "refused the request (400)"),
        (401, "check OPENAI_API_KEY"),
        (403, "does not let this key use small"),
        (404, "knows no model small"),
        (429, "takes no more requests now"),
        (500, "failed (500)"),
        (529, "failed (529)"),
    ],
)
def test_refusal_is_a_sentence_that_says_what_to_do(endpoint, answers, status, words):
    error = failure(endpoint, answers.refusal(status, f"Bad \x1b[31m key {KEY}"))
    assert words in str(error)
    assert 'It says: "Bad [31m key ***"' in str(error)
    assert error.lasting


def test_long_page_of_a_proxy_is_not_repeated(endpoint, answers):
    error = failure(endpoint, answers.Reply("<html>" + "x" * 9000, 502, "text/html"), retries=0)
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>Sign in</html>", "text/html"),
        ("", "text/plain"),
        ("{}", "application/json"),
        ("null", "application/json"),
        ("[]", "application/json"),
        ('{"choices": [', "application/json"),
        ('{"choices": 3}', "application/json"),
        ('{"choices": [{}]}', "application/json"),
        ('{"choices": [{"message": "hello"}]}', "application/json"),
        ("", "application/json"),
    ],
)
def test_what_is_no_completion_is_said_so(endpoint, answers, body, content_type):
    assert failure(endpoint, answers.Reply(body, 200, content_type), retries=0)


@pytest.mark.parametrize("text", [None, "", "  \n", 7])
def test_empty_answer_does_not_end_the_conversation_with_others(endpoint, answers, text):
    error = failure(endpoint, answers.completion(text))
    assert "empty answer" in str(error) and not error.lasting


def test_no_choices_is_an_empty_answer(endpoint, answers):
    assert "empty answer" in str(failure(endpoint, answers.Reply('{"choices": []}')))


def test_endpoint_that_hangs_is_given_up(endpoint, answers):
    error = failure(endpoint, answers.Reply("{}", delay=1.0), timeout=0.1, retries=0)
    assert "did not answer in time" in str(error)


def test_refused_connection_names_the_host():
    model = OpenAIModel("small", base_url="http://user:pass@127.0.0.1:9/v1", retries=0)
    with pytest.raises(
        ModelError, match=r"127\.0\.0\.1:9 cannot be reached \(Connection refused\)"
    ) as caught:
        asyncio.run(model.ask(QUESTION))
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["localhost:11434/v1", "ftp://here/v1", "nonsense", "http://", "http://[::1", "http://a:b:c/v1"]
)
def test_address_that_is_none_is_said_before_anything_is_sent(url):
    with pytest.raises(ModelError, match="not an http or https address"):
        asyncio.run(OpenAIModel("small", base_url=url).ask(QUESTION))


@pytest.mark.parametrize("key", ["k\u00e9y", "two\nlines"])
def test_malformed_key_is_a_sentence_without_it(endpoint, answers, key):
    endpoint.replies.append(answers.completion("ok"))
    with pytest.raises(ModelError) as caught:
        asyncio.run(OpenAIModel("small", key=key, base_url=endpoint.url, retries=0).ask(QUESTION))
    assert key not in str(caught.value)


def test_hosted_model_without_key_says_which_variable_to_set():
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        asyncio.run(OpenAIModel("small").ask(QUESTION))


def test_client_is_imported_only_for_a_question():
    code = "import sys, modereview.llm as llm; llm.connect('m', False, {}); sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
