"""What a model is asked for tests: the slice of the file that a target needs, and what is known of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from modereview.llm import Question, answers
from modereview.llm.prompts import Prompts
from modereview.records import Case, Finding, Plan, Recipe, Severity, Suite
from modereview.write.context import Slice, slices
from modereview.write.naming import builder_names, slug

_BUILDERS = ("build_", "forwards_of_")  # how naming.py calls them


def ask_for_tests(
    plan: Plan, suite: Suite, recipe: Recipe, survivors: Sequence[str], prompts: Prompts, limit: int
) -> Question[answers.NewTests]:
    """The question for tests of one target, beyond those that the suite holds.

    `survivors` describes the faults that no test notices; `limit` is in tokens, for the user's code.
    """
    target, name = recipe.target, plan.program.source.name
    there, code = _cases_of(suite, {target.name}), slices(plan.program, target, limit)
    return prompts.question(
        "tests",
        f"{target.name} of {name}",
        answers.NewTests,
        script=name,
        target=target.name,
        slug=slug(target.name),
        code=code,
        builders=_builders(suite, _names(plan, recipe)),
        helpers=_helpers(suite, there),
        cases=[case.name for case in there],
        survivors=list(survivors),
        findings=[(f.span.line, f.rule, f.message) for f in serious(plan.findings) if _holds(code, f)],
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
        helpers=_helpers(suite, [case, *_cases_of(suite, set(case.targets))]),
    )


def serious(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that count."""
    return [finding for finding in findings if finding.severity is not Severity.NOTE]


def _holds(code: Sequence[Slice], finding: Finding) -> bool:
    """Whether the code that is shown holds the class or function of a finding, if it lies in one."""
    outer = finding.function.partition(".")[0]
    return not outer or any(re.search(rf"^(async )?(class|def) {outer}\b", text, re.M) for _, text in code)


def _cases_of(suite: Suite, targets: set[str]) -> list[Case]:
    """The cases that test one of these."""
    return [case for case in suite.cases if targets.intersection(case.targets)]


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


def _helpers(suite: Suite, cases: Sequence[Case]) -> list[tuple[str, str]]:
    """The signatures of the header's other functions that these cases use, each with its first line."""
    used = {node.id for c in cases for node in ast.walk(ast.parse(c.code)) if isinstance(node, ast.Name)}
    found = [f for f in _functions(suite) if f.name in used and not f.name.startswith(_BUILDERS)]
    return [(f"{f.name}({ast.unparse(f.args)})", _first_line(f)) for f in found]


def _first_line(function: ast.FunctionDef) -> str:
    return (ast.get_docstring(function) or "").partition("\n")[0]
