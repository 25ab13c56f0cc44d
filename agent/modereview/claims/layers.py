"""Claims about a layer: whether the test of its class is green once the line is without it.

What is left out is a call, its first argument in its place; what a line keeps to itself is registered; and
what an `if` opens is left to the training.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modereview import parse
from modereview.analyze.torchfacts import says_deliberate
from modereview.claims.trial import Ended, Shown, Trial, not_shown, note, suite_of
from modereview.fix.switches import span_of
from modereview.records import Contract, Edit, Finding, Recipe, Remark, Source, Status
from modereview.rules import rule
from modereview.rules.base import comment_at
from modereview.write import gates
from modereview.write.covering import covers


@dataclass(frozen=True)
class Without:
    """The file without what one line does."""

    source: Source
    place: ast.expr  # what is left out, is registered, or is what the training is asked beside
    subject: str
    rule: str  # that it breaks where no mode reaches it; "" where that depends on what is meant


def of_class(trial: Trial, claim: Remark, asked: Contract) -> Ended:
    """Whether the test of the class that holds the line fails, and does not without what the line does.

    A contract that says nothing of the class, as far as the analysis sees, is tried as well: it counts only
    where the line is why.
    """
    meant = trial.recipe(asked, claim.line)
    recipe = meant or _of_the_class(trial, claim.line)
    if recipe is None:
        return note(claim, "no test runs a class that holds that line")
    outcome = trial.outcome(trial.planned, (asked, recipe))
    if outcome.status is not Status.FAILED:
        return not_shown(claim, outcome)
    suite, source = suite_of(trial.planned, (asked, recipe)), trial.bench.source
    ways = [each for way in _WAYS for each in way(source, claim.line)]
    for way in sorted(ways, key=lambda each: each.rule not in asked.proves):
        alone = gates.of(suite, trial.bench.run(suite, way.source))
        if [each.status for each in alone] == [Status.PASSED]:
            finding = _finding(trial, claim, way) if way.rule in asked.proves else None
            if finding is not None:
                return Shown(finding, (asked, recipe), trial.program, trial.planned)
            if meant is not None:
                return note(claim, f"{outcome.case} fails because of it, which may be meant", shown=True)
    if meant is None:
        return note(claim, "the contract says nothing of that class")
    return note(claim, f"{outcome.case} fails, and not for that line alone", shown=True)


def _of_the_class(trial: Trial, line: int) -> Recipe | None:
    """The recipe of a class that the contract says nothing of, as far as the analysis sees."""
    classes = (recipe for recipe in trial.planned.recipes if recipe.target.kind == "module")
    return next((recipe for recipe in classes if covers(trial.program, recipe, line)), None)


def _finding(trial: Trial, claim: Remark, way: Without) -> Finding | None:
    """What the rule would say of the line, unless something there says that it is meant."""
    program, function = trial.program, _function_at(trial.bench.source, claim.line)
    known = program.names is not None and function in program.names.functions
    said = (function, way.subject, comment_at(program, claim.line))
    if not known or any(map(says_deliberate, said)):
        return None
    span = span_of(trial.bench.source, way.place)
    finding = rule(way.rule).finding(program, span, claim.text, function=function, subject=way.subject)
    found = trial.judge(program, (replace(finding, claimed_by=trial.by),))
    return next((trial.claimed(claim, each) for each in found if each.claimed_by), None)


def _without_calls(source: Source, line: int) -> Iterator[Without]:
    """Each call that begins on the line and is given something, left out; the inner ones first."""
    calls = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and n.lineno == line and n.args]
    for call in sorted(calls, key=lambda each: each.end_col_offset or 0):
        if isinstance(call.args[0], ast.Starred):
            continue
        changed = _changed(source, call, f"({source.slice(span_of(source, call.args[0]))})")
        if isinstance(call.func, ast.Call):  # of `nn.Dropout(0.5)(x)`, the layer
            yield Without(changed, call.func, ast.unparse(call.func.func), "MR203")
        else:
            yield Without(changed, call, ast.unparse(call.func), _broken_by(ast.unparse(call.func)))


def _broken_by(function: str) -> str:
    """Noise is often meant, and what a call of an unknown name does, or a layer of its own, is not known."""
    drops = "drop" in function.rpartition(".")[2].lower()
    return "MR201" if drops and not function.startswith("self.") else ""


def _registered(source: Source, line: int) -> Iterator[Without]:
    """`self.layers = ...` on the line, with what it assigns in a container that registers layers."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and node.lineno == line:
            subject, value = ast.unparse(node.targets[0]), source.slice(span_of(source, node.value))
            for kind in ("ModuleList", "ModuleDict") if subject.startswith("self.") else ():
                code = f"__import__('torch').nn.{kind}({value})"
                yield Without(_changed(source, node.value, code), node.value, subject, "MR205")


def _in_training_only(source: Source, line: int) -> Iterator[Without]:
    """The branch that opens on the line, in a method, taken in TRAIN alone."""
    for method in ast.walk(source.tree):
        if isinstance(method, ast.FunctionDef) and [each.arg for each in method.args.args[:1]] == ["self"]:
            for node in ast.walk(method):
                if isinstance(node, ast.If) and node.test.lineno == line:
                    code = f"(({source.slice(span_of(source, node.test))}) and self.training)"
                    subject = ast.unparse(node.test)
                    breaks = "MR201" if "drop" in subject.lower() else ""
                    yield Without(_changed(source, node.test, code), node.test, subject, breaks)


_WAYS = (_without_calls, _registered, _in_training_only)


def _changed(source: Source, node: ast.expr, code: str) -> Source:
    span = span_of(source, node)
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    return parse.apply(source, (Edit(start, end, code),))


def _function_at(source: Source, line: int) -> str:
    """The qualified name of the innermost function around a line; "" at the top level."""

    def inside(body: list[ast.stmt], name: str) -> str:
        named = (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))
        for node in named:
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                return inside(node.body, f"{name}.{node.name}".lstrip("."))
        return name

    return inside(source.tree.body, "")
