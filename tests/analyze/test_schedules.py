"""The order in which a file's own loops train and evaluate, and which functions do it."""

from __future__ import annotations

from collections.abc import Callable

from modereview.records import Mode, Program

SCRIPT = """\
    import torch
    from torch import nn

    EPOCHS = 3

    def train(model, loader, optimizer):
        for x in loader:
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()

    def test(model, loader):
        with torch.no_grad():
            return [model(x).argmax(1) for x in loader]

    def report(model):
        return test(model, val_loader)

    def main():
        model = nn.Dropout(0.5)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(EPOCHS):
            model.train()
            train(model, loader, optimizer)
            if epoch % 2 == 0:
                model.eval()
                report(model)

    val_loader = loader = [torch.ones(2, 2)]
    if __name__ == "__main__":
        main()
"""


def test_one_epoch_in_its_steps(program: Callable[[str], Program]):
    (schedule,) = program(SCRIPT).schedules
    assert schedule.caller == "main"
    said = [(s.call.callee if s.call else s.switch, s.roles) for s in schedule.steps]
    assert said == [
        (("model", Mode.TRAIN), frozenset()),
        ("train", {"train"}),
        (("model", Mode.EVAL), frozenset()),
        ("report", {"evaluate"}),
    ]


def test_functions_with_their_roles_calls_and_globals(program: Callable[[str], Program]):
    found = program(SCRIPT)
    assert {f.name: set(f.roles) for f in found.functions} == {
        "train": {"train"},
        "test": {"evaluate"},
        "report": {"evaluate"},
        "main": {"train", "evaluate"},
    }
    report, train = found.function("report"), found.function("train")
    assert report is not None
    assert train is not None
    assert report.reads == ("val_loader",)
    assert [(c.caller, c.bound) for c in train.calls] == [
        ("main", (("model", "model"), ("loader", "loader"), ("optimizer", "optimizer")))
    ]
    assert ("main", "train") in found.calls
    assert ("report", "test") in found.calls


def test_what_the_top_level_says(program: Callable[[str], Program]):
    found = program(SCRIPT)
    assert found.constants == (("EPOCHS", "3"),)
    assert found.imports == ("torch",)
    assert found.trains_on_import is None


def test_training_on_import_is_found_through_calls(program: Callable[[str], Program]):
    found = program(SCRIPT.replace('if __name__ == "__main__":', "if True:"))
    assert found.trains_on_import is not None
    assert found.trains_on_import.line == 30


def test_a_loop_that_neither_trains_nor_evaluates_is_no_schedule(program: Callable[[str], Program]):
    assert program("def f(x): return x\nfor i in range(3): f(i)\n").schedules == ()
