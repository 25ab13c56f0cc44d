"""The question to the sandbox: what to build and what to drive, as plain data (JSON)."""

from __future__ import annotations

import ast
import re
from dataclasses import asdict
from typing import Literal, TypeAlias

from modereview.plan.loading import loader, loader_imports
from modereview.plan.names import resolve
from modereview.plan.shapes import shapes
from modereview.plan.slots import Context, Slot, reached
from modereview.plan.targets import Scenario, Way
from modereview.plan.tree import scopes
from modereview.plan.uses import Uses, uses_of
from modereview.records import CallSite, ModuleClass, Param

Json: TypeAlias = dict[str, object]
SECONDS = 30.0  # for the whole search of a file
TARGET_SECONDS = 8.0  # for one target


def request(context: Context, load: Literal["import", "definitions"], found: tuple[Scenario, ...]) -> Json:
    """All that the probe needs: it sees no Program and imports nothing of ours."""
    program = context.program
    return {
        "script": program.source.name,
        "loader": "\n".join((*loader_imports(load), "", loader(load))),
        "seconds": 0.8 * SECONDS,  # the rest is for starting and ending
        "target_seconds": TARGET_SECONDS,
        "shapes": [asdict(s) for s in shapes(program.source.tree, context.names)],
        "subjects": [_subject(context, m) for m in program.modules if m.has_forward]
        + _expressions(context, found),
        "scenarios": [_scenario(context, s) for s in found],
    }


def _subject(context: Context, module: ModuleClass) -> Json:
    calls = {tuple(c.bound): c for c in module.builds}.values()
    ways = [_arguments(context, module, c) for c in calls]
    ways += [_arguments(context, module, None), _arguments(context, module, None, annotated=False)]
    return {"name": module.name, "callee": f"script.{module.name}", "builds": ways}


def _arguments(context: Context, module: ModuleClass, call: CallSite | None, annotated: bool = True) -> Json:
    """One way to call a constructor. `code` is null where only the run of the script would tell."""
    bound = dict(call.bound) if call else {}
    plain = [p for p in module.init if p.kind not in ("*", "**")]
    given = [p for p in plain if p.name in bound or p.default is None]
    by_keyword = {name for name, _ in call.kwargs} if call else set()
    in_order = given == plain[: len(given)]
    written = [
        {
            "name": p.name,
            "code": _passed(context, p, bound.get(p.name), call) if call or annotated else None,
            "keyword": p.kind == "keyword" or not in_order or p.name in by_keyword,
            "attributes": _attributes(context, uses_of(context.program, f"{module.name}.__init__", p.name)),
        }
        for p in given
    ]
    return {"line": call.span.line if call else 0, "arguments": written}


def _passed(context: Context, param: Param, text: str | None, call: CallSite | None) -> str | None:
    """What the call passes; else an instance of the class of the file that the annotation names."""
    if call is not None and text is not None:
        return resolve(context.names, text, call.caller)
    annotated = param.annotation in [name for name, _, _ in context.program.classes]
    return f"script.{param.annotation}()" if annotated else None


def _attributes(context: Context, uses: Uses) -> dict[str, str | None]:
    """What is read of a name that holds options, with the defaults that the command line gives them."""
    options = context.names.options
    return {
        a: resolve(context.names, ast.unparse(options[a]), "") if a in options else None
        for a in sorted(uses.attrs)
    }


def _expressions(context: Context, found: tuple[Scenario, ...]) -> list[Json]:
    """Models that the file builds without a class of its own: `nn.Sequential(...)`."""
    slots = [
        s for scenario in found for way in scenario.ways for s in way.slots if s.kind == "model" and s.code
    ]
    codes = {s.code: s.line for s in slots if s.code and "(" in s.code and not _class_of(context, s.code)}
    return [{"name": code, "code": code, "line": line} for code, line in codes.items()]


def _class_of(context: Context, code: str) -> str | None:
    """The module class of the file that an expression builds, outermost."""
    match = re.match(r"script\.(\w+)(\(|$)", code)
    module = context.program.module(match.group(1)) if match else None
    return module.name if module else None


def _scenario(context: Context, scenario: Scenario) -> Json:
    return {
        "name": scenario.target.name,
        "unless": list(scenario.unless),
        "ways": [_way(context, way) for way in scenario.ways],
        "losses": _losses(context, scenario),
    }


def _way(context: Context, way: Way) -> Json:
    return {
        "slots": [_slot(context, s) for s in way.slots],
        "drives": [{"code": d.code, "roles": sorted(d.roles)} for d in way.drives],
        "patches": list(way.patches),
        "objects": [{"name": v.name, "code": v.code, "why": v.why} for v in way.objects],
    }


def _slot(context: Context, slot: Slot) -> Json:
    return {
        "name": slot.name,
        "kind": slot.kind,
        "code": slot.code,
        "line": slot.line,
        "subject": _class_of(context, slot.code) if slot.code else None,
        "attributes": _attributes(context, slot.uses),
        "keys": list(slot.uses.keys),
        "unpacked": slot.uses.unpacked or slot.uses.item_indices,
        "item_keys": list(slot.uses.item_keys),
    }


def _losses(context: Context, scenario: Scenario) -> list[str]:
    """The names of the losses that the driven functions mention, for the order of the trials."""
    wanted = {name for function in scenario.target.functions for name in reached(context.program, function)}
    codes = [s.code for way in scenario.ways for s in way.slots if s.kind == "criterion" and s.code]
    texts = codes + [
        ast.unparse(s) for name, body in scopes(context.program.source.tree) if name in wanted for s in body
    ]
    return re.findall(r"\b(\w*(?:[Ll]oss|cross_entropy\w*|CrossEntropy\w*))\b\(", "\n".join(texts))
