"""What an argument is, as far as its name says it."""

from __future__ import annotations

import pytest
from modereview.plan.kinds import kind_of
from modereview.plan.probe.sizes import number
from modereview.plan.uses import Uses


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("num_inputs", "count"),
        ("num_labels", "count"),
        ("num_epochs", "epochs"),
        ("test_inputs", "input"),
        ("best_val_loss", "count"),
        ("val_loss", "criterion"),
        ("batch_labels", "target"),
    ],
)
def test_how_many_there_are_is_a_number(name, kind):
    assert kind_of(name, None, Uses()) == kind


def test_what_is_kept_by_name_is_no_data_and_no_loss():
    by_phase = Uses(keys=("train", "val"))
    assert kind_of("dataset_sizes", None, by_phase) == kind_of("history_loss", None, by_phase) == "mapping"
    assert kind_of("datasets", None, Uses(keys=("train",), iterated=True, unpacked=2)) == "loader"


def test_data_whose_attributes_are_read_is_an_object():
    assert kind_of("data", None, Uses(attrs=frozenset({"dev_ids", "vocabulary"}))) == "args"


def test_how_many_inputs_a_layer_takes():
    assert number("num_inputs") == number("hidden_size")


def test_data_that_is_taken_for_a_tensor_is_one():
    assert kind_of("data", None, Uses()) == "dataset"
    assert kind_of("data", None, Uses(methods=frozenset({"permute"}))) == "input"


def test_options_go_by_the_name_of_an_optimizer():
    assert kind_of("opt", None, Uses(attrs=frozenset({"warm_up"}))) == "args"
    assert kind_of("opt", None, Uses(attrs=frozenset({"param_groups", "step"}))) == "optimizer"
