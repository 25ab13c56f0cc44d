"""Which constructor arguments and inputs are found for a bare module."""

from __future__ import annotations

import pytest
from modereview.plan import plan
from modereview.records import Status
from modereview.run import Failed

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def module(body: str, call: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return f"{HEAD}\nclass Net(nn.Module):\n{lines}\n\nif __name__ == '__main__':\n    {call or 'pass'}\n"


def found(plan, name="Net"):
    recipe = next(r for r in plan.recipes if r.target.name == name)
    return tuple(value.code for value in recipe.values)


LINEAR = """
def __init__(self, n_in, n_out=3):
    super().__init__()
    self.fc = nn.Linear(n_in, n_out)
def forward(self, x):
    return self.fc(x)
"""
CONV = """
def __init__(self):
    super().__init__()
    self.conv = nn.Conv2d(3, 4, 5)
    self.fc = nn.Linear(4 * 20 * 20, 2)
def forward(self, x):
    return self.fc(F.max_pool2d(self.conv(x), 2).flatten(1))
"""
TEXT = """
def __init__(self, vocab_size, batch_first=True):
    super().__init__()
    self.emb = nn.Embedding(vocab_size, 6)
    self.rnn = nn.LSTM(6, 5, batch_first=batch_first)
def forward(self, tokens):
    return self.rnn(self.emb(tokens))[0][:, -1]
"""
RNN = """
def __init__(self):
    super().__init__()
    self.rnn = nn.GRU(9, 5, batch_first=True)
def forward(self, x, hidden):
    return self.rnn(x, hidden)
def init_hidden(self, n):
    return torch.zeros(1, n, 5)
"""
TWO = """
def __init__(self):
    super().__init__()
    self.a, self.b = nn.Linear(4, 3), nn.Linear(6, 3)
def forward(self, left, right):
    return self.a(left) + self.b(right)
"""
DOUBLE = """
def __init__(self):
    super().__init__()
    self.fc = nn.Linear(4, 3).double()
def forward(self, x):
    return self.fc(x)
"""
SHADOWED = """
def __init__(self):
    super().__init__()
    self.fc = nn.Linear(4, 3)
def forward(self, x):
    return self.fc(x)
def train(self, epochs, loader):
    raise RuntimeError("not a switch")
"""
CONFIG = """
def __init__(self, config):
    super().__init__()
    self.fc = nn.Linear(config.hidden_size, config.n_classes)
def forward(self, x):
    return self.fc(x)
"""
CELL = """
def __init__(self):
    super().__init__()
    self.rnn = nn.LSTM(9, 5)
def forward(self, x, h, c):
    return self.rnn(x, (h, c))
"""
TRIPLET = """
def __init__(self, embedding):
    super().__init__()
    self.embedding = embedding
    self.conv = nn.Conv2d(1, 2, 5)
    self.fc = nn.Linear(2 * 12 * 12, 3)
def one(self, x):
    return self.fc(self.embedding(F.max_pool2d(self.conv(x), 2)).view(-1, 288))
def forward(self, x, y, z):
    return self.one(x), self.one(y) - self.one(z)
"""
DROPS = """
def __init__(self, n_in, n_out=3, dropout=0.0, drop_last=False):
    super().__init__()
    self.fc, self.dropout = nn.Linear(n_in, n_out), dropout
def forward(self, x):
    return F.dropout(self.fc(x), self.dropout, self.training)
"""
MAKER = """
def __init__(self, act, norm_layer):
    super().__init__()
    self.conv, self.norm, self.act = nn.Conv2d(3, 4, 3), norm_layer(4), act()
def forward(self, x):
    return self.act(self.norm(self.conv(x)))
"""


@pytest.mark.parametrize(
    ("body", "call", "model", "inputs"),
    [
        pytest.param(
            CELL,
            "",
            "script.Net()",
            "(torch.randn(12, 4, 9), torch.zeros(1, 4, 5), torch.zeros(1, 4, 5))",
            id="state in two parts",
        ),
        pytest.param(
            TRIPLET,
            "",
            "script.Net(nn.Identity())",
            f"({', '.join(['torch.randn(4, 1, 28, 28)'] * 3)})",
            id="a layer as an argument, and three inputs of a kind",
        ),
        pytest.param(
            MAKER,
            "",
            "script.Net(nn.ReLU, nn.BatchNorm2d)",
            "(torch.randn(4, 3, 32, 32),)",
            id="makers of layers",
        ),
        pytest.param(
            DROPS, "", "script.Net(n_in=7, dropout=0.5)", "(torch.randn(8, 7),)", id="a rate that is 0"
        ),
        pytest.param(
            DROPS, "Net(20, 3, 0)", "script.Net(20, 3, 0.5)", "(torch.randn(8, 20),)", id="a rate given as 0"
        ),
        pytest.param(
            DROPS,
            "Net(20, 3, 0.1)",
            "script.Net(20, 3, 0.1)",
            "(torch.randn(8, 20),)",
            id="a rate of its own",
        ),
        pytest.param(
            DROPS.replace("self.fc, self", "assert not dropout; self.fc, self"),
            "Net(20)",
            "script.Net(20)",
            "(torch.randn(8, 20),)",
            id="a rate that has to be 0",
        ),
        pytest.param(LINEAR, "Net(20)", "script.Net(20)", "(torch.randn(8, 20),)", id="call site"),
        pytest.param(LINEAR, "Net(n_in=20)", "script.Net(n_in=20)", "(torch.randn(8, 20),)", id="keyword"),
        pytest.param(LINEAR, "", "script.Net(7)", "(torch.randn(8, 7),)", id="placeholder"),
        pytest.param(CONV, "", "script.Net()", "(torch.randn(4, 3, 44, 44),)", id="side repaired"),
        pytest.param(TEXT, "", "script.Net(97)", "(torch.randint(0, 97, (4, 12)),)", id="text"),
        pytest.param(RNN, "", "script.Net()", "(torch.randn(4, 12, 9), model.init_hidden(4))", id="state"),
        pytest.param(TWO, "", "script.Net()", "(torch.randn(8, 4), torch.randn(8, 6))", id="two inputs"),
        pytest.param(DOUBLE, "", "script.Net()", "(torch.randn(8, 4, dtype=torch.float64),)", id="dtype"),
        pytest.param(SHADOWED, "", "script.Net()", "(torch.randn(8, 4),)", id="train is no switch"),
        pytest.param(
            CONFIG,
            "",
            "script.Net(types.SimpleNamespace(hidden_size=16, n_classes=5))",
            "(torch.randn(8, 16),)",
            id="config object",
        ),
    ],
)
def test_module_is_reached(planned, body, call, model, inputs):
    assert found(planned(module(body, call))) == (model, inputs)


def test_arguments_come_from_constants_options_and_locals(planned):
    text = module(LINEAR) + (
        "\nimport argparse\nWIDTH = 12\n"
        "def main():\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--n-out', type=int, default=5)\n"
        "    args = parser.parse_args()\n"
        "    width = WIDTH * 2\n"
        "    return Net(width, args.n_out)\n"
    )
    assert found(planned(text))[0] == "script.Net(script.WIDTH * 2, 5)"


def test_a_shape_that_the_file_writes_down_is_tried_first(planned):
    assert (
        found(planned(module(CONV, "Net()(torch.randn(1, 3, 45, 45))")))[1] == "(torch.randn(4, 3, 45, 45),)"
    )


def test_where_a_number_comes_from_is_said(planned):
    values = planned(module(LINEAR, "Net(20)")).recipes[0].values
    assert values[0].why == "arguments as at line 13"
    assert values[1].why == "20 features: Net.fc"


def test_a_rate_that_is_raised_is_said(planned):
    (recipe,) = planned(module(DROPS, "Net(20, 3, 0)")).recipes
    assert recipe.values[0].why.endswith("; 0.5 for `dropout`, which is 0: what drops nothing shows no mode")


def test_a_module_that_nothing_reaches_says_why(planned):
    plan = planned(module("def forward(self, x):\n    raise KeyError('no')"))
    assert not plan.recipes
    (unreached,) = plan.unreached
    assert "KeyError" in unreached.error
    assert "`Net`" in unreached.hint
    assert unreached.tried == 1


def test_a_missing_import_is_named_with_the_next_step(planned):
    plan = planned(
        "import no_such_package\n"
        + module(
            """
            def __init__(self):
                super().__init__()
                self.layer = no_such_package.Layer()
            def forward(self, x):
                return self.layer(x)
            """
        )
    )
    (unreached,) = plan.unreached
    assert plan.absent == ("no_such_package",)
    assert "no_such_package" in unreached.hint
    assert "--python PATH" in unreached.hint


def test_a_package_that_is_not_there_and_not_needed_is_mocked(planned):
    plan = planned("import no_such_package.charts as charts\n" + module(LINEAR))
    assert plan.absent == ("no_such_package", "no_such_package.charts")
    assert found(plan)[0] == "script.Net(7)"


def test_what_a_missing_package_decorates_or_is_the_base_of_stays(planned):
    plan = planned(
        "import no_such_hub as hub\n"
        + module(LINEAR, "Net(20)").replace(
            "class Net(nn.Module)", "@hub.register('net')\nclass Net(hub.core.BaseModule)"
        )
    )
    assert plan.absent == ("no_such_hub",)
    assert found(plan) == ("script.Net(20)", "(torch.randn(8, 20),)")


def test_one_bad_module_does_not_take_the_others_with_it(planned):
    bad = "\nclass Bad(nn.Module):\n    def forward(self, x):\n        import os\n        os._exit(3)\n"
    plan = planned(module(LINEAR) + bad)
    assert [r.target.name for r in plan.recipes] == ["Net"]
    assert [u.error for u in plan.unreached] == ["its process died"]


def test_a_script_that_exits_on_import_is_loaded_by_its_definitions(planned):
    plan = planned(module(LINEAR) + "\nraise SystemExit('no data')\n")
    assert plan.load == "definitions"
    assert found(plan)[0] == "script.Net(7)"


def test_a_script_that_takes_the_sandbox_down_on_import_is_loaded_by_its_definitions(program, ask, tmp_path):
    def dies_on_import(request):
        if "spec_from_file_location" in request["loader"]:
            raise Failed(Status.CRASHED, "the process was killed")
        return ask(request)

    planned = plan(program(module(LINEAR)), (), dies_on_import, tmp_path / "test_script_modes.py")
    assert planned.load == "definitions"
    assert found(planned)[0] == "script.Net(7)"


def test_a_configuration_is_built_small(planned):
    plan = planned("""
import torch
from torch import nn

class TextConfig:
    def __init__(self, hidden_size=4096, num_hidden_layers=48, scale=0.5):
        self.hidden_size, self.num_hidden_layers, self.scale = hidden_size, num_hidden_layers, scale

class Net(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        sizes = [config.hidden_size] * config.num_hidden_layers
        self.layers = nn.ModuleList(nn.Linear(size, config.hidden_size) for size in sizes)
    def forward(self, hidden_states):
        for layer in self.layers:
            hidden_states = layer(hidden_states)
        return hidden_states
""")
    assert not plan.unreached
    (recipe,) = plan.recipes
    code = recipe.values[0].code
    assert code == "script.Net(script.TextConfig(hidden_size=16, num_hidden_layers=2))", recipe.trials


def test_as_many_dimensions_as_forward_takes_apart(planned):
    plan = planned("""
import torch
from torch import nn

class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)
    def forward(self, x):
        batch, length, width = x.shape
        return self.qkv(x).reshape(batch, length, 3, width).mean(2)
""")
    (recipe,) = plan.recipes
    assert recipe.values[1].code == "(torch.randn(4, 12, 16),)"


def test_what_is_missing_after_a_keyword_goes_by_keyword_too(planned):
    two = LINEAR.replace("n_out=3", "n_out")
    assert found(planned(module(two, "Net(n_in=4, **{'n_out': int(input())})")))[0] == (
        "script.Net(n_in=4, n_out=5)"
    )


MOVED = """
def __init__(self):
    super().__init__()
    self.words = nn.Embedding(48, 4)
    self.fc = nn.Linear(12, 2)
def forward(self, x):
    return self.fc(self.words(x + torch.tensor([0, 16, 32])).flatten(1))
"""
PARTS = """
class PartConfig:
    def __init__(self, hidden_size=4096, num_hidden_layers=48, **rest):
        self.hidden_size, self.layers = hidden_size, num_hidden_layers

class WholeConfig:
    def __init__(self, text_config=None):
        self.text = PartConfig(**(text_config or {}))

class Net(nn.Module):
    def __init__(self, config: WholeConfig):
        super().__init__()
        size = config.text.hidden_size
        self.layers = nn.Sequential(*(nn.Linear(size, size) for _ in range(config.text.layers)))
    def forward(self, x):
        return self.layers(x)
"""


def test_numbers_that_are_moved_on_before_they_are_looked_up_are_small(planned):
    assert found(planned(module(MOVED)))[1] == "(torch.randint(0, 2, (4, 3)),)"


def test_the_parts_of_a_configuration_are_small_too(planned):
    build = found(planned(HEAD + PARTS))[0]
    assert build.startswith("script.Net(script.WholeConfig(text_config={'vocab_size': 97, 'hidden_size': 16,")


NEEDED = """
class NetConfig:
    def __init__(self, scale=2.0):
        self.scale = scale

class Net(nn.Module):
    def __init__(self, width=4, config: NetConfig = None):
        super().__init__()
        self.fc, self.config = nn.Linear(width, width), config
    def forward(self, x):
        return self.fc(x) * self.config.scale
"""
PARTED = """
def __init__(self):
    super().__init__()
    self.fc = nn.Linear(8, 2)
def forward(self, xs):
    return self.fc(torch.cat(xs, dim=1))
"""


def test_a_configuration_that_is_needed_in_spite_of_its_default_is_given(planned):
    assert found(planned(HEAD + NEEDED))[0].endswith("config=script.NetConfig())")


def test_several_tensors_are_given_in_a_list_where_forward_joins_them(planned):
    assert found(planned(module(PARTED)))[1] == "([torch.randn(4, 12, 8), torch.randn(4, 12, 8)],)"


def test_a_forward_that_only_raises_is_there_to_be_overridden(planned):
    text = module(LINEAR.replace("return self.fc(x)", "raise NotImplementedError"))
    plan = planned(text + "\n\nclass Own(Net):\n    def forward(self, x):\n        return self.fc(x)\n")
    assert [recipe.target.name for recipe in plan.recipes] == ["Own"]
    assert not plan.unreached
