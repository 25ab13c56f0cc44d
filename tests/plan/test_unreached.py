"""What is said of a target that nothing reached: the reason, and one step that may help."""

from __future__ import annotations

import pytest
from modereview.plan.recipes import IDLE, mocked, own_run_told, unreached
from modereview.records import Target

STEP = Target("scenario", "Trainer.step", ("Trainer.step",))
OWN = Target("scenario", "train.py", ("",))


def missed(error, target=STEP):
    return unreached(target, {"error": error, "tried": 3})


@pytest.mark.parametrize(
    ("error", "did"),
    [
        ("TypeError: 'Mock' object is not iterable", "a mock did not do"),
        ("ValueError: optimizer got an empty parameter list", "a mock stood in for it, which may be why"),
    ],
)
def test_a_mock_is_blamed_for_no_more_than_is_known(error, did):
    told = mocked(missed(error), ("lightning.metrics", "cv2"))
    assert told.error == error
    assert told.hint == (
        f"This Python cannot import `lightning.metrics`; {did}: give one that can with --python PATH."
    )


def test_weights_that_would_be_downloaded():
    error = "OSError: We couldn't connect to 'https://huggingface.co' to load the files"
    assert missed(error).hint.startswith("Nothing is downloaded: give the model by its configuration")


def test_options_of_another_kind():
    hint = missed("TypeError: 'types.SimpleNamespace' object is not subscriptable").hint
    assert hint.startswith("What stands in for the options of `Trainer.step` does not do")


def test_where_no_model_can_be_built_the_end_of_the_own_run_says_more():
    lost = missed("no model of this file could be built")
    told = own_run_told(lost, missed("KeyError: 'lr'", OWN))
    assert told.error == "in the script's own run: KeyError: 'lr'"


def test_a_file_that_runs_nothing_by_itself_is_not_told_as_a_run():
    lost = missed("no model of this file could be built")
    assert own_run_told(lost, missed(IDLE, OWN)) == lost
    assert lost.hint.startswith("Build one in this file, under `if __name__`")
