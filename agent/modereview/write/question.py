"""What a model is asked for tests: the slice of the file that a target needs, and what is known of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from modereview.llm import Question, answers
from modereview.llm.prompts import Prompts
from modereview.records import Case, Finding, Plan, Recipe, Severity, Suite
from modereview.write.context import slices
from modereview.write.naming import builder_names, slug

_NOT_FOR_TESTS = ("load_script",)


def ask_for_tests(
    plan: Plan, suite: Suite, recipe: Recipe, survivors: Sequence[str], prompts: Prompts, limit: int
) -> Question[answers.NewTests]:
    """The question for tests of one target, beyond those that the suite holds.

    `survivors` describes the faults that no test notices; `limit` is in tokens, for the user's code.
    """
    target, name = recipe.target, plan.program.source.name
    return prompts.question(
        "tests",
        f"{target.name} of {name}",
        answers.NewTests,
        script=name,
        target=target.name,
        slug=slug(target.name),
        code=slices(plan.program, target, limit),
        builders=_builders(suite, _names(plan, recipe)),
        helpers=_helpers(suite),
        cases=[(case.name, docstring(case)) for case in suite.cases],
        survivors=list(survivors),
        findings=[(f.span.line, f.rule, f.message) for f in serious(plan.findings)],
    )


def ask_for_repair(
    plan: Plan, suite: Suite, case: Case, error: str, prompts: Prompts
) -> Question[answers.Repair]:
    """The question for another try at a test that could not run."""
    names = [n for r, n in builder_names(plan.recipes).items() if r.target.name in case.targets]
    return prompts.question(
        "repair",
        f"{case.name} of {plan.program.source.name}",
        answers.Repair,
        test=case.name,
        code="\n".join([*case.imports, case.code]),
        error=error,
        builders=_builders(suite, names),
        helpers=_helpers(suite),
    )


def serious(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that count."""
    return [finding for finding in findings if finding.severity is not Severity.NOTE]


def docstring(case: Case) -> str:
    """The first line of what a test says of itself."""
    function = ast.parse(case.code).body[0]
    return _first_line(function) if isinstance(function, ast.FunctionDef) else ""


def _names(plan: Plan, recipe: Recipe) -> list[str]:
    """The builder of a recipe, and those of the models that it builds itself."""
    used = " ".join(value.code for value in recipe.values)
    return [
        name
        for other, name in builder_names(plan.recipes).items()
        if other == recipe or (not other.drives and f"script.{other.target.name}(" in used)
    ]


def _functions(suite: Suite) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(suite.header).body if isinstance(node, ast.FunctionDef)]


def _builders(suite: Suite, names: Sequence[str]) -> str:
    """The source of the builders of these names."""
    lines = suite.header.splitlines()
    found = [f for f in _functions(suite) if f.name in names]
    return "\n\n\n".join("\n".join(lines[f.lineno - 1 : f.end_lineno]) for f in found)


def _helpers(suite: Suite) -> list[tuple[str, str]]:
    """The signatures of the header's other functions, and what they say of themselves."""
    mine = [f for f in _functions(suite) if not f.name.startswith(("build_", "forwards_of_"))]
    return [
        (f"{f.name}({ast.unparse(f.args)})", _first_line(f)) for f in mine if f.name not in _NOT_FOR_TESTS
    ]


def _first_line(function: ast.FunctionDef) -> str:
    return (ast.get_docstring(function) or "").partition("\n")[0]
