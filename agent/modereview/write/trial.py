"""A proposed recipe tried out in the sandbox, with the contracts that it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from modereview.plan.contracts import applies, contracts
from modereview.records import Case, Drive, Outcome, Plan, Recipe, Status, Suite
from modereview.write import builtin
from modereview.write.arrange import RECORDED
from modereview.write.complete import Pair
from modereview.write.covering import covers
from modereview.write.gates import broken, case_name
from modereview.write.naming import builder_names, calls
from modereview.write.policy import FOLDER

Runner = Callable[[Suite], Sequence[Outcome]]

_MODULE = '''\
def test_recipe_holds():
    """The recipe builds the class that it should, and its forward runs in both modes."""
    model, inputs = {builder}()
    if not isinstance(model, script.{name}):
        raise TypeError("`model` is no {name} but " + type(model).__name__)
    for mode in (True, False):
        nn.Module.train(model, mode)
        if not outputs(model, inputs):
            raise ValueError("the forward returns no tensor")
    assert True
'''
_SCENARIO = '''\
def test_recipe_holds():
    """Every function that should be driven runs forwards of the watched model, and leaves no files."""
    there = set(os.listdir())
    seen = {{forward.call for forward in {builder}(recorded)}}
    missing = [call for call in {calls!r} if call not in seen]
    if missing:
        raise LookupError("no forward of `{watch}` was seen in " + ", ".join(missing))
    left = sorted(set(os.listdir()) - there - {{"__pycache__", ".pytest_cache"}})
    if left:
        raise OSError(f"it leaves {{left[0]}} in the working folder; `{folder}` gives one for files")
    assert True
'''


def trial(plan: Plan, recipe: Recipe, run: Runner) -> tuple[Pair, ...] | str:
    """The contracts that reach their assertion by this recipe; in words why there is none.

    It counts only if it builds the right class, or drives the right functions. Contracts that cannot be
    checked on such inputs (a batch that is no tensor cannot be taken apart) are left out, and so are those on
    functions that fail with no finding in them to explain it: a caller out of view may set the mode first.
    """
    pairs = tuple((c, recipe) for c in contracts() if applies(c, recipe, plan.program))
    suite = builtin.write(replace(plan, recipes=(recipe,), pairs=pairs))
    suite = replace(suite, cases=(_probe(recipe), *suite.cases))
    outcomes = run(suite)
    errors = {each.case: each.reason for each in broken(suite.cases, outcomes)}
    if "test_recipe_holds" in errors:
        return errors["test_recipe_holds"]
    failed = {case_name(outcome.case) for outcome in outcomes if outcome.status is Status.FAILED}
    found = {f.rule for f in plan.findings if covers(plan.program, recipe, f.span.line)}
    unexplained = {c.name for c in suite.cases if c.name in failed and not found.intersection(c.proves)}
    doubted = unexplained if recipe.drives else set[str]()
    lost = {case.contract for case in suite.cases if case.name in errors or case.name in doubted}
    held = tuple(pair for pair in pairs if pair[0].id not in lost)
    return held or next(iter(errors.values()), "it shows nothing that a contract is about")


def _probe(recipe: Recipe) -> Case:
    builder = builder_names([recipe])[recipe]
    if recipe.target.kind == "module":
        code = _MODULE.format(builder=builder, name=recipe.target.name)
    else:
        code = _SCENARIO.format(builder=builder, calls=_recorded(recipe), watch=recipe.watch, folder=FOLDER)
    return Case("test_recipe_holds", code.rstrip("\n"), "", (recipe.target.name,), ("import os",), "builtin")


def _recorded(recipe: Recipe) -> list[str]:
    pairs: list[tuple[str, Drive]] = [*zip(calls(recipe), recipe.drives, strict=True)]
    return [call for call, drive in pairs if drive.roles & RECORDED]
