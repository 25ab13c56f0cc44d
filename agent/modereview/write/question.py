"""What a model is asked: the slice of the user's file that a target needs, and what is known of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from modereview.llm import prompts
from modereview.llm.protocol import Message
from modereview.records import Case, Plan, Recipe, Span, Suite, Target
from modereview.write.naming import slug


def ask_for_tests(plan: Plan, suite: Suite, recipe: Recipe) -> tuple[Message, ...]:
    """The question for tests of one target, beyond those that the suite holds."""
    target = recipe.target
    return prompts.load("tests").render(
        script=plan.program.source.name,
        target=target.name,
        slug=slug(target.name),
        code=_slices(plan, target),
        recipe=_expressions(recipe),
        header=suite.header,
        cases=[(case.name, _docstring(case)) for case in suite.cases],
        findings=[(f.span.line, f.rule, f.message) for f in plan.findings if f.severity.value != "note"],
    )


def ask_for_repair(suite: Suite, case: Case, error: str) -> tuple[Message, ...]:
    """The question for another try at a test that could not run."""
    code = "\n".join([*case.imports, case.code])
    return prompts.load("repair").render(name=case.name, code=code, error=error, header=suite.header)


def _expressions(recipe: Recipe) -> str:
    """The recipe as the statements that were run."""
    values = [
        f"{value.name} = {value.code}" + (f"  # {value.why}" if value.why else "") for value in recipe.values
    ]
    patches = [f"script.{patch.name} = {patch.code}" for patch in recipe.patches]
    return "\n".join([*values, *patches, *(drive.code for drive in recipe.drives)])


def _slices(plan: Plan, target: Target) -> list[tuple[int, str]]:
    """(first line, text) of the classes and functions that the target consists of, in file order."""
    source = plan.program.source
    spans = sorted(_spans(plan, target))
    outer = [span for i, span in enumerate(spans) if not any(_within(span, other) for other in spans[:i])]
    return [(span.line, "\n".join(source.lines[span.line - 1 : span.end_line])) for span in outer]


def _spans(plan: Plan, target: Target) -> Iterator[Span]:
    classes = {target.name} | set(target.classes)
    while True:  # the classes that these are built of, and of what those are built
        known = [module for module in plan.program.modules if module.name in classes]
        more = {layer.kind for module in known for layer in module.layers} - classes
        if not more:
            break
        classes |= more
    yield from (module.span for module in known)
    functions = set(target.functions) | {target.name}
    yield from (function.span for function in plan.program.functions if function.name in functions)


def _within(inner: Span, outer: Span) -> bool:
    return outer.line <= inner.line and inner.end_line <= outer.end_line


def _docstring(case: Case) -> str:
    function = ast.parse(case.code).body[0]
    text = ast.get_docstring(function) if isinstance(function, ast.FunctionDef) else None
    return (text or "").partition("\n")[0]
