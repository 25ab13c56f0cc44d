"""The direct runner names and orders cases as pytest does."""

import subprocess
import sys
from types import ModuleType

import pytest
from modereview.run.inside import collect

SAMPLE = """
import pytest
class Net: pass

@pytest.fixture(params=["p", "q"])
def kind(request): return request.param
@pytest.fixture(params=[1, 2], ids=["one", "two"])
def number(request): return request.param
@pytest.fixture
def both(kind, number):
    yield kind, number
@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.parametrize("b,c", [pytest.param(1, 2, id="Net"), (3.5, None)])
def test_stacked(kind, a, b, c): pass
@pytest.mark.parametrize("k", [int, "s", [1], True, Net, pytest.param(7, marks=pytest.mark.xfail)])
def test_values(k): pass
def test_closure(both): pass
@pytest.mark.parametrize(["x"], [(1,), (2,)], ids=["first", None])
def test_ids(tmp_path, monkeypatch, x, unused=3): pass
def test_plain(): pass
"""


def load(code):
    module = ModuleType("sample")
    exec(code, vars(module))
    return module


def names(code):
    module = load(code)
    return [call.name for call in collect.calls(module, collect.fixtures(module))]


def test_names_are_pytests(tmp_path):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "test_sample.py",
    ]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    theirs = [line.partition("::")[2] for line in printed.splitlines() if "::" in line]
    assert sorted(names(SAMPLE)) == sorted(theirs)
    plain = [name for name in theirs if name.startswith(("test_values", "test_ids", "test_plain"))]
    assert [name for name in names(SAMPLE) if name in plain] == plain


@pytest.mark.parametrize(
    "code",
    [
        "class TestIt:\n    def test_a(self): pass",
        "def test_a(capsys): pass",
        "async def test_a(): pass",
        "import pytest\npytestmark = pytest.mark.skip",
        "import pytest\n@pytest.fixture(scope='module')\ndef f(): pass\ndef test_a(f): pass",
        "import pytest\n@pytest.fixture(autouse=True)\ndef f(): pass\ndef test_a(): pass",
        "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_a(): pass",
        "import pytest\n@pytest.mark.parametrize('a', [1, 1])\ndef test_a(a): pass",
        "import pytest\n@pytest.mark.parametrize('a', [1], indirect=True)\ndef test_a(a): pass",
    ],
)
def test_the_rest_is_left_to_pytest(code):
    with pytest.raises(collect.Unsupported):
        names(code)
