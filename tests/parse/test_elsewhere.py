"""Who else calls a function of a file, or makes its model: told by the text of the project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Source
from modereview.rules import check

SCORES = "def score(model, loader):\n    return model(loader)\n"


def source(root: Path, files: dict[str, str]) -> Source:
    """`engine/scores.py` of a project that holds the other files as well."""
    for name, text in {"engine/scores.py": SCORES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return parse.read(root / "engine/scores.py", root)


CALLERS = {
    "imported by name": "from engine.scores import score\nnet.eval()\nprint(score(net, data))\n",
    "as an attribute of the module": "from engine import scores\nnet.train(False)\nscores.score (net, x)\n",
    "by a method that is named so": "from engine import scores\nnet.eval_mode()\nscores.score(net, x)\n",
    "in a function": "def main():\n    from engine.scores import score\n    score(net.eval(), data)\n",
}
NO_CALLERS = {
    "only imported": "net.eval()\nfrom engine.scores import score\n",
    "a function of its own": "net.eval()\nscores = 3\ndef score(model, loader):\n    return 0\n",
    "another name that ends so": "net.eval()\nfrom engine.scores import score\nhigh_score(net)\n",
    "without the file's name": "net.eval()\nprint(score(net, data))\n",
    "it switches no model": "from engine.scores import score\nprint(score(net, data))\n",
}


@pytest.mark.parametrize("text", CALLERS.values(), ids=CALLERS)
def test_a_caller(text: str, tmp_path: Path) -> None:
    assert parse.elsewhere.caller(source(tmp_path, {"train.py": text}), "score") == tmp_path / "train.py"


@pytest.mark.parametrize("text", NO_CALLERS.values(), ids=NO_CALLERS)
def test_no_caller(text: str, tmp_path: Path) -> None:
    assert parse.elsewhere.caller(source(tmp_path, {"train.py": text}), "score") is None


@pytest.mark.parametrize("name", ["tests/use.py", "test_use.py", ".cache/use.py", "use.txt"])
def test_tests_and_hidden_files_do_not_count(name: str, tmp_path: Path) -> None:
    assert parse.elsewhere.caller(source(tmp_path, {name: CALLERS["imported by name"]}), "score") is None


def test_a_method_needs_the_name_of_its_class(tmp_path: Path) -> None:
    others = {"a.py": "engine.generate(net.eval())\n", "b.py": "e = Engine(net.eval())\ne.generate(x)\n"}
    beside = source(tmp_path, others)
    assert parse.elsewhere.caller(beside, "Engine.generate") == tmp_path / "b.py"
    assert parse.elsewhere.caller(beside, "Motor.generate") is None


@pytest.mark.parametrize(("inherits", "found"), [(True, "loop.py"), (False, None)])
def test_a_method_may_be_called_by_the_name_of_its_base(inherits: bool, found: str | None, tmp_path: Path):
    loop = "def fit(task, batch):\n    task.net.eval()\n    return task.sample(batch)\n"
    beside = source(tmp_path, {"loop.py": loop})
    where = parse.elsewhere.caller(beside, "Task.sample", inherits=inherits)
    assert where == (tmp_path / found if found else None)


def test_a_notebook_calls_too(tmp_path: Path) -> None:
    cells = '{"cells": [{"source": ["from scores import score\\n", "score(net.eval(), x)\\n"]}]}'
    assert parse.elsewhere.caller(source(tmp_path, {"look.ipynb": cells}), "score") == tmp_path / "look.ipynb"


MAKERS = {
    "a function": "def build(args):\n    return Net().eval()\n",
    "a class that switches itself": "class build(Base):\n    def __init__(self):\n        self.eval()\n",
}
NO_MAKERS = {
    "it switches nothing": "def build(args):\n    return Net()\n",
    "it only calls it": "net = build(args)\nnet.eval()\n",
}


@pytest.mark.parametrize("text", MAKERS.values(), ids=MAKERS)
def test_a_maker(text: str, tmp_path: Path) -> None:
    assert parse.elsewhere.maker(source(tmp_path, {"nets.py": text}), "nets.build") == tmp_path / "nets.py"


@pytest.mark.parametrize("text", NO_MAKERS.values(), ids=NO_MAKERS)
def test_no_maker(text: str, tmp_path: Path) -> None:
    assert parse.elsewhere.maker(source(tmp_path, {"nets.py": text}), "nets.build") is None


CARELESS = "from engine.scores import score\nprint(score(net, data))\n"
LOADS = "from loaders import load_net\nnet = load_net('a')\n" + CARELESS
LOADS_LM = LOADS.replace("load_net", "load_hf_lm_and_tokenizer")
COMES = "from engine.scores import score\nnet = Seq2Seq.from_pretrained('a')\nprint(score(net, data))\n"
WORDS = CARELESS + "words = AutoTokenizer.from_pretrained('a')\n"
HANDED = "from engine import scores\nnet.eval()\njudge = functools.partial(scores.score, net=net)\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"train.py": CARELESS}, "train.py"),
        ({"train.py": CARELESS, "main.py": CALLERS["imported by name"]}, None),
        ({"train.py": CARELESS, "other.py": "net.eval()\n"}, "train.py"),
        ({"tests/use.py": CARELESS}, None),
        ({"train.py": LOADS, "loaders.py": "def load_net(name):\n    return nets[name].eval()\n"}, None),
        ({"train.py": LOADS, "loaders.py": "def load_net(name):\n    return nets[name]\n"}, "train.py"),
        ({"train.py": CARELESS, "other.py": HANDED}, None),
        ({"train.py": COMES}, None),
        (
            {"train.py": LOADS_LM, "loaders.py": "def load_hf_lm_and_tokenizer(n):\n    a.eval()\n"},
            None,
        ),
        ({"train.py": WORDS}, "train.py"),
        ({}, None),
    ],
)
def test_nobody_who_calls_it_switches(files: dict[str, str], found: str | None, tmp_path: Path):
    told = parse.elsewhere.careless_caller(source(tmp_path, files), "score")
    assert told == (tmp_path / found if found else None)


def test_the_file_itself_may_load_the_model_in_eval(tmp_path: Path) -> None:
    beside = source(tmp_path, {"train.py": LOADS.replace("loaders", "engine.scores")})
    loads = replace(beside, raw=b"def load_net(name):\n    return nets[name].eval()\n")
    assert parse.elsewhere.careless_caller(beside, "score") == tmp_path / "train.py"
    assert parse.elsewhere.careless_caller(loads, "score") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from engine.scores import Judge\nprint(Judge(net).score(x))\n", True),
        ("class Fair(Judge):\n    def both(self, x):\n        return Judge.score(self, x)\n", False),
    ],
)
def test_who_calls_a_method_without_care_builds_its_object(text: str, found: bool, tmp_path: Path):
    beside = source(tmp_path, {"use.py": text})
    told = parse.elsewhere.careless_caller(beside, "Judge.score")
    assert told == (tmp_path / "use.py" if found else None)


@pytest.mark.parametrize(
    ("switch", "layer", "severity"),
    [("", "Dropout", "warning"), ("net.eval()\n", "Dropout", "note"), ("", "LayerNorm", "note")],
)
def test_an_evaluation_that_the_project_never_switches_for_is_at_fault(
    switch: str, layer: str, severity: str, tmp_path: Path
):
    scores = "import torch\ndef evaluate(model, loader):\n    return [model(x).argmax(1) for x in loader]\n"
    build = f"from engine.scores import evaluate\nnet = nn.Sequential(nn.{layer}(4))\n"
    calls = f"{build}{switch}print(evaluate(net, data))\n"
    beside = source(tmp_path, {"engine/scores.py": scores, "train.py": calls})
    (finding,) = check(analyze(beside, parse.read, elsewhere=parse.elsewhere), select=["MR101"])
    assert finding.severity.value == severity
    assert any("train.py" in fact for fact in finding.facts)


@pytest.mark.parametrize(
    ("files", "never"), [({}, True), ({"train.py": CARELESS}, True), ({"other.py": "net.eval()\n"}, False)]
)
def test_a_project_that_never_switches(files: dict[str, str], never: bool, tmp_path: Path):
    assert parse.elsewhere.never_switches(source(tmp_path, files)) is never
