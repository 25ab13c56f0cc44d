"""What is typed for a script, told by what its command line complains of."""

from __future__ import annotations

import pytest
from modereview.plan.probe.typing_in import retyped


@pytest.mark.parametrize(
    ("typed", "complaint", "words"),
    [
        (("x",), "error: the following arguments are required: net, --data/-d", ("x", "x", "--data", "x")),
        (
            ("--net", "x", "x"),
            "error: argument --net/-n: invalid choice: 'x' (choose from 'fcn', 'psp')",
            ("--net", "fcn", "x"),
        ),
        (("x",), "error: argument net: invalid choice: 'x' (choose from fcn, psp)", ("fcn",)),
        (("x", "x"), "error: argument k: invalid int value: 'x'", ("2", "x")),
        (("x",), "Error: Invalid value for 'NET': 'x' is not one of 'a-1', 'b'.", ("a-1",)),
        (("--out", "x"), "Error: Invalid value for '--out': Path 'x' does not exist.", ("--out", ".")),
        ((), "Error: Invalid value for '--data': Path '' does not exist.", ("--data", ".")),
        ((), "Error: Missing option '--name'.", ("--name", "x")),
        ((), "error: one of the arguments -n/--steps -e/--epochs is required", ("-n", "x")),
        (("x",), "error: argument do: invalid choice: 'x' (choose from 'show', 'train')", ("train",)),
        ((), "Error: Missing argument 'OUTPUT'.", ("x",)),
    ],
)
def test_what_was_complained_of_is_typed_otherwise(typed, complaint, words):
    assert retyped(typed, complaint) == words


def test_other_complaints_ask_for_nothing():
    assert retyped(("x",), "error: unrecognized arguments: x") is None
