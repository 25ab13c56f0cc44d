"""What a run is told: command line > environment > [tool.modereview] in the project's pyproject.toml."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from modereview import wanted
from modereview.errors import InputError
from modereview.llm import Options
from modereview.llm import settings as llm_settings
from modereview.records import Given
from modereview.wanted import Reader, WrongError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]


@dataclass(frozen=True)
class Settings:
    """One run of modereview. Paths are absolute."""

    paths: tuple[Path, ...] = ()  # the files and folders to review
    root: Path | None = None  # the project that the named files are of; None for the one around each
    fix: bool = True  # write fixes that are proved and safe
    unsafe_fixes: bool = False  # write proved fixes that change more than the mode, too
    unproved: bool = False  # write fixes as well that no test proves
    static: bool = False  # read only: run nothing, prove nothing, write nothing
    check: bool = False  # prove everything, write nothing
    diff: bool = False  # as check, and print the patch
    format: str = "text"  # of the report on stdout
    outputs: tuple[tuple[str, Path], ...] = ()  # (format, file) for each report that is written
    offline: bool = False  # no language model, whatever names one
    model: str | None = None  # the language model; None for the built-in writer alone
    llm: Options = field(default_factory=Options)  # how it is reached, and what it may cost
    python: Path | None = None  # the interpreter that has the user's packages; None for the active one
    sandbox: Literal["preferred", "required"] = "preferred"  # whether to run code where it does not work, too
    tests_dir: Path | None = None  # where generated tests go; None for tests/ or beside the script
    select: tuple[str, ...] = ()  # rules to look for, by id or the start of one; empty for all
    ignore: tuple[str, ...] = ()  # rules to leave out, likewise; wins over select
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (pattern of paths, rules) left out there
    exclude: tuple[str, ...] = ()  # patterns, as in .gitignore, of what to pass over in folders
    baseline: Path | None = None  # a file of findings that are known and so not told
    write_baseline: Path | None = None  # where to write what this run leaves as the baseline of the next ones
    recipes: tuple[Given, ...] = ()  # how to build and call what the search does not reach
    stdin: tuple[Path, bytes] | None = None  # what came on standard input, and the path it goes by
    timeout: float = 20.0  # seconds for one test
    cache: bool = True  # keep what is found in files, for the next static run
    quiet: bool = False  # findings only
    verbose: bool = False  # list what is otherwise counted; tracebacks of our own faults

    @property
    def writes(self) -> bool:
        """Whether this run may change files."""
        return not (self.static or self.check or self.diff or self.llm.show)

    @cached_property
    def known(self) -> frozenset[str]:
        """Fingerprints that the baseline holds. Raises InputError where it cannot be read."""
        from modereview.baseline import read

        return read(self.baseline) if self.baseline and not self.write_baseline else frozenset()

    def ignored_in(self, name: str) -> tuple[str, ...]:
        """The rules to leave out in the file of that name, relative to the project."""
        from modereview.parse.globs import matches

        here = [ids for pattern, ids in self.per_file_ignores if matches([pattern], name)]
        return (*self.ignore, *(id for ids in here for id in ids))


def _flag_text(value: object, _: Path) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise WrongError("1 or 0")


def _sandbox(value: object, _: Path) -> object:
    if value in ("preferred", "required"):
        return value
    raise WrongError('"preferred" or "required"')


def _ids(value: object, _: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item.upper() for item in value)
    raise WrongError('a list of rules, as in ["MR101"]')


def _ids_by_path(value: object, base: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(value, dict):
        return tuple((pattern, _ids(ids, base)) for pattern, ids in value.items())
    raise WrongError('a table of paths and rules, as in "tests/" = ["MR401"]')


def _patterns(value: object, _: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise WrongError('a list of paths, as in ["legacy/", "*_old.py"]')


def _seconds(value: object, _: Path) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise WrongError("a number of seconds above 0")


def _seconds_text(value: object, base: Path) -> float:
    try:
        return _seconds(float(str(value)), base)
    except ValueError:
        raise WrongError("a number of seconds above 0") from None


def _recipes(value: object, base: Path) -> tuple[Given, ...]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return tuple(_recipe(item, base) for item in value)
    raise WrongError("written as [[tool.modereview.recipe]] tables")


def _recipe(table: dict[str, object], base: Path) -> Given:
    known = {"target": wanted.text, "args": _call, "inputs": _call, "values": _values, "arguments": _words}
    if "target" not in table or not table.keys() <= known.keys():
        raise WrongError(f"tables with a target and any of {', '.join(k for k in known if k != 'target')}")
    given: dict[str, Any] = {key: known[key](item, base) for key, item in table.items()}
    return Given(**given)


def _call(value: object, base: Path) -> str:
    """Arguments as in a call: they must parse there."""
    text = "" if value == "" else wanted.text(value, base)
    try:
        ast.parse(f"f({text})", mode="eval")
    except SyntaxError:
        raise WrongError('arguments as in a call, such as "torch.randn(4, 3, 32, 32)"') from None
    return text


def _values(value: object, base: Path) -> tuple[tuple[str, str], ...]:
    if isinstance(value, dict):
        return tuple((name, _call(code, base)) for name, code in value.items())
    raise WrongError('a table of names and expressions, as in { loader = "[...]" }')


def _words(value: object, _: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise WrongError('a list of words, as in ["--epochs", "2"]')


# What a project may settle for all its runs. The rest is a matter of one run: the command line's.
FILE_KEYS: Mapping[str, Reader] = {
    "fix": wanted.flag,
    "unsafe-fixes": wanted.flag,
    "static": wanted.flag,
    "format": wanted.text,
    "offline": wanted.flag,
    "model": wanted.text,
    "llm": llm_settings.table,
    "python": wanted.path,
    "sandbox": _sandbox,
    "tests-dir": wanted.path,
    "select": _ids,
    "ignore": _ids,
    "per-file-ignores": _ids_by_path,
    "exclude": _patterns,
    "baseline": wanted.path,
    "timeout": _seconds,
    "recipe": _recipes,
}
_FIELDS = {"recipe": "recipes"}  # keys that read better in the singular

# What belongs to a machine or a person rather than to a project.
ENVIRONMENT: Mapping[str, tuple[str, Reader]] = {
    "MODEREVIEW_MODEL": ("model", wanted.text),
    "MODEREVIEW_OFFLINE": ("offline", _flag_text),
    "MODEREVIEW_PYTHON": ("python", wanted.path),
    "MODEREVIEW_TIMEOUT": ("timeout", _seconds_text),
}


def load(given: Mapping[str, object], environ: Mapping[str, str], root: Path, cwd: Path) -> Settings:
    """Settings of one run. `given` holds what the command line said, by field name.

    Raises InputError for an unknown key, a value of the wrong kind, or a pyproject.toml that is no TOML.
    """
    file = from_file(root / "pyproject.toml")
    table: dict[str, object] = dict(file.pop("llm", {}))  # type: ignore[call-overload]  # as its reader made it
    named = {"model": table["model"]} if "model" in table else {}
    layers = {**file, **named, **from_environment(environ, cwd), **given}
    told = {key: layers.pop(key) for key in llm_settings.COMMAND_LINE if key in layers}
    layers["llm"] = llm_settings.options({**table, **told})
    if layers.get("offline"):
        layers["model"] = None
    values: dict[str, Any] = layers
    return Settings(**values)


def from_environment(environ: Mapping[str, str], cwd: Path) -> dict[str, object]:
    """What the environment settles; an empty variable settles nothing."""
    return {
        field: _read(f"{name} in the environment", reader, environ[name], cwd)
        for name, (field, reader) in ENVIRONMENT.items()
        if environ.get(name, "").strip()
    }


def from_file(path: Path) -> dict[str, object]:
    """What [tool.modereview] settles; nothing where there is no such file or table."""
    table = _table(path)
    for key in table:
        if key not in FILE_KEYS:
            raise InputError(f"{path}: {_unknown(key)}")
    return {
        _FIELDS.get(key, key.replace("-", "_")): _read(
            f"`{key}` in {path}", FILE_KEYS[key], value, path.parent
        )
        for key, value in table.items()
    }


def _table(path: Path) -> Mapping[str, object]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # UnicodeDecodeError and TOMLDecodeError are both
        raise InputError(f"{path} is not valid TOML: {error}.") from error
    tool = document.get("tool", {})
    table = tool.get("modereview", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise InputError(f"{path}: [tool.modereview] should be a table.")
    return table


def _read(where: str, reader: Reader, value: object, base: Path) -> object:
    try:
        return reader(value, base)
    except WrongError as wrong:
        raise InputError(f"{where} should be {wrong}, not {value!r}.") from None


def _unknown(key: str) -> str:
    if key.replace("-", "_") in {each.name for each in fields(Settings)} and "_" not in key:
        return f"`{key}` belongs on the command line (--{key}), not in a file."
    near = get_close_matches(key.replace("_", "-"), FILE_KEYS, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(FILE_KEYS)}."
    return f"[tool.modereview] has no key `{key}`. {hint}"
