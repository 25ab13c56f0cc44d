"""Limits of the search are processor time: what waits, on a busy machine too, has more of the clock."""

from __future__ import annotations

import time

import pytest
from modereview.plan.probe.limits import OutOfTime, in_children, seconds


def spin():
    while True:
        pass


def test_waiting_is_not_counted():
    with seconds(0.3):
        time.sleep(0.5)
    assert in_children([("wait", lambda: time.sleep(0.5) or {"slept": True})], 0.3)["wait"] == {"slept": True}


def test_work_is_ended():
    with pytest.raises(OutOfTime, match=r"longer than 0\.2 s"), seconds(0.2):
        spin()


def test_what_waits_for_good_is_ended_as_well():
    with pytest.raises(OutOfTime), seconds(0.1):
        time.sleep(30)


def test_a_child_that_holds_its_own_timer_back_is_ended_by_the_kernel():
    assert in_children([("spin", spin)], 0.1)["spin"]["error"] == "took longer than 0.1 s"


def test_one_child_that_dies_takes_no_other_with_it():
    found = in_children([("bad", lambda: {}["x"]), ("good", lambda: {"fine": 1})], 5.0)
    assert found["good"] == {"fine": 1}
    assert found["bad"]["error"].startswith("KeyError")
