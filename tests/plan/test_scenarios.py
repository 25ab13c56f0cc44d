"""How functions that train or evaluate are driven, in the file's own order."""

from __future__ import annotations

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
        self.drop = nn.Dropout()
    def forward(self, x):
        return self.fc(self.drop(x))
"""
TRAIN = """
def train(model, loader, optimizer, loss_fn):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
"""
VALIDATE = """
@torch.no_grad()
def validate(model, loader):
    model.eval()
    return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)
"""
MAIN = """
def main():
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(3):
        train(model, train_loader, optimizer, nn.CrossEntropyLoss())
        validate(model, val_loader)
"""

HUB = """
import sys, types, torch
class PretrainedConfig:
    vocab_size, num_hidden_layers = 30000, 12
class AutoConfig: pass
class AutoTokenizer: pass
class PreTrainedTokenizerBase: pass
class Any: pass
class PreTrainedModel(torch.nn.Module):
    config_class = PretrainedConfig
    def __init__(self, config):
        super().__init__()
        assert config.num_hidden_layers == 2
        self.words = torch.nn.Embedding(config.vocab_size, 768)
    def forward(self, ids):
        return self.words(ids)
    @classmethod
    def from_pretrained(cls, name):
        raise OSError("We couldn't connect to 'https://huggingface.co' to load the files")
auto = types.SimpleNamespace(CONFIG_MAPPING={"bert": PretrainedConfig})
auto.auto_factory = types.SimpleNamespace(_BaseAutoModelClass=Any)
models = types.SimpleNamespace(auto=auto)
"""


def scenario(plan, name="train"):
    return next(r for r in plan.recipes if r.target.kind == "scenario" and r.target.name == name)


def codes(recipe):
    return {value.name: value.code for value in recipe.values}


def drives(recipe):
    return [drive.code for drive in recipe.drives]


def test_the_steps_of_a_loop_are_driven_in_order(planned):
    recipe = scenario(planned(HEAD + TRAIN + VALIDATE + MAIN))
    assert drives(recipe) == [
        "script.train(model, train_loader, optimizer, loss_fn)",
        "script.validate(model, val_loader)",
    ]
    assert [sorted(d.roles) for d in recipe.drives] == [["train"], ["evaluate"]]
    assert codes(recipe)["loss_fn"] == "nn.CrossEntropyLoss()"
    assert codes(recipe)["optimizer"] == "torch.optim.SGD(model.parameters(), lr=0.01)"
    assert recipe.watch == "model"


def test_switches_of_the_caller_are_driven_as_well(planned):
    text = HEAD + TRAIN + VALIDATE.replace("    model.eval()\n", "") + MAIN
    text = text.replace("        validate(", "        model.eval()\n        validate(")
    recipe = scenario(planned(text))
    assert drives(recipe)[1] == "model.eval()"
    assert not recipe.drives[1].roles


def test_a_caller_that_is_given_its_model_is_driven_itself(planned):
    fit = """
def fit(model, train_loader, val_loader, epochs):
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(epochs):
        train(model, train_loader, optimizer, nn.CrossEntropyLoss())
        validate(model, val_loader)
"""
    recipe = scenario(planned(HEAD + TRAIN + VALIDATE + fit), "fit")
    assert drives(recipe) == ["script.fit(model, train_loader, val_loader, 2)"]
    assert recipe.drives[0].roles == {"train", "evaluate"}


def test_a_trainer_is_built_and_its_method_driven(planned):
    trainer = """
class Trainer:
    def __init__(self, model, loader):
        self.model = model
        self.loader = loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    def fit(self, epochs):
        for _ in range(epochs):
            self.train_epoch()
            self.validate()
    def train_epoch(self):
        self.model.train()
        for x, y in self.loader:
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()
    def validate(self):
        self.model.eval()
        with torch.no_grad():
            return [F.cross_entropy(self.model(x), y).item() for x, y in self.loader]
"""
    recipe = scenario(planned(HEAD + trainer), "Trainer.fit")
    assert codes(recipe)["trainer"] == "script.Trainer(model, loader)"
    assert drives(recipe) == ["trainer.fit(2)"]


def test_globals_that_the_functions_read_are_bound(planned):
    text = (
        HEAD
        + """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--log-interval", type=int, default=10)
args = parser.parse_args()
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def train(epoch):
    model.train()
    for i, (x, y) in enumerate(train_loader):
        loss = F.cross_entropy(model(x.to(device)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % args.log_interval == 0:
            print(epoch, loss.item())
train_loader = torch.load("data.pt")
for epoch in range(10):
    train(epoch)
"""
    )
    plan = planned(text)
    recipe = scenario(plan)
    assert plan.load == "definitions"
    assert {p.name for p in recipe.patches} == {"model", "optimizer", "train_loader", "args", "device"}
    assert codes(recipe)["args"] == "types.SimpleNamespace(log_interval=10)"
    assert drives(recipe) == ["script.train(1)"]


def test_dict_batches_and_losses_of_the_same_shape(planned):
    text = (
        HEAD
        + """
def train(model, loader, optimizer, criterion):
    for batch in loader:
        loss = criterion(model(batch["features"]), batch["label"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
def main():
    train(Net(), None, None, nn.MSELoss())
"""
    )
    recipe = scenario(planned(text))
    assert codes(recipe)["loader"] == (
        "[{'features': torch.randn(8, 6), 'label': torch.randn(8, 3)} for _ in range(2)]"
    )
    assert codes(recipe)["criterion"] == "nn.MSELoss()"


def test_a_model_of_library_layers_is_taken_from_the_call(planned):
    text = (
        "import torch\nfrom torch import nn\n"
        + TRAIN
        + """
def main():
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    train(model, load(), torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss())
"""
    )
    recipe = scenario(planned(text))
    assert codes(recipe)["model"] == "nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))"
    assert "torch.randn(16, 5)" in codes(recipe)["loader"]


def test_a_helper_of_a_reached_function_is_not_driven_again(planned):
    text = (
        HEAD
        + """
def train_step(model, x, y, optimizer):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        train_step(model, x, y, optimizer)
"""
    )
    plan = planned(text)
    assert [r.target.name for r in plan.recipes if r.target.kind == "scenario"] == ["train"]
    assert not plan.unreached


def test_a_function_without_forwards_of_its_model_is_not_reached(planned):
    text = (
        HEAD
        + TRAIN.replace("for x, y in loader", "for x, y in loader if model is None else []")
        + MAIN.replace("        validate(model, val_loader)\n", "")
    )
    (unreached,) = planned(text).unreached
    assert "no forward of the model was seen" in unreached.error


def test_a_function_that_never_ends_is_given_up(planned):
    text = HEAD + TRAIN.replace("    model.train()\n", "    for _ in iter(int, 1): pass\n")
    (unreached,) = planned(text).unreached
    assert "longer than" in unreached.error


def test_contracts_are_paired_with_the_recipes_they_fit(planned):
    plan = planned(HEAD + TRAIN + VALIDATE + MAIN)
    assert {"eval_is_deterministic"} <= {c.id for c, r in plan.pairs if r.target.kind == "module"}
    assert {c.id for c, r in plan.pairs if r.target.kind == "scenario"} == {
        "training_runs_in_train_mode",
        "evaluation_runs_in_eval_mode",
        "evaluation_builds_no_graph",
        "evaluation_changes_no_state",
    }


def test_a_function_that_is_given_its_model_from_outside_is_driven_with_a_small_one(planned):
    recipe = scenario(planned("import torch\n" + VALIDATE), "validate")
    model = next(value for value in recipe.values if value.name == "model")
    assert "nn.BatchNorm1d" in model.code and "nn.Dropout" in model.code
    assert model.why == "a stand-in: the file is given its model from outside"


def test_a_model_of_the_file_comes_before_a_stand_in(planned):
    recipe = scenario(planned(HEAD + VALIDATE), "validate")
    assert codes(recipe)["model"] == "script.Net()"


def test_a_function_that_asks_more_of_its_model_than_a_stand_in_has_is_not_reached(planned):
    asks = VALIDATE.replace("model.eval()", "model.eval()\n    model.warm_up()")
    (missed,) = planned("import torch\n" + asks).unreached
    assert "has no attribute 'warm_up'" in missed.error


def test_globals_that_a_function_sets_are_set_as_it_sets_them(planned):
    text = """
config = None
best = 0.0
def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y, label_smoothing=config.smoothing).backward()
        optimizer.step()
def validate(model, loader):
    global best
    model.eval()
    with torch.no_grad():
        best = max(best, sum((model(x).argmax(1) == y).float().mean() for x, y in loader), args.least)
def main():
    global args, config, best
    args = SimpleNamespace(least=parse())
    config = parse()
    best = 0.0
    model = Net()
    for epoch in range(3):
        train(model, train_loader, torch.optim.Adam(model.parameters()))
        validate(model, val_loader)
"""
    recipe = scenario(planned(HEAD + text))
    assert {"config", "args"} < {patch.name for patch in recipe.patches}
    assert codes(recipe)["config"] == "types.SimpleNamespace(smoothing=1)"


def test_batches_drawn_by_next_and_options_of_options_are_given(planned):
    text = """
def fit(model, batches, cfg):
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.SOLVER.BASE_LR)
    for _ in range(cfg.SOLVER.STEPS):
        x, y = next(batches)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y, label_smoothing=cfg.smooth).backward()
        optimizer.step()
def main(c):
    for epoch in range(3):
        fit(Net(), iter(load(c)), c)
"""
    recipe = scenario(planned(HEAD + text), "fit")
    assert codes(recipe)["batches"].startswith("itertools.cycle(torch.utils.data.DataLoader(")
    assert (
        codes(recipe)["c"]
        == "types.SimpleNamespace(SOLVER=types.SimpleNamespace(BASE_LR=0.01, STEPS=1), smooth=1)"
    )


def test_an_object_whose_attributes_alone_are_read_holds_options(planned):
    text = TRAIN.replace("loss_fn(model(x), y)", "(setup.scale * F.cross_entropy(model(x), y))").replace(
        "loss_fn", "setup"
    )
    text += "        setup.log.info(setup.name.lower())\n"
    told = (
        "types.SimpleNamespace(log=types.SimpleNamespace(info=unittest.mock.MagicMock()), name='a', scale=1)"
    )
    assert codes(scenario(planned(HEAD + text)))["setup"] == told


def test_what_a_call_leaves_as_it_is_by_default_is_not_passed(planned):
    text = """
def fit(model, loader, every=None, checkpoint=None):
    if checkpoint:
        model.load_state_dict(torch.load(checkpoint))
    train(model, loader, torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss())
def main(args):
    fit(Net(), load(), args.every, args.checkpoint)
"""
    parser = (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--every', default=None)\n"
    )
    recipe = scenario(planned(parser + HEAD + TRAIN + text), "fit")
    assert drives(recipe) == ["script.fit(model, loader)"]


def test_a_command_of_click_is_called_as_the_function_that_it_was(planned):
    text = TRAIN.replace("def train", "@click.command()\ndef train")
    (recipe,) = planned("import click\n" + HEAD + text).recipes[1:]
    assert drives(recipe) == ["script.train.callback(model, loader, optimizer, loss_fn)"]


def test_gradients_go_back_through_an_accelerator(planned):
    text = TRAIN.replace(
        "loss_fn(model(x), y).backward()", "accelerator.backward(F.cross_entropy(model(x), y))"
    )
    recipe = scenario(planned(HEAD + text.replace("loss_fn", "accelerator")))
    assert "backward=torch.Tensor.backward" in codes(recipe)["accelerator"]


def test_batches_are_as_deep_as_the_loop_takes_them_apart(planned):
    text = """
def train(model, loader, optimizer):
    for step, ((x, z), y, meta) in enumerate(loader):
        optimizer.zero_grad()
        (F.cross_entropy(model(x) + model(z), y) + 0 * meta["weight"].float().mean()).backward()
        optimizer.step()
"""
    classes = "torch.randint(0, 3, (8,))"
    batch = f"((torch.randn(8, 6), torch.randn(8, 6)), {classes}, {{'weight': {classes}}})"
    assert codes(scenario(planned(HEAD + text)))["loader"] == f"[{batch} for _ in range(2)]"


def test_a_view_that_older_versions_allowed_is_a_copy(planned):
    text = TRAIN.replace(
        "def train",
        "def right(output, y):\n    found = output.topk(2)[1].t().eq(y)\n"
        "    return found[:, :2].view(-1).sum()\ndef train",
    )
    plan = planned(
        HEAD
        + text.replace(
            "loss_fn(model(x), y).backward()",
            "output = model(x)\n        right(output, y)\n        loss_fn(output, y).backward()",
        )
    )
    assert scenario(plan).drives and plan.instead == ("OldViews",)


def test_a_mask_of_tokens_hides_none_and_pretrained_models_are_small(planned, tmp_path):
    (tmp_path / "transformers.py").write_text(HUB)
    text = """
class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = PreTrainedModel.from_pretrained("bert-base")
        self.fc = nn.Linear(768, 3)
    def forward(self, ids, mask):
        hidden = self.bert(ids)
        return self.fc((hidden if mask is None else hidden * mask[..., None]).mean(1))
def train(model, loader, optimizer):
    model.train()
    for batch in loader:
        optimizer.zero_grad()
        output = model(batch["ids"], batch["attention_mask"].float())
        F.cross_entropy(output, batch["labels"]).backward()
        optimizer.step()
"""
    plan = planned("from transformers import PreTrainedModel\n" + HEAD.partition("class")[0] + text)
    assert plan.instead == ("SmallPretrained",)
    assert "'attention_mask': torch.ones(4, 12, dtype=torch.long)" in codes(scenario(plan))["loader"]


def test_an_iterator_over_a_loader_has_the_next_of_older_versions(planned):
    text = TRAIN.replace(
        "for x, y in loader:",
        "batches = iter(loader)\n    for step in range(2):\n        x, y = batches.next()",
    )
    plan = planned(HEAD + text)
    assert scenario(plan).drives and plan.instead == ("OldIterators",)


def test_data_has_what_a_function_reads_of_it_besides_samples(planned):
    train = TRAIN.replace("model.train()", "loader.dataset.shuffle_words(model)\n    model.train()")
    text = HEAD + train + MAIN.replace("        validate(model, val_loader)\n", "")
    (recipe,) = (r for r in planned(text).recipes if r.drives)
    code = next(value.code for value in recipe.values if value.name == "train_loader")
    assert "AnyData(" in code
    assert "shuffle_words=unittest.mock.MagicMock(" in code


def test_a_function_of_many_processes_is_driven_in_one(planned):
    train = TRAIN.replace(
        "model.train()", "share = len(loader) // torch.distributed.get_world_size()\n    model.train()"
    )
    plan = planned(HEAD + train + MAIN.replace("        validate(model, val_loader)\n", ""))
    assert any(r.drives for r in plan.recipes)
    assert "OneProcess" in plan.instead


def test_options_are_read_by_key_and_by_name(planned):
    train = TRAIN.replace("optimizer, loss_fn", "optimizer, config").replace(
        "loss_fn(model(x), y)", "(config['scale'] * config.weight * F.cross_entropy(model(x), y))"
    )
    main = MAIN.replace("nn.CrossEntropyLoss()", "config").replace(
        "        validate(model, val_loader)\n", ""
    )
    (recipe,) = (r for r in planned(HEAD + train + main).recipes if r.drives)
    code = next(value.code for value in recipe.values if value.name == "config")
    assert code.startswith("Options(")
