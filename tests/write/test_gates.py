"""Which cases stay: those that run, always end the same way, and show what no other shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Case, Finding, Outcome, Severity, Span, Status, Suite, Verdict
from modereview.write import gates

PASSED, FAILED, BROKEN = Status.PASSED, Status.FAILED, Status.BROKEN
BASIC, OTHER, TENTATIVE = "eval_is_deterministic", "eval_leaves_state_alone", "state_dict_round_trip"


def case(name: str, contract: str = OTHER, *proves: str) -> Case:
    return Case(name, f"def {name}(): ...", contract, ("Net",), proves, "builtin" if contract else "fake")


def suite(*cases: Case) -> Suite:
    return Suite(Path("/p/test_train.py"), "", cases)


def runs(**statuses: Status) -> tuple[Outcome, ...]:
    return tuple(Outcome(name, status) for name, status in statuses.items())


def finding(rule: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule, "a-name", severity, "", "train.py", Span(1, 1, 1, 2))


def left(result: Suite) -> list[str]:
    return [each.name for each in result.cases]


def why(result: Suite) -> dict[str, tuple[str, str]]:
    return {each.case: (each.kind, each.reason) for each in result.dropped}


# --- it runs, and always ends the same way


def test_case_that_changes_its_mind_is_flaky():
    repeats = [runs(test_a=PASSED)] * 3 + [runs(test_a=FAILED)] * 2
    result = gates.steady(suite(case("test_a")), repeats)
    assert why(result) == {"test_a": ("flaky", "flaky: passed 3 times, failed 2 times")}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.BROKEN, "could not arrange: boom"),
        (Status.TIMEOUT, "ran out of time: boom"),
        (Status.CRASHED, "crashed: boom"),
    ],
)
def test_case_that_does_not_reach_its_assertion_is_broken(status, words):
    result = gates.steady(suite(case("test_a")), [(Outcome("test_a", status, "boom"),)] * 5)
    assert why(result) == {"test_a": ("broken", words)}


def test_case_that_was_not_run_is_broken():
    assert why(gates.steady(suite(case("test_a")), [()] * 5)) == {"test_a": ("broken", "did not run")}


def test_one_parameter_set_that_breaks_is_too_many():
    first = runs(**{"test_a[Net]": PASSED, "test_a[Gan]": BROKEN})
    assert left(gates.steady(suite(case("test_a")), [first] * 5)) == []


# --- what it says is believed


def test_tentative_case_that_fails_for_no_known_reason_is_not_believed():
    doubtful = suite(case("test_a", TENTATIVE, "MR205"), case("test_b"))
    red = runs(test_a=FAILED, test_b=FAILED)
    assert left(gates.believed(doubtful, red, [finding("MR101")])) == ["test_b"]
    assert left(gates.believed(doubtful, red, [finding("MR205")])) == ["test_a", "test_b"]
    assert left(gates.believed(doubtful, runs(test_a=PASSED), [])) == ["test_a", "test_b"]


def test_own_demand_that_the_mended_file_does_not_meet_is_unfounded():
    own = suite(case("test_a", contract=""), case("test_b"))
    assert left(gates.founded(own, runs(test_a=FAILED, test_b=FAILED))) == ["test_b"]
    assert left(gates.founded(own, runs(test_a=PASSED))) == ["test_a", "test_b"]


def test_case_of_a_method_whose_mode_is_its_callers_is_believed_only_with_a_finding():
    sampled = suite(case("test_a", OTHER, "MR101"))
    red = runs(test_a=FAILED)
    assert left(gates.believed(sampled, red, [], {"Net"})) == []
    assert left(gates.believed(sampled, red, [finding("MR101")], {"Net"})) == ["test_a"]
    assert left(gates.believed(sampled, red, [], {"Gan"})) == ["test_a"]
    assert left(gates.believed(sampled, runs(test_a=PASSED), [], {"Net"})) == ["test_a"]


def test_a_modules_own_methods_that_nothing_calls_are_left_to_callers():
    code = """
import torch
from torch import nn
class Net(nn.Module):
    def forward(self, x): return self.drop(x)
    def sample(self): return self(torch.ones(1)).argmax(1)
    def score(self): return self(torch.ones(1)).argmax(1)
class Trainer:
    def evaluate(self): return self.net(torch.ones(1)).argmax(1)
print(Net().score())
"""
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), code.encode()))
    assert gates.left_to_callers(program) == {"Net.sample"}


def test_what_harms_nothing_is_asked_about_only_where_it_is_mended():
    hidden, note = suite(case("test_a", TENTATIVE, "MR206")), finding("MR206", Severity.NOTE)
    assert why(gates.felt(hidden, runs(test_a=FAILED), [note])) == {
        "test_a": ("useless", "fails for what harms nothing yet")
    }
    assert left(gates.felt(hidden, runs(test_a=PASSED), [note])) == ["test_a"]
    assert left(gates.felt(hidden, runs(test_a=FAILED), [note, finding("MR206")])) == ["test_a"]


def test_where_somebody_else_may_see_to_the_mode_a_red_test_shows_no_fault():
    """`evaluate(model)` is called in another file, which switches: what drives it alone cannot know."""
    left_open = replace(finding("MR101", Severity.NOTE), excused=True)
    assert left(gates.felt(suite(case("test_a", TENTATIVE, "MR101")), runs(test_a=FAILED), [left_open])) == []


def test_note_that_is_never_mended_says_nothing_of_its_test():
    latent = suite(case("test_a", TENTATIVE, "MR101"))
    assert left(gates.felt(latent, runs(test_a=FAILED), [finding("MR101", Severity.NOTE)])) == ["test_a"]


# --- it shows what no other shows


def kept(*cases: Case, before=(), catchers=(), noticing=(), verdicts=()) -> Suite:
    return gates.keep(suite(*cases), before, catchers, noticing, verdicts)


def test_case_that_was_the_first_to_catch_a_mutant_is_kept():
    assert left(kept(case("test_a"), catchers=["test_a"], noticing=["test_a"])) == ["test_a"]


def test_case_whose_mutants_others_caught_goes():
    result = kept(case("test_a"), case("test_b"), catchers=["test_a"], noticing=["test_a", "test_b"])
    assert why(result) == {"test_b": ("useless", "another test shows the same")}


def test_case_that_notices_nothing_goes():
    assert why(kept(case("test_a"))) == {"test_a": ("useless", "shows no fault and notices no mutant")}


def test_basic_case_is_kept_where_it_notices_anything_at_all():
    assert left(kept(case("test_a", BASIC), noticing=["test_a"])) == ["test_a"]
    assert left(kept(case("test_a", BASIC))) == []


def test_case_of_a_model_s_own_is_kept_where_it_notices_anything_at_all():
    assert left(kept(case("test_a", contract=""), noticing=["test_a"])) == ["test_a"]
    assert left(kept(case("test_a", contract=""))) == []


def test_case_that_shows_a_fault_is_kept_without_mutants():
    assert left(kept(case("test_a"), before=runs(test_a=FAILED))) == ["test_a"]


def test_of_two_that_prove_the_same_finding_the_first_is_kept():
    verdict = Verdict(finding("MR201"), "proved", None, ("test_a[Net]", "test_b"))
    red = runs(test_a=FAILED, test_b=FAILED)
    assert left(kept(case("test_a"), case("test_b"), before=red, verdicts=[verdict])) == ["test_a"]


def test_each_finding_keeps_a_case_that_proves_it():
    verdicts = [Verdict(finding(rule), "proved", None, (name,)) for rule, name in (("1", "a"), ("2", "b"))]
    result = kept(case("a"), case("b"), before=runs(a=FAILED, b=FAILED), verdicts=verdicts)
    assert left(result) == ["a", "b"]


def test_one_drop_leaves_the_others_and_earlier_drops():
    start = gates.founded(suite(case("test_0", contract=""), case("test_a")), runs(test_0=FAILED))
    result = gates.keep(start, runs(test_a=PASSED), ["test_b"], [])
    assert list(why(result)) == ["test_0", "test_a"]
