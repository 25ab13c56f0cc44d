"""A suite -> the text of its file, with strict xfail marks where a fault is known and not mended."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from modereview.records import Case, Suite
from modereview.write.marks import mark, mark_parameter
from modereview.write.tidy import tidy


def render(suite: Suite, xfail: Mapping[str, str]) -> str:
    """The file's text: formatted, imports merged, nothing in it that no case uses.

    `xfail` gives a reason ("MR102 ...") by case name, or by "name[target]" for one parameter set;
    keys that belong to no case of the suite are passed over.
    """
    cases = [_marked(case, xfail) for case in suite.cases]
    imports = sorted({line for case in suite.cases for line in case.imports})
    return tidy("\n\n\n".join([_with_imports(suite.header, imports), *cases]) + "\n")


def _with_imports(header: str, imports: list[str]) -> str:
    """The header with more import lines on top of its own; tidying sorts and merges them."""
    body = ast.parse(header).body
    first = next((node.lineno for node in body if isinstance(node, (ast.Import, ast.ImportFrom))), 1)
    lines = header.splitlines()
    return "\n".join([*lines[: first - 1], *imports, *lines[first - 1 :]])


def _marked(case: Case, xfail: Mapping[str, str]) -> str:
    code = case.code
    for index, target in enumerate(case.targets):
        if reason := xfail.get(f"{case.name}[{target}]"):
            code = mark_parameter(code, index, reason)
    return mark(code, xfail[case.name]) if case.name in xfail else code
