"""Settings: who wins, and what is said about a wrong key or value."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview.errors import InputError
from modereview.records import Given
from modereview.settings import Settings, load


def project(tmp_path: Path, table: str) -> Path:
    (tmp_path / "pyproject.toml").write_text(f"[tool.modereview]\n{table}\n", encoding="utf-8")
    return tmp_path


def loaded(root: Path, environ: dict[str, str] | None = None, **given: object) -> Settings:
    return load(given, environ or {}, root, root / "here")


def test_defaults_where_nothing_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path) == Settings()


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    root = project(tmp_path, 'model = "of-file"')
    environ = {"MODEREVIEW_MODEL": "of-environment"}
    assert loaded(root).model == "of-file"
    assert loaded(root, environ).model == "of-environment"
    assert loaded(root, environ, model="of-line").model == "of-line"


@pytest.mark.parametrize("where", ["file", "environment", "line"])
def test_offline_wins_over_every_model(tmp_path: Path, where: str) -> None:
    root = project(tmp_path, "offline = true" if where == "file" else "")
    environ = {"MODEREVIEW_OFFLINE": "1"} if where == "environment" else {}
    given = {"offline": True} if where == "line" else {}
    assert loaded(root, environ, model="some-model", **given).model is None


def test_a_file_settles_every_key_it_may(tmp_path: Path) -> None:
    table = """
        fix = false
        unsafe-fixes = true
        static = true
        format = "json"
        model = "m"
        python = "venv/bin/python"
        sandbox = "required"
        tests-dir = "checks"
        select = ["mr1"]
        ignore = ["MR103"]
        exclude = ["legacy/"]
        baseline = "known.json"
        timeout = 5
        per-file-ignores = { "tests/" = ["mr4"], "*_old.py" = ["MR101", "MR2"] }
    """
    settings = loaded(project(tmp_path, table))
    assert settings == Settings(
        fix=False,
        unsafe_fixes=True,
        static=True,
        format="json",
        model="m",
        python=tmp_path / "venv/bin/python",
        sandbox="required",
        tests_dir=tmp_path / "checks",
        select=("MR1",),
        ignore=("MR103",),
        exclude=("legacy/",),
        baseline=tmp_path / "known.json",
        per_file_ignores=(("tests/", ("MR4",)), ("*_old.py", ("MR101", "MR2"))),
        timeout=5.0,
    )


def test_a_recipe_tells_how_to_build_and_call_a_target(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        """
        [[tool.modereview.recipe]]
        target = "Net"
        args = "8, depth=2"
        inputs = "torch.randn(4, 8)"

        [[tool.modereview.recipe]]
        target = "train.py"
        values = { "loader =" = "[torch.randn(4, 8)]" }
        arguments = ["--epochs", "2"]
        """,
    )
    net, script = loaded(root).recipes
    assert net == Given("Net", args="8, depth=2", inputs="torch.randn(4, 8)")
    assert script.values == (("loader =", "[torch.randn(4, 8)]"),)
    assert script.arguments == ("--epochs", "2")


def test_rules_left_out_of_a_file_are_those_of_every_pattern_that_means_it() -> None:
    settings = Settings(ignore=("MR9",), per_file_ignores=(("tests/", ("MR4",)), ("*_old.py", ("MR101",))))
    assert settings.ignored_in("train.py") == ("MR9",)
    assert settings.ignored_in("tests/a_old.py") == ("MR9", "MR4", "MR101")


def test_an_empty_variable_settles_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"MODEREVIEW_MODEL": "", "MODEREVIEW_TIMEOUT": " "}) == Settings()


def test_paths_in_the_environment_start_in_the_current_folder(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"MODEREVIEW_PYTHON": "bin/python"}).python == tmp_path / "here/bin/python"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("tests_dir = 'x'", r"no key `tests_dir`\. Did you mean `tests-dir`\?"),
        ("ofline = true", r"no key `ofline`\. Did you mean `offline`\?"),
        ("zzz = 1", r"no key `zzz`\. Known are fix, "),
        ("check = true", r"`check` belongs on the command line \(--check\), not in a file"),
        ("fix = 'yes'", r"`fix` in .*pyproject\.toml should be true or false, not 'yes'\."),
        ("sandbox = true", r"`sandbox` in .* should be \"preferred\" or \"required\", not True"),
        ("timeout = -1", r"`timeout` in .* should be a number of seconds above 0, not -1"),
        ("timeout = true", r"should be a number of seconds above 0, not True"),
        ("select = 'MR101'", r"`select` in .* should be a list of rules"),
        ("exclude = 'a'", r"`exclude` in .* should be a list of paths"),
        ("per-file-ignores = ['a']", r"`per-file-ignores` in .* should be a table of paths and rules"),
        ("per-file-ignores = {a = 'MR1'}", r"`per-file-ignores` in .* should be a list of rules"),
        ("write-baseline = 'a'", r"`write-baseline` belongs on the command line"),
        ("recipe = 3", r"`recipe` in .* should be written as \[\[tool\.modereview\.recipe\]\] tables"),
        ("recipe = [{args = '8'}]", r"`recipe` in .* should be tables with a target and any of args, inputs"),
        ("recipe = [{target = 'Net', args = '8,,'}]", r"`recipe` in .* should be arguments as in a call"),
        ("model = ''", r"`model` in .* should be a text in quotes"),
    ],
)
def test_wrong_keys_and_values_are_sentences(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        loaded(project(tmp_path, table))


@pytest.mark.parametrize(("name", "value"), [("OFFLINE", "perhaps"), ("TIMEOUT", "soon"), ("TIMEOUT", "nan")])
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(
        InputError, match=rf"MODEREVIEW_{name} in the environment should be .*, not '{value}'"
    ):
        loaded(tmp_path, {f"MODEREVIEW_{name}": value})


def test_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.modereview\n")
    with pytest.raises(InputError, match=r"pyproject\.toml is not valid TOML: .*line 1"):
        loaded(tmp_path)
    (tmp_path / "pyproject.toml").write_bytes(b"# \xff\n")
    with pytest.raises(InputError, match="is not valid TOML"):
        loaded(tmp_path)


def test_a_table_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nmodereview = 3\n")
    with pytest.raises(InputError, match="should be a table"):
        loaded(tmp_path)
