"""Models, losses and metrics that are made elsewhere: stand-ins that take whatever they are given."""

from __future__ import annotations

import textwrap

import pytest
from modereview.plan.gives import gives

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
TRAIN = """
def train(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""


def scenario(plan):
    return next(recipe for recipe in plan.recipes if recipe.drives)


def codes(recipe):
    return {value.name: value.code for value in recipe.values}


def with_step(step, head=""):
    """A function that trains so."""
    return (
        HEAD + head + TRAIN.replace("        loss = criterion(model(x), y)\n", textwrap.indent(step, " " * 8))
    )


@pytest.mark.parametrize(
    ("step", "given"),
    [
        ("out = model(x)\nloss = out['loss']\n", "{{'loss': {scores}.mean()}}"),
        ("loss = model(x, y)['loss']\n", "{{'loss': {scores}.mean()}}"),
        ("out = model(x)\nloss = f(out['boxes'])\n", "{{'boxes': {scores}}}"),
        ("out = model(x)\nloss = f(out.logits, y)\n", "types.SimpleNamespace(logits={scores})"),
        ("loss = model(x, labels=y).loss\n", "types.SimpleNamespace(loss={scores}.mean())"),
        ("loss, scores = model(x, y)\n", "({scores}.mean(), {scores})"),
        ("loss = model(x, y)\n", "{scores}.mean()"),
        ("total = model(x, y)\ntotal.backward()\nloss = total\n", "{scores}.mean()"),
        ("out = model(x)\nloss = f(out.view(-1), out.shape)\n", "{scores}"),
        ("first = model(x)[1]\nloss = f(first)\n", "({scores}, {scores})"),
    ],
)
def test_a_model_gives_what_is_read_of_its_output(program, step, given):
    assert gives(program(with_step(step)), {"train"})[0] == given


def test_plain_scores_come_last(program):
    read = gives(program(with_step("loss = model(x, y)['loss']\n")), {"train"})
    assert read == ["{{'loss': {scores}.mean()}}", "{scores}"]


def test_a_model_that_computes_its_loss_is_driven(planned):
    recipe = scenario(planned(with_step("loss = model(x, y)['loss']\n")))
    assert codes(recipe)["model"] == "AnyModel(lambda scores, data: {'loss': scores.mean()})"
    assert recipe.watch == "model"


def test_plain_layers_come_first_where_they_do(planned):
    assert codes(scenario(planned(HEAD + TRAIN)))["model"].startswith("nn.Sequential(")


def test_parts_of_a_model_are_there_where_the_function_reads_them(planned):
    step = "model.features.eval()\nwidth = model.fc.in_features + 1\nloss = criterion(model(x), y)\n"
    model = codes(scenario(planned(with_step(step))))["model"]
    assert "features=nn.Identity()" in model and "fc=types.SimpleNamespace(in_features=16)" in model


def test_a_part_that_the_function_sets_before_it_reads_it_is_a_number(planned):
    step = "model.nc = 3\nloss = criterion(model(x), y) * model.nc\nmodel.backbone.eval()\n"
    assert "nc=nn.Identity()" in codes(scenario(planned(with_step(step))))["model"]


def test_a_loss_from_elsewhere_takes_what_no_usual_one_takes(planned):
    recipe = scenario(planned(with_step("loss = criterion(model(x), y, 0.5)\n")))
    assert codes(recipe)["criterion"] == "any_loss"


METRIC = "def accuracy(scores, y):\n    raise ValueError('no such classes')\n"


@pytest.mark.parametrize(
    ("read", "given"),
    [
        ("acc = accuracy(out, y)\n", "unittest.mock.MagicMock(return_value=0.0)"),
        ("top1, top5 = accuracy(out, y)\n", "unittest.mock.MagicMock(return_value=(0.0, 0.0))"),
        ("acc = accuracy(out, y)\nprint(acc[0])\n", "unittest.mock.MagicMock(return_value=torch.zeros(8))"),
        (
            "acc = accuracy(out, y)\nprint(acc.item())\n",
            "unittest.mock.MagicMock(return_value=torch.tensor(0.0))",
        ),
    ],
)
def test_a_metric_that_refuses_stand_ins_gives_way_to_numbers(planned, read, given):
    step = "out = model(x)\nloss = criterion(out, y)\n" + read
    recipe = scenario(planned(with_step(step, METRIC)))
    assert codes(recipe)["accuracy"] == given
    assert [patch.name for patch in recipe.patches] == ["accuracy"]


def test_a_loss_of_the_file_that_refuses_stand_ins_gives_way_to_a_mean(planned):
    own = "def own_loss(scores, y):\n    raise ValueError('no such classes')\n"
    recipe = scenario(
        planned(
            with_step("loss = own_loss(model(x), y)\n".replace("model(x)", "out"), own).replace(
                "        loss = own_loss", "        out = model(x)\n        loss = own_loss"
            )
        )
    )
    assert codes(recipe)["own_loss"] == "any_loss"


def test_what_calls_a_model_is_never_replaced(planned):
    text = with_step(
        "loss = step(model, x, y)\n", "def step(model, x, y):\n    return model(x).reshape(3, 7, 11, y)\n"
    )
    plan = planned(text)
    assert not any(recipe.drives for recipe in plan.recipes)


def test_a_number_has_an_element_0_as_in_older_versions(planned):
    text = with_step("loss = criterion(model(x), y)\ntotal = loss.data[0]\n")
    plan = planned(text)
    assert scenario(plan).drives and plan.instead == ("OldScalars",)


def test_loaders_by_phase_are_all_there(planned):
    text = (
        HEAD
        + """
def train(model, loaders, sizes, optimizer):
    for phase in ["train", "val"]:
        model.train(phase == "train")
        for x, y in loaders[phase]:
            with torch.set_grad_enabled(phase == "train"):
                loss = F.cross_entropy(model(x), y)
            if phase == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        print(loss.item() / sizes[phase] / len(loaders[phase].dataset))
"""
    )
    values = codes(scenario(planned(text)))
    assert values["loaders"].startswith("dict.fromkeys(['train', 'val'], torch.utils.data.DataLoader(")
    assert values["sizes"] == "{'train': 8, 'val': 8}"


def test_lists_by_phase_are_there_to_be_appended_to(planned):
    text = (
        HEAD
        + """
history_loss = {}
def train(model, loader, optimizer):
    for phase in ["train", "val"]:
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        history_loss[phase].append(loss.item())
def fresh():
    global history_loss
    history_loss = {"train": [], "val": []}
"""
    )
    assert codes(scenario(planned(text)))["history_loss"] == "{'train': [], 'val': []}"


def test_a_number_of_steps_goes_into_a_forward(planned):
    text = (
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)
    def forward(self, x, pred_steps, sharp):
        for _ in range(pred_steps):
            x = self.fc(x)
        return x * 2 if sharp else x
"""
    )
    inputs = next(v.code for r in planned(text).recipes for v in r.values if v.name == "inputs")
    assert inputs == "(torch.randn(8, 6), 2, 2)"


def test_an_iterator_over_a_loader_is_taken_apart_as_the_loader(planned):
    text = TRAIN.replace(
        "for x, y in loader:",
        "batches = iter(loader)\n    for step in range(2):\n        (x, z), y = next(batches)",
    )
    loader = codes(scenario(planned(HEAD + text)))["loader"]
    assert "((torch.randn(4, 3, 32, 32), torch.randn(4, 3, 32, 32)), torch.randint(" in loader


def test_weights_that_an_evaluation_loads_stay_random(planned):
    text = (
        HEAD
        + """
@torch.no_grad()
def test(loader):
    model.load_state_dict(torch.load("logs/best.pt"))
    model.eval()
    return [model(x).argmax(1) == y for x, y in loader]
if __name__ == "__main__":
    model = nn.Sequential(nn.Linear(6, 3), nn.Dropout())
    test(test_loader)
"""
    )
    plan = planned(text)
    assert scenario(plan).drives[0].code == "script.test(test_loader)" and plan.weightless


NEIGHBOUR = """
from torch import nn
class Odd(nn.Module):
    def __init__(self, size):
        super().__init__()
        assert size == 77, "a size that only the data knows"
        self.fc = nn.Linear(size, 3)
    def forward(self, x):
        return self.fc(x)
"""
OWN_RUN = (
    HEAD
    + """
from neighbour import Odd
data = [(torch.randn(4, 9), torch.randint(0, 3, (4,))) for _ in range(3)]
model = Odd(len(data)).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    model.train()
    for x, y in data:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
)


def changes(plan):
    return {c.name: c.code for recipe in plan.recipes if recipe.rehearsal for c in recipe.rehearsal.changes}


def test_a_model_of_a_neighbour_that_cannot_be_built_gives_way_in_the_own_run(planned, tmp_path):
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR)
    assert changes(planned(OWN_RUN))["Odd(len(data))"] == "AnyModel()"


def test_a_model_that_takes_no_data_gives_way_in_the_own_run(planned, tmp_path):
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR.replace("size == 77", "size"))
    assert changes(planned(OWN_RUN))["Odd(len(data))"] == "AnyModel()"


def test_a_model_that_is_only_asked_is_never_replaced(planned, tmp_path):
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR)
    asked = OWN_RUN.partition("for epoch")[0] + "for x, y in data:\n    print(model(x).argmax(1) == y)\n"
    assert "Odd(len(data))" not in changes(planned(asked))


def test_a_class_of_the_file_is_never_replaced(planned):
    text = OWN_RUN.replace("from neighbour import Odd\n", NEIGHBOUR)
    assert "Odd(len(data))" not in changes(planned(text))


def test_words_of_python_2_are_those_of_today(planned):
    text = OWN_RUN.replace("from neighbour import Odd\n", NEIGHBOUR.replace("== 77", "")).replace(
        "Odd(len(data))", "Odd(9)"
    )
    plan = planned(
        text.replace("for x, y in data:", "for number in xrange(len(data)):\n        x, y = data[number]")
    )
    assert changes(plan)["xrange"] == "range"
