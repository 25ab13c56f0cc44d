"""The posting command, from the files it is given to what it says in the log."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from jsonschema import Draft7Validator
from modereview.errors import InputError
from modereview.github import handover as handovers
from modereview.github.arguments import parse
from modereview.github.event import read
from modereview.github.posting import post
from stage.hub import DEFAULT
from stage.made import HEAD, handover, told
from stage.runner import ROOT

SCHEMA = json.loads((ROOT / "tests" / "report" / "schemas" / "sarif-2.1.0.json").read_text())


def event_of_pull_request(head=HEAD, owner="octo"):
    source = {"full_name": f"{owner}/train"}
    return {
        "repository": {"full_name": "octo/train"},
        "pull_request": {
            "number": 7,
            "head": {"sha": head, "ref": "topic", "repo": source, "user": {"login": owner}},
            "base": {"sha": "b" * 40},
        },
    }


def event_of_run(head=HEAD, branch="topic", kind="pull_request"):
    run = {
        "event": kind,
        "head_sha": head,
        "head_branch": branch,
        "head_repository": {"full_name": "stranger/train", "owner": {"login": "stranger"}},
        "pull_requests": [],
    }
    return {"repository": {"full_name": "octo/train"}, "workflow_run": run}


@pytest.fixture
def posted(hub, tmp_path):
    """Runs the command against the fake; gives the log."""

    def run(event=None, handed=None, words=()):
        (tmp_path / "event.json").write_text(json.dumps(event or event_of_pull_request()))
        handovers.write(handed or handover(told()), tmp_path / "h.json")
        arguments = parse(
            ["--event", str(tmp_path / "event.json"), "--post", str(tmp_path / "h.json"), *words]
        )
        log = []
        assert post(arguments, read(arguments.event), log.append, hub.client()) == 0
        return log

    return run


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")


def test_comments_summary_and_check_are_posted(hub, posted):
    posted()
    assert (len(hub.threads), len(hub.comments), len(hub.checks)) == (1, 1, 1)


def test_after_a_run_of_a_fork_the_api_says_which_pull_request_it_is(hub, posted):
    hub.fork = True
    posted(event_of_run())
    assert len(hub.threads) == 1


def test_a_branch_name_is_data(hub, posted):
    hub.fork, hub.branch = True, "a&state=closed#../x"
    posted(event_of_run(branch=hub.branch))
    assert len(hub.threads) == 1


def test_a_run_of_a_closed_pull_request_posts_nothing(hub, posted):
    with pytest.raises(InputError, match="No open pull request has its head at"):
        posted(event_of_run())
    assert hub.threads == []


def test_a_run_of_another_event_posts_nothing(posted):
    with pytest.raises(InputError, match="not about a pull request"):
        posted(event_of_run(kind="push"))


def test_a_pull_request_that_moved_on_is_left_to_its_next_run(hub, posted):
    hub.head = "9" * 40
    assert posted() == ["The pull request has moved on: the run of its new head will speak."]
    assert hub.threads == []


def test_a_token_that_may_only_read_degrades_and_fails_nothing(hub, posted):
    hub.rights = frozenset()
    log = posted()
    assert log[0].startswith("No comments: the token may not write them (Resource not accessible")
    assert log[1].startswith("No check was written (403")


def test_the_check_alone_can_be_asked_for(hub, posted):
    posted(words=["--no-comments"])
    assert (hub.threads, hub.comments, len(hub.checks)) == ([], [], 1)


def test_a_dry_run_writes_nothing(hub, posted):
    log = posted(words=["--dry-run"])
    assert log[0].startswith("--- new comment at train.py:13\n")
    assert {request.method for request in hub.requests if "graphql" not in request.url.path} == {"GET"}


def test_a_sarif_report_goes_to_code_scanning(hub, posted):
    assert "The SARIF report is with code scanning." in posted(words=["--code-scanning"])
    (body,) = hub.uploads
    assert (body["commit_sha"], body["ref"]) == (HEAD, "refs/pull/7/head")
    sarif = json.loads(gzip.decompress(base64.b64decode(body["sarif"])))
    Draft7Validator(SCHEMA).validate(sarif)
    (result,) = sarif["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("MR102", "error")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 14, "endLine": 14}
    assert len(result["codeFlows"][0]["threadFlows"][0]["locations"]) == 2
    rule = sarif["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == "MR102"
    assert "Wrong:" in rule["help"]["markdown"]


def test_where_code_scanning_is_off_that_is_said(hub, posted):
    hub.scanning = False
    assert any("Code scanning is not enabled" in line for line in posted(words=["--code-scanning"]))


def test_fixes_are_pushed_where_asked_for(hub, posted):
    hub.rights = DEFAULT | {"contents"}
    log = posted(words=["--push-fixes"])
    assert "There is no proved fix to push." in log


def test_without_a_token_it_says_how_to_give_one(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GH_TOKEN", raising=False)
    (tmp_path / "event.json").write_text(json.dumps(event_of_pull_request()))
    handovers.write(handover(told()), tmp_path / "h.json")
    arguments = parse(["--event", str(tmp_path / "event.json"), "--post", str(tmp_path / "h.json")])
    with pytest.raises(InputError, match="GITHUB_TOKEN: "):
        post(arguments, read(arguments.event), print)
