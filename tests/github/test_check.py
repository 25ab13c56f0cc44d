"""The check at the pull request's head."""

from __future__ import annotations

import pytest
from modereview.github.check import check, fails
from modereview.github.pull import Pull
from stage.hub import NUMBER, REPOSITORY, Trouble
from stage.made import HEAD, reported, told


def checked(hub, *found, fail_on="error", page="What was found."):
    check(Pull(hub.client(), REPOSITORY, NUMBER), HEAD, found, page, fail_on)


def test_a_finding_is_a_note_at_its_line(hub):
    checked(hub, told())
    (run,) = hub.checks
    (note,) = run["annotations"]
    assert (run["status"], run["conclusion"], run["head_sha"]) == ("completed", "failure", HEAD)
    assert (note["path"], note["start_line"], note["annotation_level"]) == ("train.py", 14, "failure")
    assert note["message"].splitlines()[1] == "line 5: switched to EVAL here, in `validate`"


@pytest.mark.parametrize(
    ("severity", "fail_on", "conclusion"),
    [
        ("error", "error", "failure"),
        ("warning", "error", "neutral"),
        ("warning", "warning", "failure"),
        ("error", "never", "neutral"),
        ("note", "warning", "success"),
    ],
)
def test_its_mark_goes_by_fail_on(hub, severity, fail_on, conclusion):
    found = reported(severity=severity)
    checked(hub, found, fail_on=fail_on)
    assert hub.checks[0]["conclusion"] == conclusion
    assert fails([found], fail_on) is (conclusion == "failure")


def test_a_clean_change_gets_a_clean_mark(hub):
    checked(hub)
    assert hub.checks[0]["conclusion"] == "success"


def test_annotations_go_fifty_a_request(hub):
    checked(hub, *(told(n) for n in range(120)))
    assert len(hub.checks[0]["annotations"]) == 120
    assert [
        len(body["output"]["annotations"]) for body in hub.sent("PATCH", "check-runs") if "output" in body
    ] == [50, 20]


def test_what_is_too_much_is_said(hub):
    checked(hub, *(told(n) for n in range(510)))
    assert len(hub.checks[0]["annotations"]) == 500
    assert "Not at their lines: 10 more findings." in hub.sent("POST", "check-runs")[0]["output"]["summary"]


def test_the_same_check_is_written_once(hub):
    checked(hub, told())
    checked(hub, told())
    assert len(hub.checks) == 1


def test_a_check_that_was_cut_off_is_written_anew(hub):
    from modereview.github.client import Unclear

    hub.trouble.append(Trouble("PATCH", "check-runs", 502))
    with pytest.raises(Unclear):
        checked(hub, told())
    checked(hub, told())
    assert [(run["status"], run["conclusion"]) for run in hub.checks] == [
        ("completed", "cancelled"),
        ("completed", "failure"),
    ]


def test_a_running_job_of_the_same_name_is_left_alone(hub):
    job = {"id": 99, "name": "modereview", "head_sha": HEAD, "status": "in_progress", "external_id": "3f2a"}
    hub.checks.append(job)
    checked(hub, told())
    assert hub.checks[0]["status"] == "in_progress"
