"""The keep rule: a case runs, always ends the same way, and notices a fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview.records import Case, Outcome, Status, Suite
from modereview.write import gates

PASSED, FAILED, BROKEN = Status.PASSED, Status.FAILED, Status.BROKEN


def case(name: str, contract: str = "") -> Case:
    return Case(name, f"def {name}(): ...", contract, ("Net",), (), "builtin" if contract else "fake")


def suite(*cases: Case) -> Suite:
    return Suite(Path("/p/test_train.py"), "", cases)


def runs(**statuses: Status) -> tuple[Outcome, ...]:
    return tuple(Outcome(name, status) for name, status in statuses.items())


def kept(repeats, on_mutants, mended=None, contract="") -> tuple[bool, str]:
    """Whether `test_a` is kept, and else why not."""
    result = gates.keep(suite(case("test_a", contract)), repeats, on_mutants, mended)
    return bool(result.cases), dict(result.dropped).get("test_a", "")


def test_case_that_kills_a_mutant_is_kept():
    assert kept([runs(test_a=PASSED)] * 5, [runs(test_a=PASSED), runs(test_a=FAILED)]) == (True, "")


def test_case_that_shows_a_fault_is_kept_without_mutants():
    assert kept([runs(test_a=FAILED)] * 5, [], mended=runs(test_a=PASSED)) == (True, "")


def test_case_that_passes_everywhere_is_useless():
    assert kept([runs(test_a=PASSED)] * 5, [runs(test_a=PASSED)]) == (
        False,
        "shows no fault and notices no mutant",
    )


@pytest.mark.parametrize("status", [Status.BROKEN, Status.TIMEOUT, Status.CRASHED])
def test_mutant_that_stops_the_test_is_not_killed(status):
    assert not kept([runs(test_a=PASSED)] * 5, [runs(test_a=status)])[0]


def test_case_that_changes_its_mind_is_flaky():
    repeats = [runs(test_a=PASSED)] * 3 + [runs(test_a=FAILED)] * 2
    assert kept(repeats, [runs(test_a=FAILED)]) == (False, "flaky: passed 3 times, failed 2 times")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.BROKEN, "could not arrange: boom"),
        (Status.TIMEOUT, "ran out of time: boom"),
        (Status.CRASHED, "crashed: boom"),
    ],
)
def test_case_that_does_not_reach_its_assertion_is_dropped(status, words):
    assert kept([(Outcome("test_a", status, "boom"),)] * 5, [runs(test_a=FAILED)]) == (False, words)


def test_case_that_was_not_run_is_dropped():
    assert kept([()] * 5, []) == (False, "did not run")


def test_own_demand_that_the_mended_file_does_not_meet_is_unfounded():
    repeats = [runs(test_a=FAILED)] * 5
    words = "fails, and no contract or fix bears it out"
    assert kept(repeats, [], mended=runs(test_a=FAILED)) == (False, words)
    assert kept(repeats, []) == (False, words)


def test_contract_that_fails_is_kept_as_the_proof_of_a_fault():
    assert kept([runs(test_a=FAILED)] * 5, [], mended=runs(test_a=FAILED), contract="eval_is_deterministic")[
        0
    ]


def test_one_parameter_set_that_notices_is_enough():
    first = runs(**{"test_a[Net]": PASSED, "test_a[Gan]": PASSED})
    assert kept([first] * 5, [runs(**{"test_a[Net]": PASSED, "test_a[Gan]": FAILED})])[0]


def test_one_parameter_set_that_breaks_is_too_many():
    first = runs(**{"test_a[Net]": PASSED, "test_a[Gan]": BROKEN})
    assert kept([first] * 5, [runs(**{"test_a[Net]": FAILED})]) == (False, "could not arrange")


def test_one_drop_leaves_the_others_and_earlier_drops():
    start = gates.drop(suite(case("test_0"), case("test_a"), case("test_b")), {"test_0": "before"})
    result = gates.keep(start, [runs(test_a=PASSED, test_b=PASSED)] * 5, [runs(test_a=PASSED, test_b=FAILED)])
    assert [c.name for c in result.cases] == ["test_b"]
    assert [name for name, _ in result.dropped] == ["test_0", "test_a"]
