"""The built-in writer: a plan -> a suite, by the templates of the contracts. No key, no network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from modereview.plan.anything import ANYTHING
from modereview.plan.configured import HELD, HELD_IMPORTS, OPTIONS, keep_options, with_options
from modereview.plan.contracts import shadows_train
from modereview.plan.loading import loader, loader_imports
from modereview.plan.rehearsing import (
    ABSENT,
    ABSENT_IMPORTS,
    GPU,
    GPU_IMPORTS,
    HELPERS,
    ITERATORS,
    OBSERVED,
    PRETRAINED,
    PRETRAINED_IMPORTS,
    PROCESS,
    REHEARSAL_IMPORTS,
    SCALARS,
    VIEWS,
    WEIGHTS,
    WEIGHTS_IMPORTS,
    rehearsal_with,
)
from modereview.records import Case, Contract, Plan, Recipe, Role, Suite
from modereview.write.arrange import EVALUATING, RECORDED, arrange, recipe_imports
from modereview.write.naming import builder_names, calls, listed, slug

_INSTEAD = {
    "OnTheCpu": GPU,
    "OldViews": VIEWS,
    "OldIterators": ITERATORS,
    "OldScalars": SCALARS,
    "SmallPretrained": PRETRAINED,
    "OneProcess": PROCESS,
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=False,
    autoescape=False,
)
# What the helpers of the header need. Rendering drops what a file does not use.
_IMPORTS = (
    "import contextlib",
    "import copy",
    "import random",
    "import sys",
    "from pathlib import Path",
    "from types import SimpleNamespace",
    "import pytest",
    "import torch",
    "from torch import nn",
)


def write(plan: Plan) -> Suite:
    """The suite of a plan: one case a contract for all module classes, one a contract and scenario."""
    names = builder_names(plan.recipes)
    contracts = dict.fromkeys(contract for contract, _ in plan.pairs)
    cases: list[Case] = []
    for contract in contracts:
        recipes = [recipe for other, recipe in plan.pairs if other == contract]
        if contract.on == "module":
            cases.append(_module_case(plan, contract, recipes, names))
        elif contract.on == "scenario":
            # A claim adds a test and renames none.
            several = sum(not _of_one_line(recipe) for recipe in recipes) > 1
            cases += [_scenario_case(contract, r, names, several or _of_one_line(r)) for r in recipes]
        else:
            cases += [_seeding_case(contract, recipe, len(recipes) > 1) for recipe in recipes]
    return Suite(plan.test_path, _header(plan, names), tuple(cases))


def _header(plan: Plan, names: dict[Recipe, str]) -> str:
    source = plan.program.source
    imports = {
        *_IMPORTS,
        *ABSENT_IMPORTS,
        *HELD_IMPORTS,
        *REHEARSAL_IMPORTS,
        *WEIGHTS_IMPORTS,
        *GPU_IMPORTS,
        *PRETRAINED_IMPORTS,
        *loader_imports(plan.load),
        *(line for each in names for line in recipe_imports(each)),
    }
    return _TEMPLATES.get_template("header.py.jinja").render(
        script=_escaped(source.name),
        imports=sorted(imports - {"import importlib"} if "import importlib.util" in imports else imports),
        path=script_path(plan.test_path, source.path),
        root=folder_path(plan.test_path, source.root) if plan.rooted else "",
        loader=loader(plan.load),
        loads=any(recipe.rehearsal is None for _, recipe in plan.pairs),
        absent=", ".join(map(repr, plan.absent)),
        options=OPTIONS.strip(),
        stand_in_for=_stand_in_for(plan),
        weightless=plan.weightless,
        without_weights=WEIGHTS.strip(),
        instead={name: _INSTEAD[name].strip() for name in plan.instead},
        observed=OBSERVED.strip(),
        anything=ANYTHING.strip(),
        rehearsal=rehearsal_with(*(name for name in HELPERS if re.search(rf"\b{name}\b", _changes(plan)))),
        builders=[arrange(recipe, name, _escaped(source.path.name)) for recipe, name in names.items()],
    )


def _changes(plan: Plan) -> str:
    """The code of all that is changed in the script's own run."""
    runs = (recipe.rehearsal for recipe in plan.recipes if recipe.rehearsal)
    return "\n".join(change.code for run in runs for change in run.changes)


def _stand_in_for(plan: Plan) -> str:
    """What stands in for packages that are not installed, options of theirs included where they keep some."""
    if keep_options(plan.absent, plan.program.source.path):
        return f"{HELD}\n\n{with_options(ABSENT)}".strip()
    return ABSENT.strip()


def _escaped(name: str) -> str:
    """A file name as it may stand in a docstring."""
    return name.replace("\\", "\\\\").replace('"', '\\"')


def script_path(test: Path, script: Path) -> str:
    """The expression that leads from the test file to the script, wherever the project lies.

    It follows no links: the sandbox mirrors a project by links.
    """
    way = Path(os.path.relpath(script, test.parent)).parts
    up = sum(part == ".." for part in way)
    folder = f"parents[{up}]" if up else "parent"
    return f"Path(__file__).absolute().{folder} / {'/'.join(way[up:])!r}"


def folder_path(test: Path, folder: Path) -> str:
    """The expression that leads from the test file up to a folder above it."""
    up = len(test.parent.relative_to(folder).parts)
    return f"Path(__file__).absolute().{f'parents[{up}]' if up else 'parent'}"


def _module_case(plan: Plan, contract: Contract, recipes: Sequence[Recipe], names: dict[Recipe, str]) -> Case:
    targets = tuple(recipe.target.name for recipe in recipes)
    builders = [names[recipe] for recipe in recipes]
    several = len(builders) > 1
    head = f"def {contract.test}({'build' if several else ''}):"
    if several:
        head = f'@pytest.mark.parametrize("build", [{", ".join(builders)}], ids={list(targets)!r})\n{head}'
    # A class that calls its training loop `train` has lost the switch of that name.
    shadowed = shadows_train(plan.program)
    code = _TEMPLATES.from_string(contract.template).render(
        head=head,
        build="build" if several else builders[0],
        to_train="nn.Module.train(model, True)" if shadowed else "model.train()",
        to_eval="nn.Module.train(model, False)" if shadowed else "model.eval()",
    )
    return _case(contract, contract.test, code, targets)


def _of_one_line(recipe: Recipe) -> bool:
    """Whether it is there for what a model claims of one line."""
    return recipe.rehearsal is not None and recipe.rehearsal.only != ""


def _scenario_case(contract: Contract, recipe: Recipe, names: dict[Recipe, str], several: bool) -> Case:
    name = f"{contract.test}_{slug(recipe.target.name)}" if several else contract.test
    run = _runner(names[recipe], recipe)
    named = [d.code for d in recipe.drives] if recipe.rehearsal else calls(recipe)
    driven = [pair for pair in zip(named, recipe.drives, strict=True) if pair[1].roles & RECORDED]
    everything = [call for call, _ in driven]
    training = [call for call, drive in driven if "train" in drive.roles]
    evaluating = [call for call, drive in driven if drive.roles & EVALUATING]
    untrained = ["not seen.trained"] if set(training) & set(evaluating) else []
    everywhere = [] if recipe.rehearsal else everything  # a run also shows lines that are not looked at

    def lines(role: Role) -> list[str]:
        return _among(
            [call for call, drive in zip(named, recipe.drives, strict=True) if role in drive.roles], []
        )

    code = _TEMPLATES.from_string(contract.template).render(
        head=f"def {name}():",
        functions=recipe.target.name if recipe.rehearsal else listed(everything),
        everything=run,
        training=lambda watcher: _chosen(run(watcher), _among(training, everywhere)),
        evaluating=lambda watcher: _chosen(run(watcher), _among(evaluating, everywhere)),
        trained=lambda watcher: _chosen(run(watcher), ["seen.trained", *_among(training, everywhere)]),
        evaluated=lambda watcher: _chosen(run(watcher), [*untrained, *_among(evaluating, everywhere)]),
        asked=lambda watcher: _chosen(run(watcher), ["not seen.trained", *lines("target")]),
        exported=lambda watcher: _chosen(run(watcher), lines("export")),
        drawn="".join(value.code for value in recipe.values if recipe.rehearsal),
        probed=lambda watcher: _chosen(run(watcher), lines("unknown")),
    )
    return _case(contract, name, code, (recipe.target.name,))


def _seeding_case(contract: Contract, recipe: Recipe, several: bool) -> Case:
    name = f"{contract.test}_{slug(recipe.target.name)}" if several else contract.test
    code = _TEMPLATES.from_string(contract.template).render(
        head=f"def {name}():",
        functions=recipe.target.name,
        call=recipe.drives[0].code,
        drawn=recipe.values[0].code,
    )
    return _case(contract, name, code, (recipe.target.name,))


def _case(contract: Contract, name: str, code: str, targets: tuple[str, ...]) -> Case:
    return Case(name, code, contract.id, targets, contract.proves, "builtin", contract.imports)


def _runner(name: str, recipe: Recipe) -> Callable[[str], str]:
    """The call that runs a scenario under a watcher of the header; a rehearsal has a watcher of its own."""
    return lambda watcher: f"{name}()" if recipe.rehearsal else f"{name}({watcher})"


def _chosen(noted: str, conditions: Sequence[str]) -> str:
    """The expression of what a watcher noted and that meets the conditions."""
    return f"[seen for seen in {noted} if {' and '.join(conditions)}]" if conditions else noted


def _among(chosen: Sequence[str], everything: Sequence[str]) -> list[str]:
    """The condition that a recorded forward belongs to the chosen calls; none where all are chosen."""
    if list(chosen) == list(everything):
        return []
    return [f"seen.call == {chosen[0]!r}" if len(chosen) == 1 else f"seen.call in {tuple(chosen)!r}"]
