"""The static policy: each refusal with its reason, and the honest idioms that must pass."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest
from modereview.records import Case, Suite
from modereview.write.answer import read
from modereview.write.ground import ground
from modereview.write.policy import ATTRIBUTES, refusal

HEADER = '''"""Tests."""
import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

SCRIPT = Path(__file__).absolute().parent / "train.py"


def load_script(path):
    return sys.modules[path]


script = load_script(SCRIPT)


def build_net():
    return script.Net(), (torch.randn(2, 3),)
'''
SCRIPT = ast.parse(
    "import os\nimport subprocess as sp\nfrom torch import nn\nimport torch.nn.functional as F"
)
EXISTING = Case("test_model_determinism", "def test_model_determinism(): ...", "c", ("Net",), (), "builtin")
WHERE = ground(Suite(Path("/p/test_train.py"), HEADER, (EXISTING,)), SCRIPT)


def reason(block: str) -> str | None:
    """Why the last function of the block is refused."""
    return refusal(read(f"```python\n{block}\n```").pieces[-1], WHERE)


def body(*lines: str) -> str:
    """A test with these lines before an assertion that can fail."""
    return "\n    ".join(
        ("def test_net_x():", *lines, "model, inputs = build_net()", "assert model(*inputs).sum() > 0")
    )


GOOD = [
    body("torch.manual_seed(0)"),
    body("import copy", "from itertools import chain"),
    body("import torch.nn.functional as F"),
    "import types\n" + body("options = types.SimpleNamespace(rate=0.1)"),
    "import tempfile\n" + body("folder = tempfile.mkdtemp()"),
    body("seen = []", "def hook(module, args, output):", "    seen.append(module.training)"),
    body("net = script.Net(3)", "net.train(False)", "nn.Module.eval(net)"),
    body("layer = getattr(script.Net(), 'fc')", "assert type(layer).__name__ == layer.__class__.__name__"),
    body("state = script.Net().state_dict()", "script.Net().load_state_dict(state)"),
    body("model = build_net()[0]", "model.bn.momentum = 0.5", "values = {}", "values['a'] = 1"),
    body("with torch.no_grad():", "    pass"),
    body("try:", "    build_net()", "except ValueError as error:", "    raise RuntimeError from error"),
    body("model = script.F.relu(torch.ones(1))"),
    "import copy\nimport torch\n" + body("copy.deepcopy(build_net()[0])", "torch.ones(1)"),
    "def test_net_y():\n    net, x = build_net()\n    assert torch.equal(net(*x), net(*x))",
    "def test_net_y():\n    torch.testing.assert_close(build_net()[1], build_net()[1])",
    "def test_net_y():\n    with pytest.raises(ValueError, match='one sample'):\n        build_net()[0](1)",
    "def test_net_y():\n    assert all(not m.training for m in build_net()[0].eval().modules()), 'all'",
]


@pytest.mark.parametrize("block", GOOD)
def test_honest_test_passes(block):
    assert reason(block) is None


BAD = [
    # the shape of a test
    ("def helper():\n    assert build_net()", "only functions named test_*"),
    ("def test_model_determinism():\n    assert build_net()", "a function of that name already"),
    ("def build_net():\n    assert script.Net()", "only functions named test_*"),
    ("async def test_net_x():\n    assert build_net()", "async or a generator"),
    ("def test_net_x():\n    yield\n    assert build_net()", "async or a generator"),
    ("def test_net_x(monkeypatch):\n    assert build_net()", "parameters or fixtures"),
    ("def test_net_x(x=open('f')):\n    assert build_net()", "parameters or fixtures"),
    ("@pytest.mark.skip\ndef test_net_x():\n    assert build_net()", "a decorator"),
    ("@pytest.mark.xfail(strict=False)\ndef test_net_x():\n    assert build_net()", "a decorator"),
    # files, processes, network, evaluated text
    ("import os\n" + body("os.system('ls')"), "imports `os`"),
    ("import numpy as np\n" + body("np.save('f', 1)"), ".save"),
    (body("import subprocess"), "imports `subprocess`"),
    (body("from torch import hub"), "imports `hub`"),
    (body("import torch.utils.cpp_extension"), "imports `cpp_extension`"),
    (body("from random import *"), "imports `*`"),
    (body("from . import train"), "it imports"),
    (body("from pytest import skip"), "imports `pytest.skip`"),
    ("import random as torch\n" + body("torch.seed()"), "another meaning"),
    (body("open('/etc/passwd')"), "uses `open`"),
    (body("run = eval", "run('1')"), "uses `eval`"),
    (body("__import__('os')"), "uses `__import__`"),
    (body("torch.load('f')"), "uses `.load`"),
    (body("torch.os.remove('f')"), "uses `.os`"),
    (body("torch.compiler.io.open('/etc/passwd')"), "uses `.open`"),
    (body("torch.glob.glob('/*')"), "uses `.glob`"),
    (body("from torch.utils import benchmark", "benchmark.Timer('1').timeit()"), "imports `benchmark`"),
    (body("from torch.utils.collect_env import run", "run('ls')"), "imports `collect_env`"),
    (body("torch.onnx.export(build_net()[0], build_net()[1], 'f')"), "uses `.onnx`"),
    (body("import numpy as np", "np.testing.runstring('1', {})"), "uses `.runstring`"),
    (body("with torch.compiler.contextlib.suppress(AssertionError):", "    pass"), "uses `.contextlib`"),
    (body("torch._C._cuda_init()"), "private `torch._C"),
    (body("import types", "types.FunctionType(types.CodeType(0), {})()"), "uses `.FunctionType`"),
    (body("from types import LambdaType"), "imports `LambdaType`"),
    (body("import tempfile", "tempfile.NamedTemporaryFile()"), "uses `tempfile`"),
    (body("from tempfile import mkdtemp"), "imports `tempfile`"),
    (body("import tempfile as t", "t.mkdtemp()"), "imports `tempfile`"),
    (body("import tempfile", "tempfile.mkdtemp('x')"), "uses `tempfile`"),
    (body("script.sp.run(['ls'])"), "a module that the script imports"),
    (body("script.os.remove('f')"), "uses `.os`"),
    (body("Path('f').write_text('x')"), "`Path`, which the file keeps to itself"),
    (body("SCRIPT.unlink()"), "`SCRIPT`, which the file keeps to itself"),
    (body("load_script('other')"), "`load_script`, which the file keeps to itself"),
    (body("().__class__.__bases__[0].__subclasses__()"), "uses `.__subclasses__`"),
    (body("getattr(torch, 'o' + 's')"), "a name that is not written out"),
    (body("getattr(torch, 'os')"), "a name that is not written out"),
    (body("list(map(getattr, [torch], ['os']))"), "a name that is not written out"),
    (body("match torch:", "    case object(os=found):", "        found.remove('f')"), "pattern matching"),
    # patching what is tested
    (body("script.Net = None"), "changes `script.Net`"),
    (body("script.Net.forward = None"), "changes `script.Net.forward`"),
    (body("setattr(script, 'Net', None)"), "uses `setattr`"),
    (body("del script.Net"), "changes `script.Net`"),
    (body("nn.Dropout.p = 0"), "changes `nn.Dropout.p`"),
    (body("module = script", "module.Net = None"), "hands the script's module around"),
    (body("model = build_net()[0]", "model.forward = lambda x: x"), "replaces `model.forward`"),
    (body("global script", "script = None"), "global names"),
    # escapes and assertions
    (body("pytest.skip('not today')"), "uses `pytest.skip`"),
    (body("pytest.importorskip('numpy')"), "uses `pytest.importorskip`"),
    (body("try:", "    build_net()", "except Exception:", "    pass"), "catches exceptions"),
    (body("try:", "    build_net()", "finally:", "    return"), "catches exceptions"),
    (body("with pytest.raises(Exception):", "    build_net()"), "catches exceptions"),
    (body("with pytest.raises((ValueError, AssertionError)):", "    build_net()"), "catches exceptions"),
    ("def test_net_x():\n    build_net()", "asserts nothing"),
    ("def test_net_x():\n    assert True", "asserts nothing"),
    ("def test_net_x():\n    assert 1 + 1 == 2", "asserts nothing"),
    ("def test_net_x():\n    assert (build_net(), 'message')", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    assert y == y", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    assert y.sum() > 0 or True", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    assert torch.equal(y[0], y[0])", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    assert same(y, y)", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    assert y.equal(y)", "asserts nothing"),
    ("def test_net_x():\n    y = build_net()\n    torch.testing.assert_close(y, y)", "asserts nothing"),
]


@pytest.mark.parametrize(("block", "words"), BAD)
def test_refusal_says_why(block, words):
    assert words in (reason(block) or "accepted")


def test_no_chain_of_names_leads_from_torch_to_files_or_processes():
    """The modules of the standard library that torch's own modules hold, by whatever name."""
    import torch
    import torch.export  # what it brings hangs on torch as soon as anybody exports or compiles
    import torch.fx.experimental.symbolic_shapes

    harmless = set(
        "abc ast base64 bisect collections contextvars copy dataclasses datetime enum functools gc "
        "hashlib heapq itertools json keyword math numbers operator pprint queue random re string textwrap "
        "types typing uuid warnings weakref".split()
    )
    found, waiting, known = {}, [("torch", torch)], set()
    while waiting:
        chain, module = waiting.pop()
        known.add(module)
        for name in set(dir(module)) - ATTRIBUTES:
            value = None if name.startswith("_") else getattr(module, name, None)
            if not isinstance(value, ModuleType) or value in known:
                continue
            top = value.__name__.partition(".")[0]
            if top in sys.stdlib_module_names and top not in harmless:
                found[f"{chain}.{name}"] = value.__name__
            elif top not in sys.stdlib_module_names:
                waiting.append((f"{chain}.{name}", value))
    assert len(known) > 50 and not found


@pytest.mark.parametrize("deep", ["+".join(["y"] * 400), "y" + ".a" * 400, "[" * 90 + "y" + "]" * 90])
def test_depth_that_would_break_a_reader_is_refused(deep):
    assert reason(f"def test_net_x():\n    y = 1\n    assert y == {deep}") == "it is nested too deeply"


def test_names_of_other_new_cases_are_taken_too():
    where = WHERE.with_cases([Case("test_net_x", "", "", (), (), "m", imports=("import numpy as np",))])
    piece = read(f"```python\nimport random as np\n{body('np.seed()')}\n```").pieces[0]
    assert "of that name" in (refusal(piece, where) or "")
    assert "import numpy as np" in where.imports
