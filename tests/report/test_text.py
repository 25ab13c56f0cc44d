"""The terminal report: what it shows, and what it never claims."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from modereview.records import (
    Event,
    Outcome,
    Recipe,
    Review,
    Severity,
    Span,
    Status,
    Target,
    Unreached,
    Usage,
    Verdict,
)
from modereview.report import Options, formats, render

ZOMBIE = """\
train.py:14:22  error MR102 trains-in-eval-mode: from the second epoch on, `model` trains in eval mode

     5 |     model.eval()
       |     ------------ switched to EVAL here, in `validate` (called at 16) ...
   ...
    12 |     for epoch in range(3):
    13 |         for data in loader:
    14 |             output = model(data)
       |                      ^^^^^^^^^^^ ... and still in EVAL here: nothing calls `model.train()` in between
       = `model` holds BatchNorm1d and Dropout: statistics stop moving, nothing is dropped
       = proved: test_training_runs_in_train_mode failed before the fix, passes after it
       = fixed: call `model.train()` at the start of each epoch, line 13 (safe)

1 error, fixed and proved. 2 tests in tests/test_train_modes.py: 2 pass, 1 of 1 mode mutant caught.
Not run: nothing. Took 4.1 s, offline. Take it back: modereview undo
"""


def shown(*reviews: Review, **options: Any) -> str:
    return render("text", reviews, Options(**options))


def one(review: Review, code: str, line: str, text: str, source: Any, **finding: Any) -> str:
    """The frame of a finding at `text` in a line of another file."""
    column = line.index(text) + 1
    number = code.split("\n").index(line) + 1
    place = Span(number, column, number, column + len(text))
    broken = replace(review.findings[0], span=place, evidence=(), facts=(), **finding)
    return shown(replace(review, source=source(code), findings=(broken,), verdicts=()), quiet=True)


def test_formats_are_found_by_their_files() -> None:
    assert set(formats()) >= {"text", "json", "sarif"}


def test_a_fault_found_proved_and_fixed(zombie: Review) -> None:
    assert shown(zombie) == ZOMBIE


def test_a_clean_file_is_one_line(clean: Review) -> None:
    assert shown(clean) == (
        "train.py: modes are right. "
        "2 tests written to tests/test_train_modes.py, 1 of 1 mode mutant caught.\n"
    )


@pytest.mark.parametrize(
    "gap",
    [
        {"outcomes": ()},
        {"outcomes": (Outcome("test_x", Status.BROKEN, "no recipe"),)},
        {"unreached": (Unreached(Target("module", "Net"), 1, "`depth` is unknown", "Give a recipe."),)},
        {"not_run": ("`cuda` is not here",)},
        {"suite": None, "outcomes": ()},
    ],
)
def test_modes_are_called_right_only_where_everything_ran_and_passed(
    clean: Review, gap: dict[str, Any]
) -> None:
    text = shown(replace(clean, **gap))
    assert "modes are right" not in text
    assert "no mode fault found" in text


def test_targets_that_share_a_reason_are_told_together(full: Review) -> None:
    (first,) = full.unreached
    others = [replace(first, target=Target("module", name)) for name in ("Critic", "Actor")]
    text = shown(replace(full, unreached=(first, *others)))
    told = "`Net`, `Critic` and `Actor` not reached: `cfg.depth` is unknown. Give a recipe."
    assert f"\nNot run: {told}\n" in text


@pytest.mark.parametrize("state", ["suggested", "reported"])
def test_nothing_is_called_proved_or_fixed_but_by_its_verdict(zombie: Review, state: Any) -> None:
    verdict = Verdict(zombie.findings[0], state, zombie.verdicts[0].fix, ("test_x",), "the test stayed red")
    text = shown(replace(zombie, verdicts=(verdict,)))
    assert "= proved:" not in text and "= fixed:" not in text and "verified" not in text
    assert "(not written: the test stayed red)" in text
    assert "not proved" in text


def test_a_static_review_claims_nothing_about_proofs(zombie: Review) -> None:
    verdict = Verdict(zombie.findings[0], "reported", zombie.verdicts[0].fix)
    text = shown(
        replace(zombie, static=True, verdicts=(verdict,), suite=None, outcomes=(), killed=(), written=())
    )
    assert not re.search(r"prove|verif|= fixed|mutant|test", text)
    assert text.endswith("\n1 error.\nNothing was run. Took 4.1 s, offline.\n")


def test_a_proved_fault_without_a_fix_says_why(zombie: Review) -> None:
    case = "test_training_runs_in_train_mode"
    verdict = Verdict(zombie.findings[0], "proved", None, (case,), "no edit turns the test green")
    outcomes = (zombie.outcomes[0], Outcome(case, Status.PASSED, "xfail: MR102 trains-in-eval-mode"))
    text = shown(replace(zombie, verdicts=(verdict,), outcomes=outcomes))
    assert f"= proved: {case} fails on this code\n" in text
    assert "= not fixed: no edit turns the test green\n" in text
    assert "1 passes, 1 fails as marked (xfail)" in text
    assert "Failed:" not in text and "Not explained" not in text


def test_a_test_that_fails_for_no_known_reason_is_told(clean: Review) -> None:
    outcomes = (*clean.outcomes[1:], Outcome("test_model_determinism", Status.PASSED, "xfail: nobody knows"))
    text = shown(replace(clean, outcomes=outcomes))
    assert "Not explained: test_model_determinism fails on this code, and no rule says why.\n" in text
    assert "modes are right" not in text


def test_a_fix_in_a_run_that_writes_nothing_is_not_called_written(zombie: Review) -> None:
    text = shown(replace(zombie, written=()), writes=False)
    assert "= fix: call `model.train()` at the start of each epoch, line 13 (safe, not written)" in text
    assert "2 tests for tests/test_train_modes.py (not written)" in text
    assert "fixed" not in text and "undo" not in text


def test_what_did_not_go_well_is_said(full: Review) -> None:
    outcomes = (*full.outcomes, Outcome("test_slow", Status.TIMEOUT, "took more than 20 s"))
    text = shown(replace(full, outcomes=outcomes))
    for line in (
        "Timed out: test_slow: took more than 20 s",
        "Not caught: `model.eval()` at 5 dropped.",
        "Not run: `Net` not reached: `cfg.depth` is unknown. Give a recipe.",
        "Not run: `export.py` needs onnx.",
        "Internal error in train.py: rule MR999 crashed: KeyError. Please report it.",
        "Warning: no bubblewrap: the network is open.",
    ):
        assert f"\n{line}\n" in text
    assert "Not run: nothing" not in text
    assert "model gpt-x (2 calls, 900 tokens, price unknown; 1 test kept, 1 dropped)" in text


def test_a_models_failure_is_a_warning(zombie: Review) -> None:
    failed = replace(zombie, usage=Usage("gpt-x", error="no answer in 60 s"))
    assert "\nWarning: model gpt-x: no answer in 60 s.\n" in shown(failed)


def test_answers_to_questions_of_before_are_a_warning(zombie: Review) -> None:
    told = [replace(zombie, usage=Usage("gpt-x", cached=2, stale=stale)) for stale in (1, 0)]
    words = "1 of 4 answers of the replay answered a question that reads otherwise today"
    assert f"\nWarning: {words}; record anew with --record.\n" in shown(*told)
    assert "reads otherwise" not in shown(told[1])


def test_quiet_keeps_findings_and_internal_errors_only(full: Review, clean: Review) -> None:
    text = shown(full, quiet=True)
    assert text.startswith("train.py:14:22") and "Internal error" in text
    assert "Took" not in text and "Not run" not in text
    assert shown(clean, quiet=True) == ""


def test_no_review_gives_no_report() -> None:
    assert shown() == ""


def test_several_files_are_named_and_summed_up(zombie: Review, clean: Review) -> None:
    text = shown(zombie, clean)
    assert "\ntrain.py: 1 error, fixed and proved." in text
    assert "\n2 files: 1 error, fixed and proved.\n" in text
    assert text.count("Take it back") == 1


def test_different_fates_are_counted(zombie: Review) -> None:
    other = replace(zombie.findings[0], rule="MR101", severity=Severity.WARNING, index=1)
    review = replace(zombie, verdicts=(*zombie.verdicts, Verdict(other, "suggested")))
    assert "1 error, 1 warning: 1 fixed and proved; 1 fix suggested, not proved." in shown(review)


def test_notes_are_shown_and_do_not_spoil_a_clean_file(clean: Review, finding: Any) -> None:
    note = replace(finding, rule="MR901", severity=Severity.NOTE)
    text = shown(replace(clean, findings=(note,)))
    assert "note MR901" in text and text.endswith("mode mutant caught.\n")
    assert "train.py: modes are right." in text


def test_no_escape_codes_without_colour_and_the_same_words_with_it(full: Review) -> None:
    plain, colored = shown(full), shown(full, color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_long_paths_and_messages_are_never_wrapped(zombie: Review) -> None:
    name = f"{'folder/' * 30}train.py"
    far = replace(zombie.findings[0], source_name=name)
    assert f"{name}:14:22  error MR102" in shown(replace(zombie, findings=(far,), verdicts=()))


def test_control_characters_of_the_file_never_reach_the_terminal(zombie: Review, source: Any) -> None:
    line = "x = model(data)  # \x1b]0;owned\x07 \u202e \x9b"
    text = one(zombie, line, line, "model(data)", source, message="bad \x1b[2J name", source_name="a\rb.py")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert r"\x1b]0;owned\x07 \u202e \x9b" in text and r"a\rb.py" in text and r"bad \x1b[2J name" in text


def test_markup_in_the_file_is_text(zombie: Review, source: Any) -> None:
    line = "x = model(data)  # [bold]no[/] :smile:"
    assert "[bold]no[/] :smile:" in one(zombie, line, line, "model(data)", source)


@pytest.mark.parametrize(
    "line", ["\t\tx = model(data)", "s = '漢字é'; x = model(data)", "s = 'e\u0301'; x = model(data)"]
)
def test_marks_stand_under_their_code(zombie: Review, source: Any, line: str) -> None:
    from rich.cells import cell_len

    rows = one(zombie, line, line, "model(data)", source).split("\n")
    assert cell_len(rows[2].split("model(data)")[0]) == cell_len(rows[3].split("^")[0])
    assert rows[3].count("^") == len("model(data)")


def test_long_lines_are_cut_around_the_mark(zombie: Review, source: Any) -> None:
    line = f"x = [{'1, ' * 200}model(data), {'2, ' * 200}]"
    rows = one(zombie, line, line, "model(data)", source).split("\n")
    assert len(rows[2]) <= 140
    assert rows[2].index("model(data)") == rows[3].index("^")
    assert " | ..." in rows[2] and rows[2].endswith("...")


def test_captions_are_numbered_where_the_chain_runs_up_the_file(zombie: Review) -> None:
    first, context, second = zombie.findings[0].evidence
    called = Event(Span(16, 9, 16, 32), "`validate` is called here")
    chain = replace(zombie.findings[0], evidence=(called, first, context, second))
    text = shown(replace(zombie, findings=(chain,), verdicts=()))
    assert "^ 3. ... and still" in text and "- 2. switched" in text and "- 1. `validate` is called" in text


def test_a_span_of_several_lines_is_marked_on_its_first(zombie: Review) -> None:
    wide = replace(zombie.findings[0], span=Span(13, 9, 15, 30), evidence=())
    text = shown(replace(zombie, findings=(wide,), verdicts=()))
    assert "    13 |         for data in loader:\n       |         ^^^^^^^^^^^^^^^^^^^\n" in text


def test_many_proofs_are_counted_and_listed_with_verbose(zombie: Review) -> None:
    cases = ("test_a", "test_b", "test_c", "test_d")
    review = replace(zombie, verdicts=(replace(zombie.verdicts[0], proved_by=cases),))
    assert "= proved: test_a, test_b and 2 more failed before the fix, pass after it" in shown(review)
    assert "test_c and test_d failed" in shown(review, verbose=True)


def test_what_was_tried_before_a_recipe_passed_is_told_with_verbose(zombie: Review) -> None:
    recipe = Recipe(Target("module", "Net"), (), tried=1, trials=("Net(7): TypeError: no size",))
    told = "Tried for `Net`: Net(7): TypeError: no size"
    review = replace(zombie, reached=(recipe,))
    assert told in shown(review, verbose=True) and told not in shown(review)
