"""The question to the sandbox: what to build and what to drive, as plain data (JSON)."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal, TypeAlias

from modereview.plan import rehearsal
from modereview.plan.anything import ANYTHING
from modereview.plan.configured import HELD, HELD_IMPORTS, OPTIONS, with_options
from modereview.plan.described import attributes, call_parts, class_of, slot_json
from modereview.plan.gives import gives
from modereview.plan.idle import dropping, is_idle
from modereview.plan.loading import loader, loader_imports
from modereview.plan.names import resolve
from modereview.plan.options import holder
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
from modereview.plan.shapes import shapes
from modereview.plan.slots import Context, reached
from modereview.plan.targets import Scenario, Way, callable_modules
from modereview.plan.tree import scopes
from modereview.plan.uses import uses_of
from modereview.records import CallSite, ModuleClass, Param, Program

Json: TypeAlias = dict[str, object]
# Of processor time, so that a busy machine finds the same.
SEARCH_SECONDS = 24.0  # for the models and functions of a file
TARGET_SECONDS = 8.0  # for one target
REHEARSAL_SECONDS = 45.0  # for the script's own run, with all that is tried until it works
SECONDS = 4 * (SEARCH_SECONDS + REHEARSAL_SECONDS) + 20.0  # on the clock, for all of it
_RUNNER = "\n".join(
    (
        *REHEARSAL_IMPORTS,
        *ABSENT_IMPORTS,
        *HELD_IMPORTS,
        *GPU_IMPORTS,
        *PRETRAINED_IMPORTS,
        "",
        rehearsal_with(*HELPERS),
        OBSERVED,
        ANYTHING,
        OPTIONS,
        HELD,
        with_options(ABSENT),
        GPU,
        VIEWS,
        ITERATORS,
        SCALARS,
        PRETRAINED,
        PROCESS,
    )
)


def request(context: Context, load: Literal["import", "definitions"], found: tuple[Scenario, ...]) -> Json:
    """All that the probe needs: it sees no Program and imports nothing of ours."""
    program = context.program
    return {
        "script": program.source.name,
        "load": load,
        "loader": "\n".join(
            (
                *loader_imports(load),
                *(*ABSENT_IMPORTS, *HELD_IMPORTS, *WEIGHTS_IMPORTS, *GPU_IMPORTS, *PRETRAINED_IMPORTS),
                *("", loader(load), OPTIONS, HELD, with_options(ABSENT)),
                *(WEIGHTS, GPU, VIEWS, ITERATORS, SCALARS, PRETRAINED, PROCESS, OBSERVED, ANYTHING),
            )
        ),
        "seconds": SEARCH_SECONDS,
        "target_seconds": TARGET_SECONDS,
        "shapes": [asdict(s) for s in shapes(program.source.tree, context.names)],
        "subjects": [_subject(context, m) for m in callable_modules(program)] + _expressions(context, found),
        "globals": _globals(context),
        "scenarios": [_scenario(context, s) for s in found],
        "rehearsal": {**rehearsal.request(context), "runner": _RUNNER},
        "rehearsal_seconds": REHEARSAL_SECONDS,
    }


def _globals(context: Context) -> dict[str, str]:
    """What the top level assigns while the script runs, as a test would write it: classes may read it."""
    held = {name for name, _ in context.program.constants}
    names = [name for scope, name in context.names.assigned if scope == "" and name not in held]
    found = {name: _global(context, name) for name in names if name.isidentifier()}
    return {name: code for name, code in found.items() if code is not None}


def _global(context: Context, name: str) -> str | None:
    value = context.names.assigned["", name]
    if "parse_args" not in ast.unparse(value):
        return resolve(context.names, ast.unparse(value), "")
    options = {n: resolve(context.names, ast.unparse(v), "") for n, v in context.names.options.items()}
    return f"types.SimpleNamespace({', '.join(f'{n}={code}' for n, code in options.items() if code)})"


def _subject(context: Context, module: ModuleClass) -> Json:
    calls = {tuple(c.bound): c for c in module.builds}.values()
    optional = [p for p in module.init if p.default == "None" and _configs(context, p)]
    idle = [p for p in module.init if is_idle(p.name, p.default)]
    told: list[tuple[CallSite | None, list[Param]]] = [(c, []) for c in calls]
    told += [(None, optional)] if optional else []
    told.append((None, []))
    ways: list[Json] = []
    for call, also in told:
        dropped = dropping(_arguments(context, module, call, [*also, *idle]))
        ways += [*filter(None, [dropped]), _arguments(context, module, call, also)]
    by_user = context.told(module.name)
    given = {"args": by_user.args, "inputs": call_parts(by_user.inputs)} if by_user else {}
    return {"name": module.name, "callee": f"script.{module.name}", "builds": ways, **given}


def _arguments(
    context: Context, module: ModuleClass, call: CallSite | None, also: Sequence[Param] = ()
) -> Json:
    """One way to call a constructor. `code` is null where only the run of the script would tell.

    Parameters in `also` are given though they have a default: of a configuration, None often does not do.
    """
    bound = dict(call.bound) if call else {}
    plain = [p for p in module.init if p.kind not in ("*", "**")]
    known = {name: resolve(context.names, text, call.caller) for name, text in bound.items()} if call else {}
    # What the file passes, as far as that is known, and what has no default.
    told = {name for name in bound if known.get(name) is not None} | {p.name for p in also}
    given = [p for p in plain if p.default is None or p.name in told]
    by_keyword = {name for name, _ in call.kwargs} if call else set()
    in_order = given == plain[: len(given)]
    # After the first that goes by keyword all do.
    by_place = [p.name for p in itertools.takewhile(lambda p: p.name not in by_keyword, given) if in_order]
    written = [
        {
            "name": p.name,
            "code": known.get(p.name) or (p.default if p in also and is_idle(p.name, p.default) else None),
            "configs": _configs(context, p),
            "annotation": p.annotation or "",
            "keyword": p.kind == "keyword" or p.name not in by_place,
            "called": _called(context.program, module, p),
            "attributes": attributes(context, uses_of(context.program, f"{module.name}.__init__", p.name)),
        }
        for p in given
    ]
    return {"line": call.span.line if call else 0, "arguments": written}


def _called(program: Program, module: ModuleClass, param: Param) -> str:
    """What a constructor's argument has to be: a "maker", called while it builds, a "layer", called later."""
    init = f"{module.name}.__init__"
    if uses_of(program, init, param.name, hops=0).called:
        return "maker"
    return "layer" if uses_of(program, init, param.name).called else ""


def _configs(context: Context, param: Param) -> list[str]:
    """Classes that a parameter may want an instance of: by its annotation, else by its name."""
    known = context.names.imported | context.names.defined
    classes = {name for name, _, _ in context.program.classes}
    wanted = [w for w in re.findall(r"\w+", param.annotation or "") if w in classes or w.endswith("Config")]
    if not wanted and holder(param.name):
        wanted = sorted(name for name in known if re.fullmatch(r"(?!Pre[tT]rained)\w+Config", name))
    return [f"script.{name}" for name in wanted if name in known]


def _expressions(context: Context, found: tuple[Scenario, ...]) -> list[Json]:
    """Models that the file builds without a class of its own: `nn.Sequential(...)`."""
    slots = [
        s for scenario in found for way in scenario.ways for s in way.slots if s.kind == "model" and s.code
    ]
    codes = {s.code: s.line for s in slots if s.code and "(" in s.code and not class_of(context, s.code)}
    return [{"name": code, "code": code, "line": line} for code, line in codes.items()]


def _scenario(context: Context, scenario: Scenario) -> Json:
    program = context.program
    led_to = {f for name in scenario.target.functions for f in reached(program, name)}
    return {
        "name": scenario.target.name,
        "unless": list(scenario.unless),
        "covers": sorted(led_to),
        "gives": gives(program, led_to),
        "running": rehearsal.running(program),
        "lines": sorted({forward.span.line for forward in program.forwards}),
        "ways": [_way(context, way, _told(context, scenario)) for way in scenario.ways],
        "losses": _losses(context, scenario),
    }


def _told(context: Context, scenario: Scenario) -> dict[str, str]:
    """What the user tells of the arguments and globals of the functions that a scenario drives."""
    told = [context.told(name) for name in (*scenario.target.functions, scenario.target.name)]
    return dict(pair for given in told if given for pair in given.values)


def _way(context: Context, way: Way, told: dict[str, str]) -> Json:
    return {
        "slots": [{**slot_json(context, s), "given": told.get(s.name)} for s in way.slots],
        "drives": [{"code": d.code, "roles": sorted(d.roles)} for d in way.drives],
        "patches": list(way.patches),
        "objects": [{"name": v.name, "code": v.code, "why": v.why} for v in way.objects],
    }


def _losses(context: Context, scenario: Scenario) -> list[str]:
    """The names of the losses that the driven functions mention, for the order of the trials."""
    wanted = {name for function in scenario.target.functions for name in reached(context.program, function)}
    codes = [s.code for way in scenario.ways for s in way.slots if s.kind == "criterion" and s.code]
    texts = codes + [
        ast.unparse(s) for name, body in scopes(context.program.source.tree) if name in wanted for s in body
    ]
    return re.findall(r"\b(\w*(?:[Ll]oss|cross_entropy\w*|CrossEntropy\w*))\b\(", "\n".join(texts))
