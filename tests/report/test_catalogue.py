"""The rules as the command line shows them."""

from __future__ import annotations

import json

import pytest
from modereview.errors import InputError
from modereview.report import catalogue
from modereview.rules import rules


def test_the_table_has_a_line_for_each_rule() -> None:
    lines = catalogue.table(rules()).splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in rules()]
    assert all(rule.summary in line for rule, line in zip(rules(), lines, strict=True))


def test_as_json_every_rule_has_its_texts() -> None:
    listed = json.loads(catalogue.as_json(rules()))
    assert [rule["id"] for rule in listed] == [rule.id for rule in rules()]
    assert all(
        rule["why"] and rule["bad"] and rule["severity"] in {"error", "warning", "note"} for rule in listed
    )


@pytest.mark.parametrize("wanted", ["MR102", "mr102", "trains-in-eval-mode"])
def test_a_rule_is_found_by_id_or_name(wanted: str) -> None:
    assert catalogue.find(rules(), wanted).id == "MR102"


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("mr1O2", "Did you mean MR102"),
        ("trains-in-eval", "Did you mean trains-in-eval-mode"),
        ("zzz", "lists them"),
    ],
)
def test_an_unknown_rule_gets_the_nearest(wanted: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"There is no rule {wanted}. .*{hint}"):
        catalogue.find(rules(), wanted)


def test_a_page_has_both_examples_and_the_source() -> None:
    rule = catalogue.find(rules(), "MR102")
    page = catalogue.page(rule)
    for text in (rule.name, rule.source, "Wrong:", "Right:", "Not flagged:", "Fix:"):
        assert text in page
    assert max(map(len, page.splitlines())) <= 110
