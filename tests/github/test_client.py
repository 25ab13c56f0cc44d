"""Patience with GitHub's limits, and no write twice."""

from __future__ import annotations

import httpx
import pytest
from modereview.errors import ToolError
from modereview.github.answers import Refused
from modereview.github.client import Client, Unclear
from modereview.github.pull import Pull
from stage.hub import REPOSITORY, Trouble

FILES, TALK = f"/repos/{REPOSITORY}/pulls/7/files", f"/repos/{REPOSITORY}/issues/7/comments"
TOO_FAST = "submitted too quickly"
LIMITED = '{"message": "You have exceeded a secondary rate limit."}'


def test_a_read_is_asked_again_after_a_fault_of_the_server(hub):
    hub.trouble.append(Trouble("GET", "files", 502, times=2))
    assert [item["filename"] for item in hub.client().pages(FILES)] == ["train.py"]
    assert hub.waits == [1.0, 2.0]


def test_a_read_is_asked_again_after_a_broken_connection(hub):
    hub.trouble.append(Trouble("GET", "files", 0))
    assert len(list(hub.client().pages(FILES))) == 1


def test_a_server_that_stays_away_is_a_sentence(hub):
    hub.trouble.append(Trouble("GET", "files", 503, times=9))
    with pytest.raises(ToolError, match="GitHub does not answer GET /repos/octo/train/pulls/7/files"):
        list(hub.client().pages(FILES))


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        (Trouble("POST", "comments", 429, {"retry-after": "7"}), [7.0]),
        (Trouble("POST", "comments", 403, {"retry-after": "3"}, LIMITED), [3.0]),
        (
            Trouble("POST", "comments", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1042"}),
            [43.0],
        ),
        (Trouble("POST", "comments", 403, {}, LIMITED), [60.0]),
        (Trouble("POST", "comments", 429, {}), [60.0]),
        (
            Trouble("POST", "comments", 403, {}, '{"message": "You have triggered an abuse detection."}'),
            [60.0],
        ),
        (Trouble("POST", "comments", 422, {}, '{"errors": [{"code": "abuse", "field": "body"}]}'), [60.0]),
        (Trouble("POST", "comments", 422, {}, f'{{"errors": [{{"message": "was {TOO_FAST}"}}]}}'), [60.0]),
    ],
)
def test_limits_are_waited_for_as_github_says(hub, trouble, waits):
    hub.trouble.append(trouble)
    hub.client().send("POST", TALK, {"body": "x"})
    assert hub.waits == waits
    assert len(hub.comments) == 1


def test_a_limit_of_graphql_is_told_in_an_answer_with_status_200_and_waited_for_too(hub):
    limit = '{"errors": [{"type": "RATE_LIMIT", "message": "API rate limit already exceeded for user 1."}]}'
    hub.trouble.append(Trouble("POST", "graphql", 200, {"retry-after": "9"}, limit))
    assert Pull(hub.client(), REPOSITORY, 7).seen().said == ()
    assert hub.waits == [9.0]


def test_a_refusal_that_quotes_what_was_said_is_no_limit(hub):
    body = '{"message": "Validation Failed", "errors": [{"code": "invalid", "value": "about abuse"}]}'
    hub.trouble.append(Trouble("POST", "comments", 422, body=body))
    with pytest.raises(Refused, match="422"):
        hub.client().send("POST", TALK, {"body": "about abuse"})
    assert hub.waits == []


def test_another_error_of_graphql_is_refused_at_once(hub):
    error = '{"data": {"body": "rate limit"}, "errors": [{"type": "FORBIDDEN", "message": "no"}]}'
    hub.trouble.append(Trouble("POST", "graphql", 200, body=error))
    with pytest.raises(Refused, match="403: no"):
        hub.client().query("query { x }", {})
    assert hub.waits == []


def test_a_limit_longer_than_a_job_is_worth_ends_it(hub):
    hub.trouble.append(Trouble("GET", "files", 429, {"retry-after": "3600"}))
    with pytest.raises(ToolError, match="it goes on where it stopped"):
        list(hub.client().pages(FILES))
    assert hub.waits == []


def test_a_write_that_is_no_limit_is_refused_at_once(hub):
    hub.rights = frozenset()
    with pytest.raises(Refused) as refused:
        hub.client().send("POST", TALK, {"body": "x"})
    assert refused.value.status == 403
    assert "Resource not accessible" in refused.value.reason
    assert hub.waits == []


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_a_write_whose_fate_is_unknown_is_not_sent_again(hub, status):
    hub.trouble.append(Trouble("POST", "comments", status, done=True))
    with pytest.raises(Unclear):
        hub.client().send("POST", TALK, {"body": "x"})
    assert len(hub.comments) == 1


def test_writes_are_a_second_apart(hub):
    client = hub.client()
    for _ in range(3):
        client.send("POST", TALK, {"body": "x"})
    assert hub.waits == [1.0, 1.0]


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://git.example.org/api/v3", "https://git.example.org/api/graphql"),
        ("https://git.example.org/api/v3/", "https://git.example.org/api/graphql"),
    ],
)
def test_an_enterprise_server_has_its_own_addresses(api, graphql):
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(200, json={"data": {}} if "graphql" in str(request.url) else [])

    client = Client(api, "t", httpx.MockTransport(answer))
    client.get("/repos/a/b/pulls/1")
    client.query("query { x }", {})
    assert asked == [f"{api.rstrip('/')}/repos/a/b/pulls/1", graphql]


def test_the_token_is_in_no_word_of_the_client(hub):
    client = hub.client()
    assert "t0ken" not in repr(client)
    hub.trouble.append(Trouble("GET", "files", 401, body='{"message": "Bad credentials"}'))
    with pytest.raises(Refused) as refused:
        list(client.pages(FILES))
    assert "t0ken" not in str(refused.value)


def test_an_answer_that_is_no_json_is_a_sentence(hub):
    hub.trouble.append(Trouble("GET", "files", 200, body="<html>"))
    with pytest.raises(ToolError, match="no JSON"):
        list(hub.client().pages(FILES))
