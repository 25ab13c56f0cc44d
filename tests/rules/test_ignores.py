"""Comments that take findings back, and the note for those that take nothing back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from modereview.records import Program
from modereview.rules import check, look

Look: TypeAlias = Callable[[str], Program]

SCRIPT = """\
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def forward(self, x):
        x = F.dropout(x, 0.5){first}
        return F.dropout(
            x,
            0.5,
        ){second}
"""


def script(first: str = "", second: str = "", head: str = "") -> str:
    return head + SCRIPT.format(first=first and f"  {first}", second=second and f"  {second}")


def told(program: Look, text: str) -> list[str]:
    """The findings as "rule line"."""
    return [f"{finding.rule} {finding.span.line}" for finding in check(program(text))]


def message(program: Look, text: str) -> str:
    """What the one note on an ignore says."""
    (note,) = [finding for finding in check(program(text)) if finding.rule == "MR001"]
    return note.message


def test_both_are_found_where_no_comment_speaks(program: Look) -> None:
    assert told(program, script()) == ["MR201 8", "MR201 9"]


@pytest.mark.parametrize(
    "comment",
    [
        "# modereview: ignore",
        "# modereview: ignore[MR201]",
        "# modereview: ignore[MR201] Monte-Carlo on purpose",
        "#modereview:ignore[mr201]",
        "# modereview: ignore[MR2]",
        "# noqa: E501  # modereview: ignore[MR201]  # type: ignore",
        "# modereview: ignore[MR201] - see issue 12  # noqa",
    ],
)
def test_an_ignore_takes_back_what_is_on_its_line(program: Look, comment: str) -> None:
    assert told(program, script(comment)) == ["MR201 9"]


def test_on_the_last_line_of_a_statement_it_counts_for_all_of_it(program: Look) -> None:
    assert told(program, script(second="# modereview: ignore[MR201]")) == ["MR201 8"]


@pytest.mark.parametrize("ids", ["[MR201]", ""])
def test_an_ignore_of_the_file_counts_on_every_line(program: Look, ids: str) -> None:
    assert told(program, script(head=f"# modereview: ignore-file{ids} generated\n")) == []


def test_the_reason_is_kept(program: Look) -> None:
    (quiet,) = look(program(script("# modereview: ignore[MR201]: on purpose  # noqa"))).quiet
    assert (quiet.by, quiet.reason, quiet.finding.rule) == ("comment", "on purpose", "MR201")


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# type: ignore[MR201]",
        "# pylint: disable=all",
        "# see modereview: it ignores",
        "# ignore[MR201]",
    ],
)
def test_comments_of_others_mean_nothing(program: Look, comment: str) -> None:
    assert told(program, script(comment)) == ["MR201 8", "MR201 9"]


def test_a_string_is_no_comment(program: Look) -> None:
    text = script(head='"""Write\n# modereview: ignore-file\n"""\nhint = "# modereview: ignore"\n')
    assert told(program, text) == ["MR201 12", "MR201 13"]


def test_an_ignore_of_another_rule_takes_nothing_back_and_is_told(program: Look) -> None:
    text = script("# modereview: ignore[MR101]")
    assert told(program, text) == ["MR201 8", "MR001 8", "MR201 9"]
    assert message(program, text) == "nothing to ignore: modereview does not find MR101 on this line"


def test_only_the_idle_ids_are_named(program: Look) -> None:
    text = script("# modereview: ignore[MR101, MR201, MR103]")
    assert told(program, text) == ["MR001 8", "MR201 9"]
    assert "does not find MR101, MR103 on this line" in message(program, text)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("# modereview: ignore\n", "does not find anything on this line"),
        ("# modereview: ignore-file[MR101]\n", "does not find MR101 in this file"),
        ("# modereview: ignore[MR999]\n", "there is no rule MR999"),
        ("# modereview: ignore[]\n", "an ignore with empty brackets"),
        ("# modereview: ignroe[MR201]\n", "`ignroe` means nothing to modereview: write `ignore[MR101]`"),
        ("# modereview: disable=MR201\n", "`disable` means nothing"),
    ],
)
def test_what_is_wrong_with_an_ignore_is_said(program: Look, head: str, said: str) -> None:
    assert said in message(program, script(head=head))


@pytest.mark.parametrize(
    "head",
    ["# modereview: ignore-file[MR101, MR001]\n", "# modereview: found these two\n", "# modereview:\n"],
)
def test_what_is_no_idle_ignore(program: Look, head: str) -> None:
    assert told(program, script(head=head)) == ["MR201 9", "MR201 10"]


@pytest.mark.parametrize(
    ("options", "idle"),
    [
        ({"select": ["MR201", "MR001"]}, False),
        ({"ignore": ["MR101"]}, False),
        ({"ignore": ["MR001"]}, False),
        ({"select": ["MR1", "MR001"]}, True),
    ],
)
def test_an_ignore_of_a_rule_that_did_not_run_is_not_idle(
    program: Look, options: dict[str, list[str]], idle: bool
) -> None:
    found = check(program(script(head="# modereview: ignore[MR101]\n")), **options)
    assert ("MR001" in {finding.rule for finding in found}) is idle


def test_where_the_flow_gave_up_no_ignore_is_called_idle(program: Look) -> None:
    given_up = replace(program(script(head="# modereview: ignore[MR101]\n")), gave_up="too many branches")
    assert "MR001" not in {finding.rule for finding in check(given_up)}


def test_taking_one_back_does_not_change_who_the_other_is(program: Look) -> None:
    twice = "import torch.nn.functional as F\ndef forward(self, x):\n    return x\n"
    body = (
        "class Net(torch.nn.Module):\n    def forward(self, x):\n        {0}\n        {0}\n        return x\n"
    )
    text = "import torch\n" + twice + body.format("x = F.dropout(x)")
    first, second = check(program(text))
    assert first.fingerprint != second.fingerprint
    moved = check(program("\n\n" + text))
    assert [finding.fingerprint for finding in moved] == [first.fingerprint, second.fingerprint]
