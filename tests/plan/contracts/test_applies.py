"""Which contracts speak about which targets."""

from pathlib import Path

import pytest
from modereview.parse import decode
from modereview.plan.contracts import applies, contracts, shadows_train
from modereview.records import Drive, Layer, ModuleClass, Program, Recipe, Role, Span, Target, Value

SPAN = Span(1, 1, 2, 1)


def program(
    code: str = "class Net: ...\n", kinds: str = "", sensitive: str = "", opaque: bool = False
) -> Program:
    layers = tuple(Layer(kind.lower(), kind, SPAN) for kind in kinds.split())
    net = ModuleClass("Net", SPAN, layers, (), (), True, tuple(sensitive.split()), opaque)
    return Program(decode(Path("/project/train.py"), Path("/project"), code.encode()), modules=(net,))


def module(inputs: str = "(torch.randn(8, 20),)") -> Recipe:
    return Recipe(Target("module", "Net"), (Value("model", "script.Net()"), Value("inputs", inputs)))


def scenario(*roles: Role) -> Recipe:
    drives = tuple(Drive("script.run(model)", frozenset({role}), 1) for role in roles)
    return Recipe(Target("scenario", "run"), (Value("model", "script.Net()"),), drives)


def ids(recipe: Recipe, program: Program) -> set[str]:
    return {contract.id for contract in contracts() if applies(contract, recipe, program)}


def test_ids_and_test_names_are_unique_and_modules_come_first() -> None:
    assert len({c.id for c in contracts()}) == len({c.test for c in contracts()}) == len(contracts()) == 8
    assert contracts()[0].test == "test_model_determinism"
    assert [c.on for c in contracts()] == ["module"] * 6 + ["scenario"] * 2


def test_determinism_is_asked_of_every_model_and_nothing_else_of_a_plain_one() -> None:
    assert ids(module(), program(kinds="Linear")) == {"eval_is_deterministic"}


def test_dropout_adds_what_the_mode_matters_to() -> None:
    assert ids(module(), program(sensitive="Dropout")) == {
        "eval_is_deterministic",
        "train_is_stochastic",
        "switches_reach_every_submodule",
        "eval_and_back_restores_train",
    }


def test_norms_add_buffers_and_batches() -> None:
    added = ids(module(), program(sensitive="BatchNorm1d")) - ids(module(), program(sensitive="LayerDrop"))
    assert added == {"eval_leaves_buffers_alone", "eval_sample_independent_of_batch"}


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
    assert ids(scenario("infer"), program()) == {"evaluation_runs_in_eval_mode"}
    assert len(ids(scenario("train", "evaluate"), program())) == 2
    assert ids(scenario("export", "unknown"), program()) == set()
