"""Scripts that train in a bare loop are run themselves, shortened, on stand-ins for their data."""

from __future__ import annotations

import ast
import re

from modereview.plan.names import names_of
from modereview.plan.options import required
from modereview.plan.rehearsal import request
from modereview.plan.rehearsing import REHEARSAL
from modereview.plan.slots import Context

HEAD = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 8 * 8, 3)
    def forward(self, x):
        return self.fc(self.bn(self.conv(x)).flatten(1))
"""
DATA = """
train_set = torch.load("digits.pt")
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True)
"""
LOOP = """
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(200):
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for images, labels in train_loader:
            predicted = model(images).argmax(1)
torch.save(model.state_dict(), "model.pt")
"""


def own_run(plan):
    return next(r for r in plan.recipes if r.rehearsal)


def changes(plan):
    return {change.name: change.code for change in own_run(plan).rehearsal.changes}


def roles(plan):
    return {drive.code: sorted(drive.roles) for drive in own_run(plan).drives}


def test_each_line_that_runs_a_model_is_seen_with_its_role(planned):
    assert roles(planned(HEAD + DATA + LOOP)) == {
        "loss = criterion(model(images), labels)": ["train"],
        "predicted = model(images).argmax(1)": ["evaluate"],
    }


def test_data_that_is_not_there_is_replaced_in_the_shape_that_the_model_takes(planned):
    assert "torch.randn(8, 1, 8, 8)" in changes(planned(HEAD + DATA + LOOP))["train_set ="]


def test_a_loop_that_trains_is_left_after_three_rounds(planned):
    assert changes(planned(HEAD + DATA + LOOP))["range(200)"] == "range(3)"


def test_nothing_is_written_where_the_script_writes(planned):
    assert changes(planned(HEAD + DATA + LOOP))["torch.save(...)"] == "MagicMock()"


def test_what_the_script_does_in_main_is_run_too(planned):
    body = "".join(f"    {line}\n" for line in (DATA + LOOP).splitlines())
    plan = planned(f"{HEAD}\ndef main():\n{body}\nif __name__ == '__main__':\n    main()\n")
    assert own_run(plan).target.functions == ("", "main")


def test_it_runs_on_the_cpu(planned):
    on_gpu = LOOP.replace("Net()", "Net().cuda()").replace("model(images)", "model(images.to('cuda:0'))")
    assert len(roles(planned(HEAD + DATA + on_gpu))) == 2


def test_what_is_read_is_changed_and_what_is_assigned_to_is_not():
    names = {}
    exec("import ast, copy, torch\nfrom torch import nn\nfrom unittest import mock\n" + REHEARSAL, names)
    tree = names["Rehearsal"]({"rows.label": "[1, 0]"}).visit(ast.parse("rows.label = sorted(rows.label)"))
    assert ast.unparse(compile_ready(tree)) == "rows.label = sorted([1, 0])"


def compile_ready(tree):
    """The tree, once Python takes it."""
    compile(ast.fix_missing_locations(tree), "train.py", "exec")
    return tree


def test_options_that_must_be_given_are_given(planned):
    options = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int, required=True)
parser.add_argument("--arch", required=True)
args = parser.parse_args()
assert args.arch == "small"
"""
    assert own_run(planned(options + HEAD + DATA + LOOP)).rehearsal.arguments == (
        "--depth",
        "2",
        "--arch",
        "small",
    )


def test_a_script_that_makes_its_data_needs_no_change_of_it(planned):
    made = DATA.replace('torch.load("digits.pt")', "[(torch.randn(1, 8, 8), i % 3) for i in range(64)]")
    assert set(changes(planned(HEAD + made + LOOP))) == {"range(200)", "torch.save(...)"}


def test_a_script_for_an_older_torch_is_brought_up_to_date(planned):
    old = LOOP.replace("optimizer.step()", "optimizer.step()\n        total = loss.data[0] * 2")
    assert changes(planned(HEAD + DATA + old))["loss.data[0]"] == "loss.data.item()"


def test_a_check_that_ends_the_run_is_taken_as_passed(planned):
    check = "assert torch.cuda.device_count() > 7, 'buy more'\n"
    assert changes(planned(HEAD + check + DATA + LOOP))["torch.cuda.device_count() > 7"] == "True"


def test_a_checkpoint_that_is_not_there_leaves_the_model_as_it_was_built(planned):
    text = (
        HEAD
        + DATA
        + LOOP.replace("torch.save(model.state_dict()", "model = torch.load('best.pt')\nprint('best'")
    )
    assert changes(planned(text))["torch.load('best.pt')"] == "model"


def test_lines_that_the_run_does_not_come_to_are_told(planned):
    steps = ("optimizer.zero_grad()", "late = model(images)", "late.mean().backward()", "optimizer.step()")
    never = "    if epoch > 150:\n" + "".join(f"        {step}\n" for step in steps)
    plan = planned(HEAD + DATA + LOOP.replace("torch.save(", never + "torch.save("))
    assert "late = model(images)" not in roles(plan)
    (missed,) = plan.unreached
    assert "did not come to `late = model(images)`" in missed.error
    assert missed.target.name == f"line {plan.program.source.lines.index('        late = model(images)') + 1}"


def test_a_run_that_shows_nothing_says_what_was_tried(planned):
    plan = planned(HEAD + "import os\nif os.getpid():\n    exit('no data')\n" + LOOP)
    (missed,) = (u for u in plan.unreached if u.target.kind == "scenario")
    assert missed.target.name == "script.py"
    assert "name 'train_loader' is not defined" in missed.error
    assert missed.tried > 0


def test_batches_are_taken_apart_as_the_script_does(planned):
    three = LOOP.replace("images, labels in", "images, labels, names in")
    loader = "from nowhere import get_loader\ntrain_loader = get_loader('digits')\n"
    assert changes(planned(HEAD + loader + three))["train_loader ="].count("(8,)") == 2


def test_a_class_that_only_the_run_tells_of_is_built_as_there(planned):
    given = HEAD.replace("__init__(self):", "__init__(self, table):").replace("4 * 8 * 8", "table['wide']")
    data = "table = {'wide': 256, 'read': len(open(__file__).read())}\n" + DATA
    plan = planned(given + data + LOOP.replace("Net()", "Net(table)"))
    (recipe,) = (r for r in plan.recipes if r.target.name == "Net")
    assert recipe.values[0].code.startswith("script.Net({'wide': 256, 'read': ")
    assert recipe.values[0].why == "as in a run of the script"


def test_a_command_line_that_takes_over_is_passed_by(planned):
    functions = "def run(epochs=200):\n" + "".join(f"    {line}\n" for line in (DATA + LOOP).splitlines())
    plan = planned(HEAD + "import fire\n" + functions + "\nif __name__ == '__main__':\n    fire.Fire()\n")
    assert changes(plan)["fire.Fire()"] == "run()"


def test_files_of_the_project_are_there_in_the_empty_folder(planned, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "digits.txt").write_text("0.1")
    read = LOOP.replace("lr=0.1", "lr=float(open('configs/digits.txt').read())")
    assert own_run(planned(HEAD + DATA + read)).rehearsal.files == ("configs/digits.txt",)


def test_an_option_without_a_default_is_given_a_word_that_the_script_compares_it_with(planned):
    options = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--task", type=str)
args = parser.parse_args()
if args.task != "digits":
    raise ValueError("unknown task")
"""
    assert own_run(planned(HEAD + options + DATA + LOOP)).rehearsal.arguments == ("--task", "digits")


def test_functions_that_are_driven_by_themselves_are_not_run_again(planned):
    functions = """
def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
    plan = planned(HEAD + functions + "\nif __name__ == '__main__':\n    train(Net(), loader, optimizer)\n")
    assert not [r for r in plan.recipes if r.rehearsal]


OWN_LOSS = """
class Boxes(nn.Module):
    def forward(self, out, boxes):
        if len(boxes) and not hasattr(boxes[0], "corners"):
            raise RuntimeError("no boxes")
        return out.mean()
"""


def test_a_loss_that_refuses_all_data_gives_way_to_the_mean_of_the_output(planned):
    own = LOOP.replace("nn.CrossEntropyLoss()", "Boxes()").replace(
        "loss = criterion(model(images), labels)",
        "output = model(images)\n        loss, box = criterion(output, labels)",
    )
    plan = planned(HEAD + OWN_LOSS + DATA + own)
    assert changes(plan)["criterion(output, labels)"] == "(output.float().mean(), MagicMock())"
    assert roles(plan)["output = model(images)"] == ["train"]


def test_batches_are_loaded_without_processes_of_their_own(planned):
    workers = DATA.replace("shuffle=True", "shuffle=True, num_workers=4, persistent_workers=True")
    seen = changes(planned(HEAD + workers + LOOP))
    assert (seen["num_workers="], seen["persistent_workers="]) == ("0", "False")


def test_what_a_stand_in_for_data_lacks_is_given_by_its_name(planned):
    own = DATA.replace('torch.load("digits.pt")', 'Digits("digits.pt")') + "classes = train_set.num_classes\n"
    reads = "class Digits:\n    def __init__(self, path):\n        self.file = open(path)\n"
    assert changes(planned(HEAD + reads + own + LOOP))["train_set.num_classes"] == "5"


def test_an_option_that_data_would_set_is_set_to_a_number(planned):
    sized = LOOP.replace(
        "model = Net()",
        "import argparse\nargs = argparse.Namespace()\n"
        "setattr(args, 'vocab_size', len(open('words.txt').read()))\n"
        "assert args.vocab_size > 8\nmodel = Net()",
    )
    assert changes(planned(HEAD + DATA + sized))["len(open('words.txt').read())"] == "97"


def test_weights_that_a_module_of_the_project_loads_keep_their_random_values(planned, tmp_path):
    net = HEAD.replace(
        "self.fc = ", "self.load_state_dict(torch.load('/nowhere/net.pth'))\n        self.fc = "
    )
    (tmp_path / "nets.py").write_text(net)
    plan = planned("import torch\nfrom torch import nn\nfrom nets import Net\n" + DATA + LOOP)
    assert plan.weightless
    assert "predicted = model(images).argmax(1)" in roles(plan)


def test_a_share_of_few_batches_is_at_least_one(planned):
    told = LOOP.replace(
        "optimizer.step()", "optimizer.step()\n        shown = epoch % (len(train_loader) // 10)"
    )
    assert (
        changes(planned(HEAD + DATA + told))["len(train_loader) // 10"] == "max(len(train_loader) // 10, 1)"
    )


def test_an_iterator_of_python_2_is_asked_in_the_words_of_python_3(planned):
    head = "    for images, labels in train_loader:\n"
    old = LOOP.replace(
        head, "    for _ in train_loader:\n        images, labels = iter(train_loader).next()\n", 1
    )
    assert changes(planned(HEAD + DATA + old))["iter(train_loader).next"] == "iter(train_loader).__next__"


def test_parts_in_parentheses_get_stand_ins_each(planned):
    pairs = LOOP.replace(
        "for images, labels in train_loader:\n        optimizer",
        "for _ in range(2):\n        (images, other), labels = open('batch').read()\n        optimizer",
        1,
    )
    code = changes(planned(HEAD + DATA + pairs))["((images, other), labels) ="]
    assert re.fullmatch(r"\(\(torch\.\w+\(4, 1, 8, 8\), MagicMock\(\)\), torch\.\w+\(.*\)\)", code)


def test_a_run_is_left_before_what_fails_after_the_training(planned):
    late = LOOP.replace(
        "torch.save(", "for missing in 0, 1:\n    raise SystemError('no display')\ntorch.save("
    )
    run = own_run(planned(HEAD + DATA + late))
    assert run.rehearsal.most > 1
    assert {drive.code for drive in run.drives} >= {"loss = criterion(model(images), labels)"}


def test_parts_that_a_method_of_a_layer_calls_are_no_calls_of_a_model(planned):
    """However deep a forward asks its parts: they would use up what is noted before the evaluation comes."""
    scored = HEAD.replace(
        "self.fc(self.bn(self.conv(x)).flatten(1))",
        "sum(self.score(x) for _ in range(30)) / 30\n"
        "    def score(self, x):\n"
        "        return self.fc(self.bn(self.conv(x)).flatten(1))",
    )
    assert roles(planned(scored + DATA + LOOP)) == roles(planned(HEAD + DATA + LOOP))


def test_batches_that_are_objects_have_what_the_loop_reads_of_them(planned):
    fields = LOOP.replace("for images, labels in train_loader:", "for batch in train_loader:").replace(
        "model(images), labels", "model(batch.image), batch.label"
    )
    code = changes(planned(HEAD + DATA + fields.replace("model(images)", "model(batch.image)")))[
        "train_loader ="
    ]
    assert re.match(r"\[SimpleNamespace\(image=torch.randn?\(4, 1, 8, 8\), label=torch.randint", code)


def test_what_fails_when_a_step_was_made_is_left_out_and_the_data_stays(planned):
    shown = LOOP.replace("optimizer.step()", "optimizer.step()\n        images.resize((8, 8), box=labels)")
    plan = planned(HEAD + DATA + shown)
    assert changes(plan)["images.resize((8, 8), box=labels)"] == "MagicMock()"
    assert changes(plan)["train_set ="].endswith("torch.randint(0, 3, (8,)))")


def test_what_a_stand_in_for_options_lacks_is_given_by_its_name(planned):
    read = "args = open('config.yaml').read()\nprint(args.width)\n"
    later = "def later(given):\n    return given.hidden_size\nlater(args)\n"
    assert changes(planned(HEAD + read + later + DATA + LOOP))["given.hidden_size"] == "16"


STEP = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    optimizer.zero_grad()
    loss = (model(torch.randn(4, 1, 8, 8)) - target(4)).pow(2).mean()
    loss.backward()
    optimizer.step()
"""


def test_what_asks_a_teacher_exports_or_probes_is_looked_at(planned):
    text = f"""
model, teacher = Net(), Net()
teacher.load_state_dict(model.state_dict())
teacher.eval()
model.eval()
model(torch.zeros(1, 1, 8, 8))
model.train()
def target(rows):
    with torch.no_grad():
        return teacher(torch.randn(rows, 1, 8, 8))
{STEP}
model.eval()
torch.onnx.export(model, torch.zeros(1, 1, 8, 8), "net.onnx")
"""
    assert roles(planned(HEAD + text)) == {
        "model(torch.zeros(1, 1, 8, 8))": ["unknown"],
        "return teacher(torch.randn(rows, 1, 8, 8))": ["target"],
        "loss = (model(torch.randn(4, 1, 8, 8)) - target(4)).pow(2).mean()": ["train"],
        'torch.onnx.export(model, torch.zeros(1, 1, 8, 8), "net.onnx")': ["export"],
    }


def test_a_script_for_many_processes_is_run_alone(planned):
    text = f"""
import os
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP
dist.init_process_group("nccl", rank=int(os.environ["RANK"]))
model = DDP(Net(), device_ids=[dist.get_rank()])
target = torch.zeros
{STEP.replace("target(4)", "target(1)")}
"""
    assert roles(planned(HEAD + text)) == {
        "loss = (model(torch.randn(4, 1, 8, 8)) - target(1)).pow(2).mean()": ["train"]
    }


def test_what_is_done_every_so_many_rounds_is_done_in_each(planned):
    rare = LOOP.replace(
        "    model.eval()\n    with", "    if epoch % 10 == 9 and epoch >= 0:\n      model.eval()\n      with"
    )
    rare = rare.replace(
        "        for images, labels in train_loader:\n            predicted",
        "       for images, labels in train_loader:\n            predicted",
    )
    plan = planned(HEAD + DATA + rare)
    assert changes(plan)["epoch % 10 == 9"] == "True"
    assert roles(plan)["predicted = model(images).argmax(1)"] == ["evaluate"]


def test_a_script_that_trains_where_it_is_told_to_is_told_to(planned):
    asked = "import argparse\nparser = argparse.ArgumentParser()\n"
    asked += "parser.add_argument('--train', action='store_true')\n"
    asked += "args = parser.parse_args()\n"
    body = LOOP.replace("\nfor epoch", "\nif args.train:\n  for epoch").replace("\n    ", "\n      ")
    plan = planned(HEAD + asked + DATA + body)
    assert own_run(plan).rehearsal.arguments == ("--train",)
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_a_name_that_is_changed_where_it_is_read_is_still_assigned(planned):
    late = LOOP.replace(
        "model = Net()", "from helpers import *\nmodel = Net()\nshown = (many := 3) + late\nlate = 2"
    )
    plan = planned(HEAD + DATA + late)
    assert changes(plan)["late"] == "MagicMock()"
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_a_script_of_a_package_finds_its_neighbours_by_dots(planned, tmp_path):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "sizes.py").write_text("RATE = 0.1")
    dotted = LOOP.replace("lr=0.1", "lr=RATE")
    plan = planned("from .sizes import RATE\n" + HEAD + DATA + dotted)
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_words_that_numpy_no_longer_has_are_those_of_python(planned):
    old = LOOP.replace("model = Net()", "shape = np.float(2)\nmodel = Net()")
    fake = "import sys, types\nsys.modules['numpy'] = types.ModuleType('numpy')\nimport numpy as np\n"
    assert changes(planned(fake + HEAD + DATA + old))["np.float"] == "float"


def test_yaml_is_read_as_it_is_now(planned):
    old = LOOP.replace("model = Net()", "options = yaml.load('a: 1')\nmodel = Net()")
    assert changes(planned("import yaml\n" + HEAD + DATA + old))["yaml.load"] == "yaml.safe_load"


def test_options_of_a_class_are_its_defaults(planned):
    asked = LOOP.replace("model = Net()", "rate = tyro.cli(Options).rate\nmodel = Net()")
    options = "class Options:\n    rate = 0.1\n"
    plan = planned("import tyro\n" + options + HEAD + DATA + asked)
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_samples_are_as_deep_as_the_loop_takes_their_batches_apart(planned):
    pairs = LOOP.replace(
        "for images, labels in train_loader:", "for (images, others), labels in train_loader:"
    )
    sample = "((torch.randn(1, 1, 8, 8)[0], torch.randn(1, 1, 8, 8)[0]), torch.randint(0, 3, (1,))[0])"
    assert changes(planned(HEAD + DATA + pairs))["train_set ="] == f"[{sample} for _ in range(8)]"


def test_words_are_typed_that_the_command_line_takes(planned):
    asked = "import argparse\nparser = argparse.ArgumentParser()\nNETS = {'small': 1, 'large': 2}\n"
    asked += "parser.add_argument('net', choices=list(NETS))\n"
    asked += "parser.add_argument('--size', required=True, type=lambda text: int(text))\n"
    asked += "args = parser.parse_args()\n"
    plan = planned(HEAD + asked + DATA + LOOP)
    assert own_run(plan).rehearsal.arguments[0] == "small"
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_an_option_for_a_configuration_is_given_the_one_that_has_what_is_read(planned, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "digits.json").write_text('{"optimizer": {"rate": 0.1}, "rounds": 5}')
    (tmp_path / "package.json").write_text('{"name": "digits", "version": "1"}')
    read = "import argparse, json\nparser = argparse.ArgumentParser()\n"
    read += "parser.add_argument('-c', '--config')\nparser.add_argument('more', nargs=argparse.REMAINDER)\n"
    read += "config = json.load(open(parser.parse_args().config))\nrounds = config['rounds']\n"
    rate = LOOP.replace("lr=0.1", "lr=config['optimizer']['rate']")
    found = own_run(planned(HEAD + read + DATA + rate)).rehearsal
    assert found.arguments == ("--config", "configs/digits.json")
    assert found.files == ("configs/digits.json",)


def test_a_configuration_that_is_named_by_default_is_there(planned, tmp_path):
    (tmp_path / "digits.yaml").write_text("rate: 0.1\n")
    read = "import argparse, os\nparser = argparse.ArgumentParser()\n"
    read += "parser.add_argument('--config', default='digits.yaml')\nname = parser.parse_args().config\n"
    read += "assert os.path.isfile(name)\n"
    found = own_run(planned(HEAD + read + DATA + LOOP)).rehearsal
    assert (found.arguments, found.files) == ((), ("digits.yaml",))


def test_what_neighbours_and_old_code_expect_of_the_machine_is_done_otherwise(planned, tmp_path):
    (tmp_path / "steps.py").write_text(
        "import torch\ndef begin(images):\n    torch.cuda.synchronize()\n    return images.to('cuda').to(0)\n"
        "def right(output, labels):\n    found = output.topk(2)[1].t().eq(labels)\n"
        "    return found[:, :2].view(-1).sum()\n"
    )
    asked = LOOP.replace(
        "model(images), labels)", "model(begin(images)), labels); right(model(images), labels)"
    )
    plan = planned("from steps import begin, right\n" + HEAD + DATA + asked)
    assert plan.instead == ("OldViews", "OnTheCpu")
    assert own_run(plan).rehearsal.changes[-1].name == "train_set ="


def test_parts_of_a_batch_are_what_their_names_say(planned):
    several = LOOP.replace("for images, labels in train_loader:", "for batch in train_loader:", 1)
    several = several.replace(
        "optimizer.zero_grad()",
        "image1, image2, flow = [part.float() for part in batch]\n        labels = flow.long()",
    ).replace("criterion(model(images), labels)", "criterion(model(image1) + model(image2), labels)")
    given = changes(planned(HEAD + DATA + several.partition("    model.eval()")[0]))["train_set ="]
    assert given.count("torch.randn(8, 1, 8, 8)") == 2 and given.count("torch.randint(0, 3, (8,))") == 1


def test_batches_are_small_where_their_size_is_read_of_options(planned):
    sized = "class options:\n    pass\nargs = options()\nvars(args).update(batch_size=64)\n"
    loss = LOOP.replace("model(images), labels)", "model(images).view(args.batch_size, 3), labels)")
    plan = planned(HEAD + sized + DATA.replace("batch_size=64", "batch_size=args.batch_size") + loss)
    assert changes(plan)["args.batch_size"] == "4"


def test_mixed_precision_of_a_package_that_is_not_there_changes_nothing(planned):
    prepared = "if len(str(model)):\n    model, optimizer = amp.initialize(model, optimizer)\nfor epoch"
    mixed = LOOP.replace("for epoch", prepared)
    mixed = mixed.replace(
        "optimizer.step()", "with amp.scale_loss(loss, optimizer) as scaled:\n            scaled + 1"
    )
    plan = planned("from apex import amp\n" + HEAD + DATA + mixed)
    assert roles(plan)["loss = criterion(model(images), labels)"] == ["train"]


def test_data_that_comes_with_labels_is_one_batch(planned):
    drawn = LOOP.replace(
        "for images, labels in train_loader:", "for step in range(9):\n        data, labels = draw(step)"
    )
    drawn = drawn.replace("model(images)", "model(data)").partition("    model.eval()")[0]
    given = changes(planned(HEAD + drawn))["(data, labels) ="]
    assert given == "(torch.randn(4, 1, 8, 8), torch.randint(0, 3, (4,)))"


def test_a_script_of_hydra_is_given_what_its_files_say(planned, tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("lr: 1e-1\nmodel:\n  width: 4\n")
    start = "import hydra_of_nowhere as hydra\n@hydra.main(config_path='conf', config_name='config')\n"
    body = "".join(f"    {line}\n" for line in (DATA + LOOP.replace("lr=0.1", "lr=cfg.lr")).splitlines())
    check = "    assert cfg.model.width == cfg['model']['width'] == 4\n"
    plan = planned(f"{HEAD}\n{start}def main(cfg):\n{check}{body}\nif __name__ == '__main__':\n    main()\n")
    assert changes(plan)["main()"] == "main(Options({'lr': 0.1, 'model': {'width': 4}}))"
    assert len(roles(plan)) == 2


def test_a_bar_around_a_loader_stays_what_it_is(planned):
    bar = "from nowhere import tqdm, get_loader\ntrain_loader = get_loader()\npbar = tqdm(train_loader)\n"
    assert "pbar =" not in changes(planned(HEAD + bar + LOOP))


def test_a_name_that_only_another_branch_binds_is_bound(planned):
    branch = """
import sys
if sys.argv[-1] == "digits":
    model = Net()
"""
    assert (
        changes(planned(HEAD + branch + DATA + LOOP.replace("model = Net()\n", "")))[
            "sys.argv[-1] == 'digits'"
        ]
        == "True"
    )


def test_an_option_that_nobody_gave_has_a_value(planned):
    options = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--gpu_ids", type=int, nargs="+")
args = parser.parse_args()
parallel = len(args.gpu_ids) > 1
"""
    assert changes(planned(options + HEAD + DATA + LOOP))["args.gpu_ids"] == "[0]"


def test_data_that_a_call_takes_apart_is_what_its_parameters_are(program):
    text = f"""{HEAD}
from nowhere import read
def fit(X_train, y_train, epochs):
    model = Net()
    for epoch in range(epochs):
        nn.functional.cross_entropy(model(X_train), y_train).backward()
data = read()
fit(*data, epochs=3)
"""
    found = program(text)
    slots = request(Context(found, names_of(found, "definitions")))["slots"]
    (data,) = slots[str(text.splitlines().index("data = read()") + 1)]
    assert [(part["name"], part["kind"]) for part in data["nested"]] == [
        ("X_train", "input"),
        ("y_train", "target"),
    ]


def test_the_subcommand_that_trains_is_typed_with_what_it_requires(program):
    text = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--home", required=True)
commands = parser.add_subparsers()
show = commands.add_parser("show")
show.add_argument("--page", required=True)
fit = commands.add_parser("train")
fit.add_argument("--depth", type=int, required=True)
"""
    assert required(program(text).source.tree) == ["--home", "x", "train", "--depth", "2"]


def test_what_trains_is_no_mock_where_its_model_cannot_be_built(planned):
    text = """
import torch
from nowhere import digits
from elsewhere import build

class Trainer:
    def __init__(self):
        self.net = None
        self.net = build("vgg16", seed=int("x"))
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)

    def fit(self, loader):
        for images, labels in loader:
            loss = torch.nn.functional.cross_entropy(self.net(images), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

if __name__ == "__main__":
    trainer = Trainer()
    train_loader = digits()
    trainer.fit(train_loader)
"""
    found = changes(planned(text))
    assert "trainer =" not in found
    assert found["build('vgg16', seed=int('x'))"] == "AnyModel()"


def test_a_constant_of_the_script_has_its_own_name_there(planned):
    options = """
from nowhere import parsed
import argparse
RATE = 0.1
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=RATE)
args = parsed(parser, int("x"))
"""
    found = changes(planned(HEAD + options + DATA + LOOP.replace("lr=0.1", "lr=args.lr")))
    assert found["args ="] == "SimpleNamespace(lr=RATE)"
