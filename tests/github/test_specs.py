"""GitHub's own descriptions of its API. Each test with the fake holds its requests to them as well."""

from __future__ import annotations

import httpx
import pytest
from graphql import build_schema, parse, validate
from modereview.github import graphql
from stage import specs

pytestmark = pytest.mark.skipif(bool(specs.MISSING), reason=specs.MISSING)
DOCUMENTS = ("THREADS", "COMMENTS", "MINIMIZE", "RESTORE", "RESOLVE", "REOPEN")


@pytest.fixture(scope="module")
def schema():
    return build_schema(specs.graphql_schema(), assume_valid=True)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_graphql_document_is_valid(schema, name):
    assert validate(schema, parse(getattr(graphql, name))) == []


def test_a_wrong_graphql_document_would_be_noticed(schema):
    assert validate(schema, parse(graphql.THREADS.replace("isResolved", "isSolved")))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("reviews", {"event": "COMMENT", "comments": [{"path": 1, "body": "x"}]}),
        ("reviews", {"event": "SPEAK"}),
        ("comments", {"body": "x", "path": "a.py"}),
        ("nothing", {}),
    ],
)
def test_a_wrong_request_would_be_noticed(rest, path, body):
    request = httpx.Request("POST", f"https://api.github.test/repos/o/r/pulls/7/{path}", json=body)
    assert rest.violations([request])
