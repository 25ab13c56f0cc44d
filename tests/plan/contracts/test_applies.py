"""Which contracts speak about which targets."""

from dataclasses import replace
from pathlib import Path

import pytest
from modereview.analyze import analyze
from modereview.parse import decode
from modereview.plan.contracts import applies, contracts, shadows_train
from modereview.records import Drive, Layer, ModuleClass, Program, Recipe, Role, Span, Target, Value
from modereview.rules import rules as all_rules

SPAN = Span(1, 1, 2, 1)


def program(
    code: str = "class Net: ...\n", kinds: str = "", sensitive: str = "", opaque: bool = False
) -> Program:
    layers = tuple(Layer(kind.lower(), kind, SPAN) for kind in kinds.split())
    net = ModuleClass("Net", SPAN, layers, (), (), True, tuple(sensitive.split()), opaque)
    source = decode(Path("/project/train.py"), Path("/project"), code.encode())
    return replace(analyze(source), modules=(net,))


def module(inputs: str = "(torch.randn(8, 20),)") -> Recipe:
    return Recipe(Target("module", "Net"), (Value("model", "script.Net()"), Value("inputs", inputs)))


def scenario(*roles: Role) -> Recipe:
    drives = tuple(Drive("script.run(model)", frozenset({role}), 1) for role in roles)
    return Recipe(Target("scenario", "run"), (Value("model", "script.Net()"),), drives)


def ids(recipe: Recipe, program: Program) -> set[str]:
    return {contract.id for contract in contracts() if applies(contract, recipe, program)}


def test_ids_and_test_names_are_unique_and_in_the_order_of_a_file() -> None:
    assert len({c.id for c in contracts()}) == len({c.test for c in contracts()}) == len(contracts()) == 32
    assert contracts()[0].test == "test_model_determinism"
    assert [c.on for c in contracts()] == ["module"] * 17 + ["scenario"] * 14 + ["seeding"]
    assert [c.id for c in contracts() if c.basic and c.on == "module"] == [c.id for c in contracts()[:2]]


def test_every_contract_says_what_it_is_for() -> None:
    rules = {rule.id for rule in all_rules()}
    for contract in contracts():
        assert contract.why.endswith(".")
        assert contract.needs
        assert set(contract.proves) <= rules
        assert contract.template.split('"""')[1].endswith(".")


def test_the_determinism_test_cannot_be_blind() -> None:
    """No seed between its calls; where TRAIN is random, another basic test shows that the input tells."""
    determinism, stochastic = contracts()[:2]
    assert "seed" not in determinism.template.split('"""')[2]
    assert stochastic.id == "train_is_stochastic"


def test_determinism_is_asked_of_every_model_and_nothing_else_of_a_plain_one() -> None:
    assert ids(module(), program(kinds="Linear")) == {"eval_is_deterministic"}


def test_dropout_adds_what_the_mode_matters_to() -> None:
    assert ids(module(), program(sensitive="Dropout")) == {
        "eval_is_deterministic",
        "train_is_stochastic",
        "switches_reach_every_submodule",
        "eval_and_back_restores_train",
        "state_dict_round_trip",
        "same_seed_same_step",
    }


def test_norms_add_statistics_and_batches() -> None:
    added = ids(module(), program(sensitive="BatchNorm1d")) - ids(module(), program(sensitive="LayerDrop"))
    assert added == {
        "eval_leaves_state_alone",
        "eval_sample_independent_of_batch",
        "train_moves_running_statistics",
        "batch_of_one_works_in_eval",
    }


def test_norm_made_in_a_forward_is_asked_for_what_no_switch_reaches() -> None:
    code = "class Net:\n    def forward(self, x): return nn.BatchNorm1d(x.shape[1])(x)\n"
    assert ids(module(), program(code, kinds="Linear")) == {
        "eval_is_deterministic",
        "eval_sample_independent_of_batch",
        "batch_of_one_works_in_eval",
    }


def test_own_switches_add_what_an_override_can_break() -> None:
    code = "class Net:\n    def train(self, mode=True): self.norm.eval(); return self\n"
    added = ids(module(), program(code, sensitive="BatchNorm1d")) - ids(
        module(), program(sensitive="BatchNorm1d")
    )
    assert added == {
        "eval_reaches_every_submodule",
        "frozen_parts_stay_frozen",
        "switches_return_the_model",
    }


def test_a_training_called_train_is_asked_for_the_switch() -> None:
    code = "class Net:\n    def train(self, loader): self(loader).backward()\n"
    assert "switches_return_the_model" in ids(module(), program(code, sensitive="Dropout"))
    assert "switches_return_the_model" in ids(module(), program(code, kinds="Linear"))


def test_own_ways_to_be_copied_add_copies() -> None:
    code = "class Net:\n    def __deepcopy__(self, memo): ...\n"
    assert "copies_keep_the_mode" in ids(module(), program(code))


def test_what_is_exported_is_compared_with_its_trace() -> None:
    code = """
import torch
class Net(torch.nn.Module):
    def forward(self, x): return x
torch.jit.trace(Net(), 1)
"""
    source = decode(Path("/project/a.py"), Path("/project"), code.encode())
    assert "traced_equals_eager" in ids(module(), analyze(source))
    assert "traced_equals_eager" not in ids(module(), program())


@pytest.mark.parametrize(
    ("recipe", "of"),
    [
        (
            module("(torch.randn(8, 20), torch.randn(8, 8))"),
            program(sensitive="BatchNorm1d"),
        ),  # nodes and edges
        (module(), program(kinds="LSTM", sensitive="BatchNorm1d")),  # the first dimension may be time
        (module(), program(sensitive="BatchNorm1d", opaque=True)),
    ],
)
def test_rows_that_may_belong_together_are_not_taken_apart(recipe: Recipe, of: Program) -> None:
    assert "eval_sample_independent_of_batch" not in ids(recipe, of)


def test_own_train_methods_may_freeze_on_purpose() -> None:
    frozen = program("class Net:\n    def train(self, mode=True): ...\n", sensitive="BatchNorm1d")
    assert "switches_reach_every_submodule" not in ids(module(), frozen)


@pytest.mark.parametrize(
    ("signature", "shadows"),
    [
        ("self, mode=True", False),
        ("self, mode: bool = True", False),
        ("self, *args", False),
        ("self, loader", True),
        ("self, epochs=10", True),
        ("self", True),
    ],
)
def test_a_training_loop_called_train_shadows_the_switch(signature: str, shadows: bool) -> None:
    code = f"class Net:\n    def train({signature}): ...\nclass Trainer:\n    def train(self, loader): ...\n"
    assert shadows_train(program(code)) == shadows


def test_scenarios_are_judged_by_what_their_drives_do() -> None:
    assert ids(scenario("train"), program()) == {"training_runs_in_train_mode"}
    assert ids(scenario("infer"), program()) == {
        "evaluation_runs_in_eval_mode",
        "evaluation_changes_no_state",
        "evaluating_again_gives_the_same",
    }
    assert ids(scenario("train", "evaluate"), program()) == {
        "training_runs_in_train_mode",
        "evaluation_runs_in_eval_mode",
        "evaluation_changes_no_state",
    }
    assert ids(scenario("export", "unknown"), program()) == set()


VALIDATE = """
import torch
def validate(model, loader):
    was = model.training
    model.eval()
    try:
        with torch.no_grad(): return sum(model(x).item() for x in loader)
    finally:
        model.train(was)
"""


def of_script(code: str, function: str, *roles: Role) -> set[str]:
    source = decode(Path("/project/train.py"), Path("/project"), code.encode())
    drives = tuple(Drive(f"script.{function}(model)", frozenset({role}), 1) for role in roles)
    return ids(Recipe(Target("scenario", function, (function,)), (), drives), analyze(source))


def test_what_an_evaluation_claims_is_held_against_it() -> None:
    claimed = {
        "evaluation_builds_no_graph",
        "evaluation_restores_the_mode",
        "interrupted_evaluation_restores_the_mode",
    }
    assert claimed <= of_script(VALIDATE, "validate", "evaluate")
    unclaimed = VALIDATE.replace("with torch.no_grad(): ", "").replace("model.train(was)", "pass")
    assert not claimed & of_script(unclaimed, "validate", "evaluate")


def test_a_teacher_is_watched_where_its_output_is_a_target() -> None:
    code = """
import torch
def distill(student, teacher, loader, optimizer):
    teacher.eval()
    student.train()
    for x in loader:
        with torch.no_grad():
            target = teacher(x)
        torch.nn.functional.mse_loss(student(x), target).backward()
        optimizer.step()
"""
    assert "teacher_stays_in_eval" in of_script(code, "distill", "train")


def test_generators_of_a_file_s_own_ask_for_the_same_run() -> None:
    code = "import random\ndef fit(model):\n    order = random.Random(0)\n"
    assert "same_seed_same_run" in of_script(code, "fit", "train")
