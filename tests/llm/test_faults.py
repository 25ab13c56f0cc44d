"""Every way in which an endpoint can fail is one sentence: what happened, where, what to do next."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import socket
import ssl
import struct
import time
from dataclasses import replace

import pytest
from modereview.llm import ModelError
from modereview.llm.client import OpenAIModel

KEY = "sk-very-secret"
YES = '{"word": "yes", "reasons": []}'


@pytest.fixture
def failure(endpoint, question):
    """The error that these replies lead to; its text is a sentence without the key."""

    def failed(*replies, **settings) -> ModelError:
        endpoint.replies[:] = replies
        model = OpenAIModel("small", key=KEY, base_url=endpoint.url, **settings)
        with pytest.raises(ModelError) as caught:
            asyncio.run(model.ask(question()))
        sentence = str(caught.value)
        assert sentence.endswith((".", '"')) and "\n" not in sentence
        assert KEY not in sentence
        return caught.value

    return failed


@pytest.mark.parametrize(
    ("status", "words", "lasting"),
    [
        (400, "refused the request (400)", False),
        (401, "check OPENAI_API_KEY", True),
        (403, "does not let this key use small", True),
        (404, "knows no model small", True),
        (413, "refused the request (413)", False),
        (429, "takes no more requests now", True),
        (500, "failed (500)", True),
        (502, "failed (502)", True),
        (529, "failed (529)", True),
    ],
)
def test_refusal_says_what_to_do(failure, answers, status, words, lasting):
    error = failure(answers.refusal(status, f"Bad \x1b[31m key {KEY}"))
    assert words in str(error)
    assert 'It says: "Bad [31m key ***"' in str(error)
    assert error.lasting is lasting


def test_busy_endpoint_is_asked_again_when_it_says(endpoint, answers, question):
    endpoint.replies = [answers.refusal(429, retry_after="1"), answers.completion(YES)]
    began = time.monotonic()
    asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url).ask(question()))
    assert len(endpoint.requests) == 2 and time.monotonic() - began >= 1


def test_wait_that_an_endpoint_asks_for_is_no_time_out(endpoint, answers, question):
    endpoint.replies = [answers.refusal(429, retry_after="2"), answers.completion(YES)]
    model = OpenAIModel("small", key=KEY, base_url=endpoint.url, timeout=0.5, retries=1)
    assert asyncio.run(model.ask(question())).value.word == "yes"


def test_wait_of_an_hour_is_not_waited_for(failure, answers):
    began = time.monotonic()
    assert "takes no more requests now" in str(failure(answers.refusal(429, retry_after="3600")))
    assert time.monotonic() - began < 30


def test_busy_endpoint_that_does_not_say_how_long_is_asked_again(endpoint, answers, question):
    busy = replace(answers.refusal(429), headers=())
    endpoint.replies = [busy, answers.completion(YES)]
    began = time.monotonic()
    asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url).ask(question()))
    assert len(endpoint.requests) == 2 and time.monotonic() - began >= 0.3  # the client's own backoff


@pytest.mark.parametrize("status", [429, 500, 502, 529])
def test_failure_that_passes_is_asked_again(endpoint, answers, question, status):
    endpoint.replies = [answers.refusal(status), answers.completion(YES)]
    asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url).ask(question()))
    assert len(endpoint.requests) == 2


ECHO = json.dumps({"model": "small", "messages": [{"role": "user", "content": "Ready?"}]})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>Sign in</html>", "text/html"),
        ("", "text/plain"),
        ("", "application/json"),
        ("{}", "application/json"),
        ("null", "application/json"),
        ("[]", "application/json"),
        ('{"choices": [', "application/json"),
        ('{"choices": 3}', "application/json"),
        ('{"choices": [{}]}', "application/json"),
        ('{"choices": [{"message": "hello"}]}', "application/json"),
        (ECHO, "application/json"),  # a proxy that sends back what it was sent
        (ECHO, "text/html"),
        ("[" * 100_000, "application/json"),
    ],
)
def test_what_is_no_completion_is_said_so(failure, answers, body, content_type):
    assert failure(answers.Reply(body, 200, content_type), retries=0)


def test_completion_under_a_wrong_content_type_is_taken(endpoint, answers, question):
    endpoint.replies = [answers.Reply(answers.completion(YES).body, content_type="text/plain")]
    answer = asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url).ask(question()))
    assert answer.value.word == "yes"


@pytest.mark.parametrize("text", [None, "", "  \n", 7])
def test_empty_answer_ends_only_its_own_question(failure, answers, text):
    error = failure(answers.completion(text))
    assert "gave an empty answer" in str(error) and not error.lasting


def test_no_choices_is_an_empty_answer(failure, answers):
    assert "empty answer" in str(failure(answers.Reply('{"choices": []}')))


@pytest.mark.parametrize(
    ("text", "ended", "message", "words"),
    [
        (None, "stop", {"refusal": "I cannot help with that."}, "declined to answer"),
        ("Half of", "content_filter", {}, "held back by a content filter"),
        (None, "tool_calls", {"tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "shell", "arguments": "{}"}}]},
            "called a tool that nobody offered"),
        ("", "length", {}, "reached its length limit"),
    ],
)  # fmt: skip
def test_no_text_is_told_by_its_reason(failure, answers, text, ended, message, words):
    error = failure(answers.completion(text, ended=ended, **message))
    assert words in str(error) and not error.lasting


@pytest.mark.parametrize(
    "text",
    [
        "I would rather talk about the weather.",
        '{"word": 7, "reasons": []}',
        '{"wort": "yes", "reasons": []}',
        '{"word": "yes"',
    ],
)
def test_answer_without_sense_is_unreadable_and_not_the_end(failure, answers, text):
    error = failure(answers.completion(text))
    assert "could not be read" in str(error) and not error.lasting


def test_long_page_of_a_proxy_is_not_repeated(failure, answers):
    error = failure(answers.Reply("<html>" + "x" * 9000, 502, "text/html"), retries=0)
    assert len(str(error)) < 200


def test_answer_longer_than_any_of_ours_is_refused(failure, answers):
    assert "longer than" in str(failure(answers.completion("x" * 300_000)))


def test_reply_without_an_end_is_cut_off(failure, answers):
    def pour(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        for _ in range(64):
            handler.wfile.write(b" " * 2**20)

    assert "sent more than any answer needs" in str(failure(answers.Reply("", send=pour), retries=0))


def test_endpoint_that_hangs_is_given_up(failure, answers):
    error = failure(answers.Reply("{}", delay=1.0), timeout=0.1, retries=0)
    assert "did not answer in time" in str(error)


def test_endpoint_that_drips_is_given_up(failure, answers):
    def drip(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    assert "did not answer in time" in str(failure(answers.Reply("", send=drip), timeout=0.2, retries=1))


def test_connection_that_breaks_in_the_middle_is_said(failure, answers):
    def break_off(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')
        handler.wfile.flush()
        handler.connection.close()

    assert "cannot be reached" in str(failure(answers.Reply("", send=break_off), retries=0))


def test_connection_that_is_reset_is_said(failure, answers):
    def reset(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.flush()
        # Nothing lingers: the socket sends RST, not FIN. `detach` keeps the server from closing it again.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(handler.connection.detach())

    assert "cannot be reached (Connection reset" in str(failure(answers.Reply("", send=reset), retries=0))


def test_connection_that_breaks_once_is_made_again(endpoint, answers, question):
    broken = answers.Reply("", send=lambda handler: handler.connection.close())
    endpoint.replies = [broken, answers.completion(YES)]
    asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url, retries=1).ask(question()))
    assert len(endpoint.requests) == 2


def test_refused_connection_names_the_host(question):
    model = OpenAIModel("small", base_url="http://user:pass@127.0.0.1:9/v1", retries=0)
    with pytest.raises(
        ModelError, match=r"127\.0\.0\.1:9 cannot be reached \(Connection refused\)"
    ) as caught:
        asyncio.run(model.ask(question()))
    assert "pass" not in str(caught.value)


def test_expired_certificate_is_said_so(serving, question, tmp_path, monkeypatch):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=past).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with serving(context) as endpoint, pytest.raises(ModelError, match="certificate has expired"):
        asyncio.run(OpenAIModel("small", key=KEY, base_url=endpoint.url, retries=0).ask(question()))
