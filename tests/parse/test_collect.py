from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from modereview import parse
from modereview.errors import InputError

TORCH = "import torch\n"


@pytest.fixture
def project(tmp_path):
    def write(files: dict[str, str]):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def unprivileged():
    """A folder of somebody else than root, and the test run by them: root may enter everything."""
    with tempfile.TemporaryDirectory() as name:
        me, somebody = os.geteuid(), os.geteuid() or 65534
        os.chown(name, somebody, -1)
        os.seteuid(somebody)
        yield Path(name)
        os.seteuid(me)


def names(root, *paths):
    return [path.relative_to(root).as_posix() for path in parse.collect(list(paths or (root,)))]


def test_a_folder_gives_what_imports_torch_sorted(project):
    root = project(
        {
            "b.py": "import os, torch\n",
            "a/c.py": "def f():\r    from torch.nn import Linear\r",
            "a/b.py": "try: import torch as t\nexcept ImportError: pass\n",
            "d.py": "from torchvision.models import resnet18\n",
            "d2.py": "import pytorch_lightning as pl\n",
            "d3.py": "from nets.pytorch.embeddings import *\n",
            "d4.py": "from nets import Net\nmodel = Net('torch')\n",
            "e.py": "# import nothing, torch is great\nx = 'torch'\n",
            "f.txt": TORCH,
        }
    )
    assert names(root) == ["a/b.py", "a/c.py", "b.py", "d.py", "d2.py", "d3.py"]


def test_what_is_not_the_users_code_is_skipped(project):
    root = project(
        {
            "train.py": TORCH,
            ".git/hook.py": TORCH,
            ".hidden/a.py": TORCH,
            "node_modules/a.py": TORCH,
            "__pycache__/a.py": TORCH,
            "env/pyvenv.cfg": "",
            "env/lib/a.py": TORCH,
        }
    )
    assert names(root) == ["train.py"]
    assert names(root, root / ".hidden") == [".hidden/a.py"]


def test_loops_links_and_fifos(project):
    root = project({"a/train.py": TORCH})
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self.py").symlink_to("self.py")
    os.mkfifo(root / "a" / "pipe.py")
    assert names(root) == ["a/train.py"]


def test_a_file_is_taken_once_in_the_order_of_the_command_line(project):
    root = project({"b.py": TORCH, "a.py": "x = 1\n"})
    assert names(root, root / "b.py", root / "a.py", root, root / "." / "a.py") == ["b.py", "a.py"]


@pytest.mark.parametrize(("name", "message"), [("none.py", "does not exist"), (".", "no Python file")])
def test_nothing_to_review(project, name, message):
    root = project({"a.py": "x = 1\n"})
    with pytest.raises(InputError, match=message):
        parse.collect([root / name])


def test_a_name_that_no_file_can_have(tmp_path):
    for name in ("a\0b", "x" * 300):
        with pytest.raises(InputError):
            parse.collect([tmp_path / name])


def test_a_folder_that_may_not_be_entered_is_said(unprivileged):
    (unprivileged / "train.py").write_text(TORCH)
    (unprivileged / "locked").mkdir(mode=0)
    with pytest.raises(InputError, match=r"locked cannot be read: Permission denied\. Check who may read it"):
        parse.collect([unprivileged])
