"""A test file that is there already, and the suite of today -> one file, without overwriting an edit.

What stands in the file stays as it is. Missing tests are appended, with the functions and imports they use.
One thing is taken back: our xfail mark on a test that is otherwise as we wrote it, when the mark is gone.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from modereview.write.marks import count_marks, unmarked
from modereview.write.tidy import formatted, lines_of, names_in

_LOADS, _RUNS = "script = load_script(SCRIPT)", "sys.path.insert(0, str(SCRIPT.parent))"


def merge(existing: str, suite_text: str) -> str | None:
    """The new text of the file; None where nothing changes.

    Raises ValueError where the file is none of ours (it does not load this script) or does not parse: the
    suite belongs to another path then.
    """
    theirs, ours = _File.parse(existing), _File.parse(suite_text)
    if theirs.script is None or theirs.script != ours.script:
        raise ValueError("the file that is there does not load the script as modereview's tests do")
    missing = [name for name in ours.functions if name.startswith("test_") and name not in theirs.functions]
    loading = ours.loading if missing and not theirs.loading else ()
    wanted = ours.reached(missing) | ours.reached([name for each in loading for name in each.uses])
    added = [name for name in ours.functions if name in wanted and name not in theirs.functions]
    text = _without_stale_marks(theirs, ours)
    if added:
        text = _with_imports(text, ours.imports_of(added))
        parts = sorted((*loading, *map(ours.part, added)), key=lambda part: part.line)
        text = "\n\n\n".join([text.rstrip(), *(part.text for part in parts)]) + "\n"
    return None if text == existing else text


def edited(existing: str, suite_text: str) -> tuple[str, ...]:
    """The tests and builders of a test file that say something else there than in the suite of today.

    Raises ValueError where the file does not parse.
    """
    theirs, ours = _File.parse(existing), _File.parse(suite_text)
    told = ("test_", "build_", "forwards_of_")  # how a script is loaded is ours to decide anew
    common = (name for name in theirs.functions if name in ours.functions and name.startswith(told))
    return tuple(name for name in common if _code(theirs.text_of(name)) != _code(ours.text_of(name)))


def _code(function: str) -> str:
    """A function without its layout, and without marks of ours."""
    return ast.unparse(ast.parse(unmarked(function)))


@dataclass(frozen=True)
class _Part:
    """Something that stands at the top level, and the functions of the file that it uses."""

    line: int
    text: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    """A test file, and where its functions stand."""

    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, text: str) -> _File:
        try:
            return cls(text, ast.parse(text))
        except SyntaxError as error:
            raise ValueError(f"the file that is there does not parse (line {error.lineno})") from error

    @cached_property
    def script(self) -> tuple[str, ...] | None:
        """What stands in the path that it loads or runs; None where it does neither as our tests do."""
        lines = {ast.unparse(node): node for node in self.tree.body}
        named = next((node for text, node in lines.items() if text.startswith("SCRIPT = ")), None)
        if named is None or not {_LOADS, _RUNS} & lines.keys():
            return None
        return tuple(str(node.value) for node in ast.walk(named) if isinstance(node, ast.Constant))

    @cached_property
    def loading(self) -> tuple[_Part, ...]:
        """What the file does to load the script, up to the line that does; nothing where it only runs it."""
        done = [
            _Part(n.lineno, ast.unparse(n), tuple(names_in(n) & self.functions.keys()))
            for n in self.tree.body[1:]
            if isinstance(n, (ast.Assign, ast.Expr)) and not ast.unparse(n).startswith("SCRIPT = ")
        ]
        last = next((i for i, part in enumerate(done) if part.text == _LOADS), -1)
        return tuple(done[: last + 1])

    def part(self, name: str) -> _Part:
        """A function, as it stands there."""
        return _Part(self.functions[name].lineno, self.text_of(name))

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    def text_of(self, name: str) -> str:
        lines = lines_of(self.functions[name])
        return "\n".join(self.text.split("\n")[lines.start - 1 : lines.stop - 1])

    def reached(self, names: list[str]) -> set[str]:
        """These functions and all that they lead to."""
        waiting, seen = list(names), set(names)
        while waiting:
            fresh = names_in(self.functions[waiting.pop()]) & self.functions.keys() - seen
            seen |= fresh
            waiting += fresh
        return seen

    def imports_of(self, names: list[str]) -> list[str]:
        """The import lines that these functions use."""
        used = set().union(*(names_in(self.functions[name]) for name in names))
        nodes = [node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        bound = [(ast.unparse(node), alias.asname or alias.name) for node in nodes for alias in node.names]
        return list(dict.fromkeys(line for line, name in bound if name.split(".")[0] in used))


def _with_imports(text: str, wanted: list[str]) -> str:
    """The text with the imports that it lacks behind its last one."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    there = {ast.unparse(node) for node in nodes}
    last = max((node.end_lineno or node.lineno for node in nodes), default=0)
    lines = text.split("\n")
    return "\n".join([*lines[:last], *(line for line in wanted if line not in there), *lines[last:]])


def _without_stale_marks(theirs: _File, ours: _File) -> str:
    text = theirs.text
    for name in theirs.functions.keys() & ours.functions.keys():
        old, new = theirs.text_of(name), ours.text_of(name)
        if count_marks(old) > count_marks(new) and _plain(old) == _plain(new):
            text = text.replace(old, new)
    unused = text != theirs.text and text.count("pytest") == 1  # only the import is left
    return text.replace("import pytest\n", "", 1) if unused else text


def _plain(test: str) -> str:
    return formatted(unmarked(test), compact=True)
