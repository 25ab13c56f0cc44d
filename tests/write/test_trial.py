"""A proposed recipe counts if it builds the class or drives the functions. The sandbox is played."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from modereview.records import (
    Finding,
    Outcome,
    Plan,
    Recipe,
    Severity,
    Span,
    Status,
    Suite,
    Target,
    Unreached,
)
from modereview.write.complete import complete
from modereview.write.trial import trial

PROBE = "test_recipe_holds"


def played(**statuses: Status) -> Callable[[Suite], list[Outcome]]:
    """Every case passes, but for these."""
    return lambda suite: [
        Outcome(case.name, statuses.get(case.name, Status.PASSED), "as played") for case in suite.cases
    ]


@pytest.fixture
def of_module(plan, module) -> tuple[Plan, Recipe]:
    return plan(module()), module()


@pytest.fixture
def of_scenario(plan, scenario) -> tuple[Plan, Recipe]:
    recipe = scenario(
        ("script.train(model, loader, optimizer)", {"train"}),
        ("script.validate(model, loader)", {"evaluate"}),
    )
    return plan(recipe), recipe


def contracts_of(tried) -> set[str]:
    assert not isinstance(tried, str), tried
    return {contract.id for contract, _ in tried}


def test_recipe_that_holds_brings_its_contracts(of_module):
    assert "eval_is_deterministic" in contracts_of(trial(*of_module, played()))


def test_recipe_that_builds_something_else_is_refused(of_module):
    assert "as played" in trial(*of_module, played(**{PROBE: Status.BROKEN}))


def test_probe_asks_for_the_class_and_the_calls(of_module, of_scenario):
    seen = []
    for target in (of_module, of_scenario):
        trial(*target, lambda suite: seen.append(suite.cases[0].code) or [])
    assert "isinstance(model, script.Net)" in seen[0]
    assert "['train', 'validate']" in seen[1]


@pytest.mark.parametrize("name", ["sample.png", ""])
def test_recipe_that_leaves_files_in_the_working_folder_is_refused(of_scenario, tmp_path, monkeypatch, name):
    seen = []
    trial(*of_scenario, lambda suite: seen.append(suite.cases[0].code) or [])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").touch()

    def forwards_of_train(watch):
        if name:
            Path(name).touch()
        return [SimpleNamespace(call=call) for call in ("train", "validate")]

    space = {"os": os, "recorded": None, "forwards_of_train": forwards_of_train}
    exec(seen[0], space)
    if not name:
        space[PROBE]()
        return
    with pytest.raises(OSError, match=r"leaves sample.png in the working folder; `tempfile.mkdtemp\(\)`"):
        space[PROBE]()


def test_contract_that_cannot_be_checked_is_left_out(of_module):
    everything = contracts_of(trial(*of_module, played()))
    left = contracts_of(trial(*of_module, played(test_model_determinism=Status.BROKEN)))
    assert everything - left == {"eval_is_deterministic"}


def test_failing_module_is_a_fault_of_the_module(of_module):
    tried = trial(*of_module, played(test_model_determinism=Status.FAILED))
    assert "eval_is_deterministic" in contracts_of(tried)


DRIVEN = """import torch


def train(model, loader, optimizer):
    for x, y in loader:
        model(x).sum().backward()
        optimizer.step()
    samples(model)


def samples(model):
    with torch.no_grad():
        return model(torch.zeros(2, 3)).argmax(1)


def judge(model):
    with torch.no_grad():
        return model(torch.zeros(2, 3)).argmax(1)
"""


@pytest.mark.parametrize(("line", "believed"), [(None, False), (13, True), (18, False)])
def test_failing_functions_are_believed_only_with_a_finding_in_them(plan, of_scenario, line, believed):
    recipe = of_scenario[1]
    fails = played(test_evaluation_runs_in_eval_mode=Status.FAILED)
    spans = [] if line is None else [Span(line, 16, line, 30)]
    found = tuple(Finding("MR103", "n", Severity.ERROR, "m", "train.py", span) for span in spans)
    tried = trial(replace(plan(recipe, code=DRIVEN), findings=found), recipe, fails)
    assert ("evaluation_runs_in_eval_mode" in contracts_of(tried)) is believed


def test_completed_plan_has_the_recipe_and_no_longer_misses_its_target(of_module):
    plan, recipe = of_module
    missing = Unreached(recipe.target, 1, "E", "")
    other = Unreached(Target("module", "Other"), 1, "E", "")
    empty = replace(plan, recipes=(), pairs=(), unreached=(missing, other))
    done = complete(empty, plan.pairs)
    assert done.recipes == (recipe,) and done.unreached == (other,)
    assert complete(done, plan.pairs) == done
    assert isinstance(done.test_path, Path)
