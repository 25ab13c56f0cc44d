"""Runs of the whole command that only read: ignores, baselines, notebooks, standard input, order."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from modereview import cli

FAULTY = """\
import torch
import torch.nn.functional as F


class Net(torch.nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one faulty script; the current folder."""
    for name in [name for name in os.environ if name.startswith(("MODEREVIEW_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "train.py").write_text(FAULTY)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Words -> exit code, stdout, stderr of a static run."""

    def static(*words: str) -> tuple[int, str, str]:
        code = cli.main(["--static", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return static


def notebook(*cells: str) -> str:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": code, "nbformat": 4, "metadata": {}}, indent=1)


def give(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_a_comment_takes_a_finding_back_and_the_report_says_so(project: Path, run: Any) -> None:
    assert run("train.py")[0] == 1
    (project / "train.py").write_text(FAULTY.replace("0.5)", "0.5)  # modereview: ignore[MR201] on purpose"))
    code, out, _ = run("train.py")
    assert (code, out) == (
        0,
        "train.py: no mode fault found.\nNot told: 1 finding taken back by comments.\nNothing was run. "
        + out[out.index("Took") :],
    )
    (file,) = json.loads(run("train.py", "--format", "json")[1])["files"]
    assert file["findings"] == []
    assert [(q["rule"], q["place"], q["by"], q["reason"]) for q in file["quiet"]] == [
        ("MR201", "7", "comment", "on purpose")
    ]


def test_rules_are_left_out_by_path(project: Path, run: Any) -> None:
    (project / "old").mkdir()
    (project / "old" / "train.py").write_text(FAULTY)
    (project / "pyproject.toml").write_text('[tool.modereview.per-file-ignores]\n"old/" = ["MR2"]\n')
    code, out, _ = run("--format", "github", ".")
    assert code == 1
    assert [line.split(",")[0] for line in out.splitlines()] == ["::error file=train.py"]
    (project / "pyproject.toml").write_text('[tool.modereview.per-file-ignores]\n"old/" = ["MRX"]\n')
    assert run(".")[::2] == (2, "modereview: There is no rule MRX. `modereview rules` lists them.\n")


def test_folders_are_excluded_by_settings_and_by_option(project: Path, run: Any) -> None:
    (project / "legacy").mkdir()
    (project / "legacy" / "train.py").write_text(FAULTY)
    assert run("-q", ".")[1].count("MR201") == 2
    assert run("-q", "--exclude", "legacy/", ".")[1].count("MR201") == 1
    (project / "pyproject.toml").write_text('[tool.modereview]\nexclude = ["legacy/"]\n')
    assert run("-q", ".")[1].count("MR201") == 1
    assert run("-q", "legacy")[1].count("MR201") == 1


def test_with_a_baseline_only_what_is_new_is_told(project: Path, run: Any) -> None:
    code, _, err = run("train.py", "--baseline", "known.json")
    assert code == 2 and "There is no baseline" in err
    code, _, err = run("train.py", "--write-baseline", "known.json")
    assert (code, err) == (0, "modereview: known.json holds 1 finding for --baseline to pass over.\n")
    assert run("train.py", "--baseline", "known.json")[:2][0] == 0
    moved = "\n\n" + FAULTY.replace("return", "x = F.dropout(x)\n        return")
    (project / "train.py").write_text(moved)
    (project / "pyproject.toml").write_text('[tool.modereview]\nbaseline = "known.json"\n')
    code, out, _ = run("train.py")
    assert code == 1
    assert "train.py:9:13  error MR201" in out and out.count("MR201") == 1
    assert "Not told: 1 finding known to the baseline." in out
    assert run("train.py", "--write-baseline", "known.json")[0] == 0
    assert run("train.py")[0] == 0


def test_a_finding_in_a_notebook_is_at_its_cell(project: Path, run: Any) -> None:
    first = "%matplotlib inline\nimport torch\nimport torch.nn.functional as F\n"
    text = notebook(first, FAULTY.partition("\n\n\n")[2])
    (project / "a.ipynb").write_text(text)
    code, out, _ = run("a.ipynb", "--output", "sarif=s", "--output", "json=j", "--output", "github=g")
    assert code == 1
    assert out.startswith("a.ipynb:cell 2:3:16  error MR201 functional-dropout-always-on")
    assert "    cell 2:3 |         return F.dropout(x, 0.5)\n             |                ^^^^" in out
    line = 1 + next(n for n, row in enumerate(text.splitlines()) if "F.dropout" in row)
    (result,) = json.loads(Path("s").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": line, "endLine": line}
    assert json.loads(Path("j").read_text())["files"][0]["findings"][0]["place"] == "cell 2:3"
    assert Path("g").read_text().startswith(f"::error file=a.ipynb,line={line},endLine={line},title=MR201")


def test_a_chain_in_a_notebook_names_cells(project: Path, run: Any) -> None:
    net = "import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Linear(2, 2), nn.Dropout())\n"
    validate = "def validate():\n    model.eval()\n"
    loop = (
        "optimizer = torch.optim.SGD(model.parameters())\nfor epoch in range(3):\n"
        "    model(torch.ones(1, 2)).sum().backward()\n    optimizer.step()\n    validate()\n"
    )
    (project / "a.ipynb").write_text(notebook(net, validate, loop))
    out = run("a.ipynb")[1]
    assert "a.ipynb:cell 3:3:5  error MR102" in out
    assert "in `validate` (called at cell 3:5)" in out
    assert "MR901" not in out


def test_standard_input_goes_by_its_name(project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text('[tool.modereview.per-file-ignores]\n"old/" = ["MR2"]\n')
    give(monkeypatch, FAULTY.encode())
    code, out, _ = run("-", "--stdin-filename", "new/train.py")
    assert code == 1 and out.startswith("new/train.py:7:16  error MR201")
    give(monkeypatch, FAULTY.encode())
    assert run("-", "--stdin-filename", "old/train.py")[0] == 0
    give(monkeypatch, FAULTY.encode())
    assert run("-")[1].startswith("<stdin>:7:16  error MR201")
    give(monkeypatch, notebook(FAULTY).encode())
    assert run("-", "--stdin-filename", "a.ipynb")[1].startswith("a.ipynb:cell 1:7:16  error MR201")


def test_standard_input_is_only_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, FAULTY.encode())
    assert cli.main(["-", "--stdin-filename", "train.py"]) == 1
    assert "Not run: What comes on standard input is only read." in capsys.readouterr().out
    assert sorted(path.name for path in project.iterdir()) == ["pyproject.toml", "train.py"]


@pytest.mark.parametrize(
    ("words", "raw", "told"),
    [
        ("- train.py", b"", "- stands for standard input. Name no other path beside it."),
        ("train.py --stdin-filename a.py", b"", "--stdin-filename names what comes on standard input."),
        ("-", b"", "<stdin> is empty"),
        ("- --stdin-filename a.py", b"x = = 1", "a.py:1:5 is not valid Python"),
        ("- --stdin-filename a.py", b"#" * (2 * 2**20 + 1), "files over 2 MB are not reviewed"),
    ],
)
@pytest.mark.usefixtures("project")
def test_wrong_standard_input_is_a_sentence(
    run: Any, monkeypatch: pytest.MonkeyPatch, words: str, raw: bytes, told: str
) -> None:
    give(monkeypatch, raw)
    code, out, err = run(*words.split())
    assert (code, out) == (2, "") and told in err and err.count("\n") == 1


def test_the_order_is_the_same_on_every_run(project: Path) -> None:
    for folder in ("b", "a", "c"):
        (project / folder).mkdir()
        for name in ("z", "y", "x"):
            again = FAULTY + "        nn = torch.nn.Dropout()(x)\n"
            (project / folder / f"{name}.py").write_text(again.replace("return", "x ="))
    (project / "n.ipynb").write_text(notebook(FAULTY))
    runs = [_reports(project, seed) for seed in ("0", "1", "2")]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][0].count("\n") > 10


def _reports(project: Path, seed: str) -> tuple[str, str, str, object]:
    """GitHub, text, SARIF and JSON of one run in a process with other hashes; times left out."""
    words = "--static -q --format github --output text=t --output sarif=s --output json=j .".split()
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "modereview", *words], cwd=project, env=env, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, b"")
    document = json.loads((project / "j").read_text())
    for file in document["files"]:
        del file["seconds"]
    return done.stdout.decode(), (project / "t").read_text(), (project / "s").read_text(), document
