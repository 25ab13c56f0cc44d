"""The script's own run as a scenario: which lines of it run a model, what could stand in for its data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from modereview.analyze.handing import EXPORTS
from modereview.plan import beside
from modereview.plan.described import Json, attributes, slot_json
from modereview.plan.gives import gives
from modereview.plan.kinds import kind_of
from modereview.plan.names import literal, resolve
from modereview.plan.options import batch_options, configurations, holder, holders, required
from modereview.plan.slots import Context, Slot
from modereview.plan.tree import level, scopes
from modereview.plan.unsearched import unsearched
from modereview.plan.uses import uses_of
from modereview.records import Drive, Forward, Function, Mode, Program, Role, Target
from modereview.rules import mr108, mr504

_BATCH_SIZE = re.compile(r"(?i)(^|_|\.)(batch_?size|bs|bsz)$")
GIVEN = "given in pyproject.toml"


@dataclass(frozen=True)
class Site:
    """A line of the script that calls a model, and what for."""

    text: str  # the stripped line
    function: str
    line: int
    roles: frozenset[Role]


def sites(program: Program) -> tuple[Site, ...]:
    """The lines that train, evaluate or infer, ask a teacher, export or probe, in the file's order."""
    roles: dict[tuple[int, str], set[Role]] = {}
    for forward in _looked_at(program):
        if forward.function.rpartition(".")[2] != "forward":
            roles.setdefault((forward.span.line, forward.function), set()).add(forward.role)
    lines = program.source.lines  # beyond the last one lie files beside the script
    return tuple(
        Site(lines[n - 1].strip(), f, n, frozenset(r))
        for (n, f), r in sorted(roles.items())
        if n <= len(lines)
    )


def _looked_at(program: Program) -> Iterator[Forward]:
    """What trains or evaluates; what may be in TRAIN on purpose, where the analysis is sure of its mode."""
    yield from (f for f in program.forwards if f.role in ("train", "evaluate"))
    inferring = (f for f in program.forwards if f.role == "infer")
    exports = (f for f in program.handed if f.by in EXPORTS)
    told_by_rules = (*mr108.teachers(program), *(f for f in mr504.probes(program) if not f.by))
    for forward in (*inferring, *exports, *told_by_rules):
        if forward.exact and forward.mode is not Mode.UNKNOWN:
            yield forward


def target_of(program: Program, found: tuple[Site, ...]) -> Target:
    """The target that stands for the script's own run."""
    functions = ("", *dict.fromkeys(site.function for site in found if site.function))
    classes = {name for forward in program.forwards for name in forward.classes}
    return Target("scenario", program.source.path.name, functions, tuple(sorted(classes)))


def drives(found: tuple[Site, ...]) -> tuple[Drive, ...]:
    """A drive for each text: equal lines are told apart by whether a gradient comes back."""
    by_text: dict[str, list[Site]] = {}
    for site in found:
        by_text.setdefault(site.text, []).append(site)
    return tuple(
        Drive(text, frozenset().union(*(s.roles for s in same)), same[0].line)
        for text, same in by_text.items()
    )


def request(context: Context) -> dict[str, object]:
    """What the probe needs to rehearse the script, as plain data."""
    tree, found = context.program.source.tree, sites(context.program)
    told = context.told(context.program.source.path.name)
    given = told.values if told else ()
    files, configuration = _files(context.program)
    training = _training(context.program)
    return {
        "sites": [
            {
                "text": d.code,
                "roles": sorted(d.roles),
                "functions": [s.function for s in found if s.text == d.code],
            }
            for d in drives(found)
        ],
        "trains": sorted({f.model for f in context.program.forwards if f.role == "train"}),
        "gives": gives(context.program, {f.function for f in context.program.forwards}),
        "parts": _parts_read(context),
        "models": sorted({forward.model for forward in context.program.forwards}),
        "losses_of": re.findall(r"(\w+)\.backward\(", ast.unparse(tree)),
        "lines": [site.line for site in found],
        "running": running(context.program),
        "entries": [f.name for f in context.program.functions if f.roles & {"train"} and _callable(f)],
        "classes": list(target_of(context.program, found).classes),
        "slots": _with_items({str(line): slots for line, slots in _slots(context)}),
        "training": sorted(training),
        "fixed": [{"name": n, "code": c, "why": w} for n, c, w in unsearched(context.program, training)]
        + [{"name": name, "code": code, "why": GIVEN} for name, code in given],
        "arguments": list(told.arguments) if told and told.arguments else required(tree, configuration),
        "files": files,
        "batch_options": batch_options(tree),
        "holders": holders(tree),
        "batch_sizes": _batch_sizes(tree),
        "starred": "import *" in ast.unparse(tree),
        "options": {
            name: code
            for name, node in context.names.options.items()
            if (code := resolve(context.names, ast.unparse(node), "")) and literal(code)
        },
        "losses": re.findall(r"\b(\w*(?:[Ll]oss|cross_entropy\w*|CrossEntropy\w*))\b\(", ast.unparse(tree)),
    }


def _parts_read(context: Context) -> dict[str, dict[str, str | None]]:
    """What is read of each model that is trained."""
    program = context.program
    names = {f.model for f in program.forwards if f.role == "train"}
    readers = {f.function for f in program.forwards} | {""}
    uses = {name: [uses_of(program, reader, name) for reader in sorted(readers)] for name in names}
    return {name: attributes(context, reduce(or_, found)) for name, found in uses.items()}


def _files(program: Program) -> tuple[list[str], str | None]:
    """Configurations of the project that the run needs, and what is typed where none is named by default."""
    tree, path, root = program.source.tree, program.source.path, program.source.root
    files, defaults = beside.named(tree, path, root), configurations(tree)
    lacking = bool(defaults) and not any(beside.found(name, path, root) for name in defaults if name)
    typed = beside.likeliest(tree, path, root) if lacking else None
    return [*files, *([typed] if typed and typed not in files else [])], typed


def running(program: Program) -> list[str]:
    """The functions that run a model, by their last names, and the classes that train one."""
    names = {f.name.rpartition(".")[2] for f in program.functions if f.roles}
    trainers = {f.method_of for f in program.functions if f.method_of and f.roles & {"train", "evaluate"}}
    return sorted((names | trainers) - {"forward"})


def _callable(function: Function) -> bool:
    """Whether it can be called with nothing."""
    return "." not in function.name and all(p.default or p.kind in ("*", "**") for p in function.params)


def _training(program: Program) -> set[str]:
    """Calls that mark a loop as one that trains."""
    names = {f.name.rpartition(".")[2] for f in program.functions if f.roles & {"train"}}
    return {".backward", *(name for name in names if name != "forward")}


def _slots(context: Context) -> Iterator[tuple[int, list[Json]]]:
    """For the line of each assignment, the kinds of its targets: what could stand in for them."""
    for function, body in scopes(context.program.source.tree):
        for statement in level(body):
            if isinstance(statement, ast.Assign) and not isinstance(statement.value, ast.Constant):
                parts = _parts(statement.targets[0])
                slots = [_part(context, function, part, statement) for part in parts]
                if len(slots) == 1 and (handed := _handed_on(context, slots[0]["name"])):
                    slots[0]["nested"] = handed
                if any(slot["kind"] == "target" for slot in slots):  # what goes with targets is no dataset
                    slots = [{**s, "kind": "input"} if s["kind"] == "dataset" else s for s in slots]
                yield statement.lineno, slots


def _handed_on(context: Context, name: object) -> list[Json]:
    """What a name holds that is taken apart in a call of the file: `train(*data)`; empty where none is."""
    tree = context.program.source.tree
    params = {f.name.rpartition(".")[2]: f.params for f in context.program.functions}
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in params):
        if any(isinstance(a, ast.Starred) and ast.unparse(a.value) == name for a in call.args):
            callee, keywords = ast.unparse(call.func), {k.arg for k in call.keywords}
            wanted = [p for p in params[callee] if p.name not in keywords and p.default is None]
            wanted = [p for p in wanted if p.kind not in ("*", "**")][len(call.args) - 1 :]
            uses = [(p, uses_of(context.program, callee, p.name)) for p in wanted]
            slots = [Slot(p.name, kind_of(p.name, p.annotation, use), use) for p, use in uses]
            return [slot_json(context, slot) for slot in slots]
    return []


def _part(context: Context, function: str, target: ast.expr, statement: ast.Assign) -> Json:
    """The slot of one target; of several in parentheses, their slots as well."""
    slot = slot_json(context, _slot(context, function, ast.unparse(target), statement))
    if isinstance(target, (ast.Tuple, ast.List)):
        slot["nested"] = [_part(context, function, part, statement) for part in target.elts]
    return slot


def _with_items(slots: dict[str, list[Json]]) -> dict[str, list[Json]]:
    """Datasets give what the loops over their loaders take apart."""
    loaders = [s for each in slots.values() for s in each if s["kind"] == "loader"]
    known = next((s for s in loaders if s["unpacked"] or s["item_keys"]), None)
    if known is not None:
        for slot in (s for each in slots.values() for s in each if s["kind"] in ("dataset", "loader")):
            if not (slot["unpacked"] or slot["item_keys"]):
                slot.update({key: known[key] for key in ("unpacked", "item_keys", "parts")})
    return slots


def _batch_sizes(tree: ast.Module) -> list[str]:
    """Assignments of a plain number to a name that says batch size, and options of such a name."""
    assigned = (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant))
    targets = (ast.unparse(n.targets[0]) for n in assigned)
    read = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load))
    options = {ast.unparse(n) for n in read if holder(ast.unparse(n.value))}
    return sorted(
        {f"{t} =" for t in targets if _BATCH_SIZE.search(t)} | set(filter(_BATCH_SIZE.search, options))
    )


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _slot(context: Context, function: str, name: str, statement: ast.Assign) -> Slot:
    uses = uses_of(context.program, function, name)
    if function == "":  # what the top level assigns, functions read
        for reader in context.program.functions:
            uses |= uses_of(context.program, reader.name, name, hops=1) if name in reader.reads else uses
    kind = kind_of(name.rpartition(".")[2], None, uses)
    return Slot(name.rpartition(".")[2], kind, uses, None, statement.lineno)
