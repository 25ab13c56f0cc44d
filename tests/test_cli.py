"""The command line: arguments, streams, exit codes. The corridor behind it is a fake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest
from modereview import cli
from modereview.errors import InputError, ToolError
from modereview.parse import read
from modereview.records import Finding, Review, Severity, Span, Suite
from modereview.settings import Settings

SCRIPT = "import torch\nmodel = torch.nn.Linear(1, 1)\nmodel(torch.ones(1, 1))\n"


@dataclass
class Corridor:
    """Stands for review.py: remembers what it was asked, and answers with one review a file."""

    asked: list[Settings] = field(default_factory=list)
    answer: Callable[[Review], Review] = lambda review: review

    def review_all(self, settings: Settings, progress: Callable[[str], None]) -> tuple[Review, ...]:
        self.asked.append(settings)
        progress("thinking")
        return tuple(self.answer(Review(read(path), static=settings.static)) for path in settings.paths)


@pytest.fixture
def corridor(monkeypatch: pytest.MonkeyPatch) -> Corridor:
    fake = Corridor()
    module = ModuleType("modereview.review")
    module.__dict__["review_all"] = fake.review_all
    monkeypatch.setitem(sys.modules, "modereview.review", module)
    return fake


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("MODEREVIEW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path / "train.py"


def faulty(review: Review) -> Review:
    finding = Finding("MR101", "name", Severity.ERROR, "message", "train.py", Span(3, 1, 3, 6))
    return replace(review, findings=(finding,))


def test_arguments_become_settings(corridor: Corridor, script: Path) -> None:
    words = "train.py --no-fix --check -v --timeout 5 --python py --tests-dir checks --model m"
    assert cli.main([*words.split(), "--output", "json=r.json", "--output", "s.sarif"]) == 0
    folder = script.parent
    assert corridor.asked == [
        Settings(
            paths=(script,),
            fix=False,
            check=True,
            timeout=5.0,
            python=folder / "py",
            tests_dir=folder / "checks",
            outputs=(("json", folder / "r.json"), ("sarif", folder / "s.sarif")),
            model="m",
            verbose=True,
        )
    ]


@pytest.mark.usefixtures("script")
def test_options_and_paths_may_be_mixed(corridor: Corridor) -> None:
    Path("b.py").write_text(SCRIPT)
    assert cli.main(["train.py", "--check", "b.py"]) == 0
    assert [path.name for path in corridor.asked[0].paths] == ["train.py", "b.py"]


@pytest.mark.usefixtures("script")
def test_exit_codes(corridor: Corridor, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train.py"]) == 0
    corridor.answer = faulty
    assert cli.main(["train.py"]) == 1
    assert "train.py:3:1  error MR101" in capsys.readouterr().out
    corridor.answer = lambda review: replace(review, internal_errors=("x",))
    assert cli.main(["train.py"]) == 3


@pytest.mark.usefixtures("script")
@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            InputError("train.py changed during the review; nothing was written."),
            2,
            "train.py changed during",
        ),
        (ToolError("torch is not installed."), 3, "torch is not installed."),
        (KeyError("x"), 3, "failed: KeyError: 'x'. This is our bug, please report it"),
        (KeyboardInterrupt(), 130, "stopped. No file is half written."),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(
    corridor: Corridor, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, told: str
) -> None:
    def fail(review: Review) -> Review:
        raise error

    corridor.answer = fail
    assert cli.main(["train.py"]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(f"modereview: {told}") and captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.usefixtures("script")
def test_verbose_shows_the_traceback_of_our_own_fault(
    corridor: Corridor, capsys: pytest.CaptureFixture[str]
) -> None:
    corridor.answer = lambda review: review.missing  # type: ignore[attr-defined]
    assert cli.main(["train.py", "-v"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.usefixtures("script")
def test_one_bad_file_does_not_stop_the_others(
    corridor: Corridor, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.py").write_text("import torch\nprint 'x'\n")
    assert cli.main(["missing.py", "bad.py", "train.py", "--format", "json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [file["path"] for file in document["files"]] == ["train.py"]
    assert len(document["refused"]) == 2
    assert captured.err.count("modereview: ") == 2 and "missing.py" in captured.err


@pytest.mark.usefixtures("corridor", "script")
def test_programs_get_a_document_even_where_every_file_is_bad(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["missing.py", "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["files"], len(document["refused"])) == ([], 1)


@pytest.mark.usefixtures("corridor", "script")
def test_a_single_bad_file_is_exit_2_with_nothing_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["missing.py"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


@pytest.mark.usefixtures("corridor", "script")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "name a file or a folder"),
        ("train.py --nope", "unrecognized arguments: --nope"),
        ("train.py --format xml", "invalid choice: 'xml'"),
        ("train.py --output xml=r", "there is no format xml. Known are github, gitlab, json, sarif, text"),
        ("train.py --output json=missing/r.json", "cannot be written. Name a file in a folder that exists"),
        ("train.py --static --diff", "Leave one of them out"),
        ("train.py --no-fix --unsafe-fixes", "contradict each other"),
        ("train.py --diff --format json", "With --diff stdout is the patch"),
        ("train.py --timeout 0", "--timeout should be a number of seconds above 0"),
        ("train.py --timeout soon", "invalid float value"),
        ("train.py -q -v", "not allowed with"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_2(
    capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    assert cli.main(words.split()) == 2
    captured = capsys.readouterr()
    assert told in captured.err and captured.err.count("\n") == 1 and captured.out == ""


@pytest.mark.usefixtures("corridor", "script")
def test_reports_go_to_files_in_their_formats() -> None:
    assert (
        cli.main(["train.py", "-q", "--output", "json=one", "--output", "two.json", "--output", "a=b/c.txt"])
        == 2
    )
    assert (
        cli.main(["train.py", "-q", "--output", "json=one", "--output", "two.json", "--output", "x.txt"]) == 0
    )
    assert json.loads(Path("one").read_text()) == json.loads(Path("two.json").read_text())
    assert Path("x.txt").exists()


@pytest.mark.usefixtures("script")
def test_diff_is_the_patch_alone_on_stdout(
    corridor: Corridor, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    mended = SCRIPT.replace("model(", "model.eval()\nmodel(").encode()

    def mend(review: Review) -> Review:
        suite = Suite(review.source.root / "test_train_modes.py", "", ())
        return replace(faulty(review), mended=mended, suite=suite, suite_text="import torch\n")

    corridor.answer = mend
    assert cli.main(["train.py", "--diff"]) == 1
    captured = capfdbinary.readouterr()
    assert captured.out.startswith(b"diff --git a/train.py b/train.py\n")
    assert b"--- /dev/null\n+++ b/test_train_modes.py\n" in captured.out
    assert b"MR101" in captured.err and b"MR101" not in captured.out


@pytest.mark.usefixtures("corridor", "script")
def test_no_progress_and_no_escape_codes_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train.py"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" and "\x1b" not in captured.out


def test_settings_of_the_project_are_used(corridor: Corridor, script: Path) -> None:
    (script.parent / "pyproject.toml").write_text("[tool.modereview]\ntimeout = 7\n")
    assert cli.main(["train.py"]) == 0
    assert corridor.asked[0].timeout == 7.0


def python(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A run of the interpreter with modereview on its path, at most 60 s."""
    source = str(Path(cli.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": source, **environ}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=env, timeout=60, check=False
    )


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_quick_answers_load_nothing_heavy(option: str) -> None:
    code = f"""
import sys
from modereview.cli import main
try:
    main([{option!r}])
except SystemExit as leaving:
    assert leaving.code == 0
print(sorted({{"torch", "openai", "libcst", "rich", "pytest", "jinja2", "numpy"}} & set(sys.modules)))
"""
    run = python("-c", code)
    assert run.stdout.splitlines()[-1] == "[]", run.stderr


def test_the_module_is_the_same_command() -> None:
    run = python("-m", "modereview", "--version")
    assert run.returncode == 0 and run.stdout.startswith("modereview ")


def test_help_shows_examples_and_exit_codes() -> None:
    text = python("-m", "modereview", "--help").stdout
    for part in ("modereview undo", "--diff train.py | git apply", "exit codes", "--no-fix"):
        assert part in text


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "fake.py").write_text(
        "import sys, types\n"
        "from modereview.records import Review\n"
        "from modereview.parse import read\n"
        "module = types.ModuleType('modereview.review')\n"
        "long = ('x' * 200,) * 5000\n"
        "module.review_all = lambda s, p: tuple(Review(read(f), not_run=long) for f in s.paths)\n"
        "sys.modules['modereview.review'] = module\n"
        "from modereview.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    (tmp_path / "train.py").write_text(SCRIPT)
    source = str(Path(cli.__file__).parents[1])
    command = [sys.executable, "fake.py", "train.py"]
    env = {**os.environ, "PYTHONPATH": source}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, env=env, **pipes) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.usefixtures("corridor", "script")
def test_rules_are_selected_by_id_or_its_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train.py", "--select", "mr1,MR203", "--ignore", "MR103"]) == 0
    assert cli.main(["train.py", "--select", "MR999"]) == 2
    assert "There is no rule MR999." in capsys.readouterr().err


@pytest.mark.usefixtures("script")
def test_rules_and_explain_print_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules"]) == 0
    assert "MR102" in capsys.readouterr().out
    assert cli.main(["rules", "--format", "json"]) == 0
    assert {"MR101", "MR102"} <= {rule["id"] for rule in json.loads(capsys.readouterr().out)}
    assert cli.main(["explain", "mr102"]) == 0
    assert "trains-in-eval-mode" in capsys.readouterr().out
    assert cli.main(["explain", "MR999"]) == 2


def test_undo_takes_the_last_review_back(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from modereview.journal import write_back

    before = script.read_bytes()
    write_back(script.parent, {script: (before, b"import torch\n")})
    assert cli.main(["undo"]) == 0
    assert script.read_bytes() == before
    assert capsys.readouterr().out == "Taken back: train.py\n"
    assert cli.main(["undo"]) == 2
    assert "nothing to undo" in capsys.readouterr().err


@pytest.mark.usefixtures("script")
def test_a_file_named_like_a_command_is_given_by_path(corridor: Corridor) -> None:
    Path("rules").mkdir()
    Path("rules/train.py").write_text(SCRIPT)
    assert cli.main(["./rules"]) == 0
    assert [path.name for path in corridor.asked[0].paths] == ["train.py"]
