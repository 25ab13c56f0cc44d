"""What errors say of the data that they met, in the words of PyTorch."""

from __future__ import annotations

import pytest
from modereview.plan.probe import messages


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("RuntimeError: 0D or 1D target tensor expected, multi-target not supported", "class"),
        ("RuntimeError: expected scalar type Long but found Float", "class"),
        ("RuntimeError: Found dtype Long but expected Float", "same"),
        ("RuntimeError: Expected floating point type for target with class probabilities, got Long", "same"),
        ("RuntimeError: all elements of input should be between 0 and 1", "unit"),
        ("IndexError: Target 7 is out of bounds.", "pair"),
        ("IndexError: too many indices for tensor of dimension 1", "labels"),
    ],
)
def test_a_loss_says_which_targets_it_takes(error, kind):
    assert kind in messages.targets_wanted(error)


def test_other_errors_ask_for_no_target():
    assert messages.targets_wanted("KeyError: 'x'") == ()


@pytest.mark.parametrize(
    ("error", "sample"),
    [
        ("RuntimeError: shape '[-1, 28, 28]' is invalid for input of size 12288", (28, 28)),
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x32 and 128x10)", (128,)),
        ("RuntimeError: shape '[4, -1]' is invalid for input of size 10", ()),
    ],
)
def test_the_sizes_of_a_sample_that_were_wanted(error, sample):
    assert messages.sample_wanted(error) == sample


def test_a_picture_is_as_large_as_what_comes_of_it_should_be():
    error = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x512 and 25088x4096)"
    assert messages.sample_wanted(error, (3, 32, 32)) == (3, 224, 224)
    flat = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x3072 and 784x10)"
    assert messages.sample_wanted(flat, (3, 32, 32)) == (784,)


def test_a_first_layer_says_how_many_channels_it_wants():
    error = "RuntimeError: expected input[4, 3, 32, 32] to have 1 channels, but got 3 channels instead"
    assert messages.sample_wanted(error, (3, 32, 32)) == (1, 32, 32)
    assert messages.sample_wanted(error, (3, 64, 64)) == ()  # a layer further in


@pytest.mark.parametrize(
    "few", ["not enough values to unpack (expected 3, got 2)", "too many values to unpack (expected 3)"]
)
def test_into_how_many_parts_an_item_is_taken(few):
    assert messages.parts_wanted(f"ValueError: {few}") == 3


def test_a_picture_that_is_too_small_gets_the_usual_side():
    error = "Given input size: (512x1x1). Calculated output size: (512x-5x-5). Output size is too small"
    assert messages.sample_wanted(error, (3, 32, 32)) == (3, 224, 224)
    assert messages.sample_wanted(error, (3, 224, 224)) == ()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("AttributeError: 'DataLoader' object has no attribute 'next_batch'", True),
        ("AttributeError: 'list' object has no attribute 'dataset'", False),
        ("ValueError: too many values to unpack (expected 2)", True),
        ("TypeError: make_grid() got an unexpected keyword argument 'range'", True),
        ("RuntimeError: expected scalar type Long but found Float", False),
    ],
)
def test_what_no_other_tensors_would_mend(error, expected):
    assert messages.of_code(error) is expected
