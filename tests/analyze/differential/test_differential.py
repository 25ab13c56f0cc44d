"""The flow's answer, held against what generated programs do when they run."""

from __future__ import annotations

from differential.comparison import Tally, compare

PROGRAMS = 2_000


def test_the_flow_says_what_programs_do():
    tally = Tally()
    compare(tally, PROGRAMS)
    print(tally)
    assert tally.given_up == 0
    assert tally.share >= 0.9
