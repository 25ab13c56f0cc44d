"""The host's book-keeping, without a process: nothing but a running case's own outcome is believed."""

import pytest
from modereview.run.cases import Cases
from modereview.run.dispatch import dispatch
from modereview.run.link import Lost
from modereview.run.tasks import Job

CODE = b"def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\n"


def cases(*names, collected=("test_a", "test_b", "test_c")):
    task = Cases(Job({}, "test_it.py", names or None), CODE, 5.0)
    if collected:
        task.hear({"event": "cases", "names": list(collected)})
    return task


def play(task, case, status, message=""):
    task.hear({"event": "start", "case": case})
    task.hear({"event": "outcome", "case": case, "status": status, "message": message, "seconds": 0.1})


def statuses(task):
    return {o.case: o.status.value for o in task.outcomes()}


def test_the_cases_after_a_crash_are_run_again():
    task = cases()
    play(task, "test_a", "passed")
    task.hear({"event": "start", "case": "test_b"})
    assert task.end("crashed", "killed by SIGSEGV")
    assert task.order(2)["names"] == ["test_c"]
    play(task, "test_c", "failed", "no")
    assert not task.end("done", "")
    assert statuses(task) == {"test_a": "passed", "test_b": "crashed", "test_c": "failed"}


@pytest.mark.parametrize(
    ("end", "expected"), [("crashed", "crashed"), ("timeout", "timeout"), ("done", "broken")]
)
def test_an_end_while_loading_is_every_cases(end, expected):
    task = cases(collected=())
    assert not task.end(end, "it ended")
    assert statuses(task) == dict.fromkeys(("test_a", "test_b", "test_c"), expected)


@pytest.mark.parametrize(
    "forged",
    [
        {"event": "outcome", "case": "test_b", "status": "passed", "message": "", "seconds": 0.0},
        {"event": "outcome", "case": "test_a", "status": "verified", "message": "", "seconds": 0.0},
    ],
)
def test_what_is_said_out_of_turn_is_not_believed(forged):
    task = cases()
    task.hear({"event": "start", "case": "test_a"})
    task.hear(forged)
    task.end("crashed", "gone")
    task.end("done", "")
    assert statuses(task) == {"test_a": "crashed", "test_b": "broken", "test_c": "broken"}


def test_the_first_outcome_of_a_case_stands():
    task = cases()
    play(task, "test_a", "failed")
    play(task, "test_a", "passed")
    assert statuses(cases_done(task))["test_a"] == "failed"


def cases_done(task):
    task.end("done", "")
    return task


class Script:
    """A server that answers from a list: events, or a loss."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def send(self, order):
        self.sent.append(order["id"])

    def receive(self, seconds):
        answer = self.answers.pop(0)
        if isinstance(answer, Lost):
            raise answer
        return answer


def end(number, status="done"):
    return {"event": "end", "id": number, "status": status, "message": "m"}


def test_after_a_loss_tasks_run_one_by_one_and_the_blame_falls_on_one():
    first, second = cases(), cases()
    script = Script(Lost("gone"), Lost("gone again"), end(4))
    dispatch([first, second], 2, lambda: script, lambda: None)
    assert script.sent == [1, 2, 3, 4]
    assert [set(statuses(each).values()) for each in (first, second)] in (
        [{"crashed"}, {"broken"}],
        [{"broken"}, {"crashed"}],
    )


def test_events_of_a_task_that_has_ended_are_dropped():
    task = cases()
    script = Script({"event": "start", "id": 9, "case": "test_a"}, end(1))
    dispatch([task], 1, lambda: script, lambda: None)
    assert set(statuses(task).values()) == {"broken"}
