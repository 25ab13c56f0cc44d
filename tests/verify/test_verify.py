"""What is proved: red before, green after, and nothing else changed."""

from __future__ import annotations

import pytest
from modereview.records import (
    Case,
    Dropped,
    Finding,
    Fix,
    Outcome,
    Severity,
    Span,
    Status,
    Verdict,
)
from modereview.verify import (
    Comparison,
    caught_by,
    compare,
    confirm,
    expected_failures,
    proved_fix,
    red,
    without_dropped,
    without_fix,
)

LETTERS = {
    "p": Status.PASSED,
    "f": Status.FAILED,
    "b": Status.BROKEN,
    "t": Status.TIMEOUT,
    "c": Status.CRASHED,
}


def outcomes(letters: str) -> list[Outcome]:
    """One outcome for each letter; the cases are named by their place: "0", "1", ..."""
    return [Outcome(str(i), LETTERS[letter]) for i, letter in enumerate(letters)]


def finding(rule: str = "MR102") -> Finding:
    return Finding(rule, "trains-in-eval-mode", Severity.ERROR, "m", "train.py", Span(1, 1, 1, 2))


FIX = Fix(finding(), "call `model.train()`", (), 1)


@pytest.mark.parametrize(
    ("before", "after", "turned", "spoiled"),
    [
        ("fp", "pp", ("0",), ()),
        ("ff", "pf", ("0",), ()),
        ("ff", "pp", ("0", "1"), ()),
        ("pp", "pp", (), ()),
        ("fp", "pf", ("0",), ("1",)),
        ("fp", "pb", ("0",), ("1",)),
        ("f", "b", (), ("0",)),
        ("f", "t", (), ("0",)),
        ("b", "p", (), ("0",)),
        ("b", "b", (), ()),
        ("fp", "p", ("0",), ("1",)),
    ],
)
def test_a_comparison(before: str, after: str, turned: tuple[str, ...], spoiled: tuple[str, ...]):
    assert compare(outcomes(before), outcomes(after)) == Comparison(turned, spoiled)


@pytest.mark.parametrize(
    ("comparison", "proves"),
    [
        (Comparison(("a",), ()), True),
        (Comparison((), ()), False),
        (Comparison(("a",), ("b",)), False),
    ],
)
def test_what_proves_a_fix(comparison: Comparison, proves: bool):
    assert comparison.proves is proves


def test_only_a_failed_assertion_is_red():
    assert red(outcomes("pfbtc")) == ("1",)


def test_a_mutant_is_caught_by_the_first_case_whose_assertion_fails():
    assert caught_by(outcomes("pbff")) == "2"
    assert caught_by([Outcome("test_a[Net]", Status.FAILED)]) == "test_a"
    assert caught_by(outcomes("pbtc")) == ""


def test_a_verdict_names_no_case_that_was_not_kept():
    verdict = proved_fix(finding(), FIX, Comparison(("0", "1"), ()))
    dropped = Dropped("0", "another test shows the same", "useless")
    assert without_dropped([verdict], [dropped])[0].proved_by == ("1",)


@pytest.mark.parametrize(("fix", "state"), [(FIX, "suggested"), (None, "reported")])
def test_a_verdict_whose_last_case_was_not_kept_claims_no_proof(fix: Fix | None, state: str):
    made = (
        proved_fix(finding(), fix, Comparison(("0[A]",), ()))
        if fix
        else without_fix(finding(), ("0",), fix, "")
    )
    (left,) = without_dropped([made], [Dropped("0", "could not arrange", "broken")])
    assert (left.state, left.proved_by) == (state, ())
    assert left.reason


def test_a_fix_without_a_case_is_not_confirmed():
    (verdict,) = confirm([Verdict(finding(), "fixed", FIX)], outcomes("f"), outcomes("p"))
    assert verdict.state == "suggested"


def test_a_fix_that_is_not_proved_gets_no_verdict():
    with pytest.raises(ValueError, match="not proved"):
        proved_fix(finding(), FIX, Comparison((), ()))


@pytest.mark.parametrize(
    ("shown", "fix", "state"),
    [((), None, "reported"), (("0",), None, "proved"), (("0",), FIX, "suggested"), ((), FIX, "suggested")],
)
def test_the_verdict_on_what_stays(shown: tuple[str, ...], fix: Fix | None, state: str):
    verdict = without_fix(finding(), shown, fix, "why")
    assert (verdict.state, verdict.proved_by, verdict.fix, verdict.reason) == (state, shown, fix, "why")


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [("f", "p", "fixed"), ("p", "p", "suggested"), ("f", "f", "suggested"), ("b", "p", "suggested")],
)
def test_pytest_has_the_last_word(before: str, after: str, state: str):
    proved = proved_fix(finding(), FIX, Comparison(("0",), ()))
    (verdict,) = confirm([proved], outcomes(before), outcomes(after))
    assert verdict.state == state
    assert bool(verdict.reason) is (state == "suggested")


def test_pytest_takes_nothing_from_what_was_not_fixed():
    left = without_fix(finding(), ("0",), None, "no automatic fix")
    assert confirm([left], outcomes("p"), outcomes("p")) == (left,)


def test_an_expected_failure_names_the_rule_that_it_shows():
    cases = [
        Case("0", "", "c", ("Net",), ("MR102", "MR103"), "builtin"),
        Case("1", "", "c", (), (), "builtin"),
    ]
    left = without_fix(finding(), (), None, "")
    fixed = Verdict(finding("MR103"), "fixed", FIX, ("0",))
    found = [Outcome("0[Net]", Status.FAILED), Outcome("1", Status.FAILED), Outcome("2", Status.PASSED)]
    assert expected_failures([left, fixed], found, cases) == {
        "0[Net]": "MR102 trains-in-eval-mode",
        "1": "fails, and the analysis does not know why",
    }
