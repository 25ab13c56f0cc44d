"""Whether something names a layer that depends on the mode, where a network may come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.parse.layered import derives_from_module, has_all, layered
from modereview.records import Source
from modereview.rules import check

PLAIN = "from torch import nn\n\nclass Net(nn.Module):\n    layer = nn.Linear(4, 4)\n"
TRAINS = """\
import torch
from nets.plain import Net

def main(loader, val_loader):
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    net.train()
    for x, y in loader:
        torch.nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return [net(x).argmax(1) for x in val_loader]
"""


def project(root: Path, files: dict[str, str], script: str = "import torch\n") -> Source:
    for name, text in {"run.py": script, "pyproject.toml": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return parse.read(root / "run.py", root)


OPTION = """
def vgg(cfg, batch_norm=False):
    layers = []
    for v in cfg:
        if batch_norm:
            layers += [nn.Conv2d(3, v, 3), nn.BatchNorm2d(v)]
        else:
            layers += [nn.Conv2d(3, v, 3)]
    return layers
"""
NAMED = {
    "by the file that defines it": {"nets/plain.py": PLAIN + "    drop = nn.Dropout(0.1)\n"},
    "by what that file imports": {
        "nets/plain.py": "from .blocks import Block\n" + PLAIN,
        "nets/blocks.py": "from torch.nn import BatchNorm2d\n",
    },
    "under an option that the file turns on": {
        "nets/plain.py": PLAIN + OPTION + "vgg([], batch_norm=True)\n"
    },
    "by a package that it imports": {
        "nets/plain.py": "import nets.blocks\n" + PLAIN,
        "nets/blocks/__init__.py": "def f(self): return self.training\n",
    },
    "as a library of networks": {"nets/plain.py": "from torchvision import models\n" + PLAIN},
}
UNNAMED = {
    "another file": {"nets/plain.py": PLAIN, "nets/other.py": "nn.Dropout()\n"},
    "a comment": {"nets/plain.py": PLAIN + "    # no Dropout here\n"},
    "an option that nobody turns on": {"nets/plain.py": PLAIN + OPTION},
    "a table of vectors": {"nets/plain.py": PLAIN + "    words = nn.Embedding.from_pretrained(table)\n"},
    "a test": {"nets/plain.py": PLAIN, "nets/test_blocks.py": "nn.Dropout()\n"},
    "another's module of that name": {"nets/plain.py": "import a.b\n" + PLAIN, "b.py": "nn.Dropout()\n"},
}


@pytest.mark.parametrize("files", NAMED.values(), ids=NAMED)
def test_a_layer_is_named(files: dict[str, str], tmp_path: Path) -> None:
    found = layered(project(tmp_path, files), ["nets.plain.Net"])
    assert found is not None
    assert found[1]


@pytest.mark.parametrize("files", UNNAMED.values(), ids=UNNAMED)
def test_no_layer_is_named(files: dict[str, str], tmp_path: Path) -> None:
    assert layered(project(tmp_path, files), ["nets.plain.Net"]) == (tmp_path / "nets/plain.py", "")


def test_nobody_knows_of_what_the_project_does_not_define(tmp_path: Path) -> None:
    assert layered(project(tmp_path, {}), ["somewhere.Net"]) is None
    assert layered(project(tmp_path, {}), []) is None


def test_nobody_knows_where_a_part_of_the_project_is_missing(tmp_path: Path) -> None:
    files = {"nets/plain.py": "from nets.blocks import *\n" + PLAIN}
    assert layered(project(tmp_path, files), ["nets.plain.Net"]) is None


def test_where_nothing_made_it_every_file_may_have(tmp_path: Path) -> None:
    assert layered(project(tmp_path, {"nets/plain.py": PLAIN}), []) == (tmp_path / "nets/plain.py", "")
    other = tmp_path / "other"
    files = {"nets/plain.py": PLAIN, "nets/drops.py": "nn.Dropout()\n"}
    assert layered(project(other, files), []) == (other / "nets/drops.py", "Dropout")


@pytest.mark.parametrize(("block", "severity"), [("nn.Dropout(0.1)", "warning"), ("nn.LayerNorm(4)", "note")])
def test_a_network_out_of_view_is_an_alarm_only_where_a_layer_may_mind(
    block: str, severity: str, tmp_path: Path
) -> None:
    source = project(tmp_path, {"nets/plain.py": PLAIN + f"    block = {block}\n"}, TRAINS)
    (finding,) = check(analyze(source, None, elsewhere=parse.elsewhere), select=["MR103"])
    assert finding.severity.value == severity


LIBRARY = TRAINS.replace("nets.plain", "library.nets")


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        ({}, "warning"),  # a script by itself: `library` may be a folder that is not here
        ({"train.py": "import torch\n"}, "note"),
        ({"library/other.py": ""}, "warning"),  # a part of the project is missing
    ],
    ids=["alone", "a library", "a package in part"],
)
def test_what_a_project_takes_from_a_library(files: dict[str, str], severity: str, tmp_path: Path) -> None:
    source = project(tmp_path, files, LIBRARY)
    assert has_all(source) is (severity == "note")
    (finding,) = check(analyze(source, None, elsewhere=parse.elsewhere), select=["MR103"])
    assert finding.severity.value == severity


BASES = "class Base(Kind, metaclass=Meta):\n    pass\n\nclass Kind({}):\n    pass\n"
METHOD = """\
import torch
from nets.base import Base
from nets.plain import Net

class Reader(Base):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def predict(self, x):
        with torch.no_grad():
            return self.net(x).argmax(1)
"""


@pytest.mark.parametrize(("kind", "found"), [("nn.Module", 0), ("object", 1)])
def test_a_method_of_what_another_file_makes_a_module(kind: str, found: int, tmp_path: Path) -> None:
    drops = PLAIN + "    drop = nn.Dropout(0.1)\n"
    source = project(tmp_path, {"nets/plain.py": drops, "nets/base.py": BASES.format(kind)}, METHOD)
    assert derives_from_module(source, "Base") is (found == 0)
    assert len(check(analyze(source, None, elsewhere=parse.elsewhere), select=["MR103"])) == found


FAR = {
    "nets/plain.py": "from .blocks import Block\n" + PLAIN,
    "nets/blocks.py": "from .drops import drop\n",
    "nets/drops.py": "nn.Dropout()\n",
}
HANDED_ON = {
    "nets/plain.py": "from .parts import Block\n" + PLAIN,
    "nets/parts/__init__.py": "from .blocks import Block\nfrom .other import Other\n",
    "nets/parts/blocks.py": "class Block(nn.Module):\n    drop = nn.Dropout()\n",
    "nets/parts/other.py": "class Other(nn.Module):\n    norm = nn.BatchNorm1d(4)\n",
}


def test_nearby_ends_at_what_the_file_of_the_maker_imports(tmp_path: Path) -> None:
    source = project(tmp_path, FAR)
    assert layered(source, ["nets.plain.Net"]) == (tmp_path / "nets/drops.py", "Dropout")
    assert layered(source, ["nets.plain.Net"], source.path) == (tmp_path / "nets/plain.py", "")


def test_a_package_hands_on_what_is_imported_from_it_by_name(tmp_path: Path) -> None:
    source = project(tmp_path, HANDED_ON)
    assert layered(source, ["nets.plain.Net"], source.path) == (tmp_path / "nets/parts/blocks.py", "Dropout")


def test_of_a_network_that_anything_made_the_file_itself_says_most(tmp_path: Path) -> None:
    source = project(tmp_path, {"nets/plain.py": PLAIN + "    drop = nn.Dropout()\n"})
    assert layered(source, []) == (tmp_path / "nets/plain.py", "Dropout")
    assert layered(source, [], source.path) is None
    assert layered(source, [], tmp_path / "nets/plain.py") == (tmp_path / "nets/plain.py", "Dropout")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("import timm", "timm"),
        ("from timm.models import create_model", "create_model"),
        ("from timm.models.layers import trunc_normal_", ""),
        ("from transformers import AutoModelForCausalLM, AutoTokenizer", "AutoModelForCausalLM"),
        ("from transformers import (\n    AutoTokenizer,\n    BertModel,\n)", "BertModel"),
        ("from transformers import AutoTokenizer, get_scheduler", ""),
    ],
)
def test_what_a_library_of_networks_is_asked_for(line: str, word: str, tmp_path: Path) -> None:
    source = project(tmp_path, {"nets/plain.py": f"{line}\n{PLAIN}"})
    assert layered(source, ["nets.plain.Net"]) == (tmp_path / "nets/plain.py", word)
