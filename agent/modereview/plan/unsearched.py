"""Changes of a script's own run that need no search: loops cut short, effects left out, hydra's files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from modereview.plan.composed import composed
from modereview.records import Program

# Calls with an effect outside the run: they write, show, send or delete.
_EFFECTS = re.compile(
    r"(^|\.)(save|savez|savefig|save_image|save_pretrained|show|imshow|to_csv|push_to_hub|urlretrieve)$"
    r"|^(os\.(system|remove|unlink|rename|kill)|shutil\.\w+|subprocess\.\w+|wandb\.\w+|mlflow\.\w+)$"
    r"|(^|\.)dist(ributed)?\.(all_reduce|reduce|broadcast)$"
    r"|(^|\.)(SummaryWriter|set_device|init_process_group|destroy_process_group|barrier)$"
)
_INSTEAD = (  # (callee, what is called instead)
    (r"^(tyro\.cli|(simple_parsing|pyrallis)\.parse)$", "(lambda made, *_, **__: made())"),
    (r"^torch\.compile$", "(lambda same, **_: same)"),
    (r"^(torch\.)?(multiprocessing|mp)\.spawn$", "(lambda work, args=(), *_, **__: work(0, *args))"),
    # An export runs the model once; what it writes, and the package that it needs, are no matter here.
    (
        r"(^|\.)(onnx|export)\.export$",
        "(lambda model, args=(), *_, **__: "
        "(model(*args if isinstance(args, tuple) else (args,)), MagicMock())[1])",
    ),
    (r"(^|\.)convert_sync\w+$", "(lambda module, *_, **__: module)"),
    (r"(^|\.)amp\.initialize$", "(lambda *given, **_: given if given[1:] else given[0])"),
    (r"(^|\.)amp\.scale_loss$", "(lambda loss, *_, **__: MagicMock(__enter__=lambda _: loss))"),
    (r"(^|\.)(DistributedDataParallel|DDP)$", "(lambda module, *_, **__: nn.DataParallel(module))"),
    (r"(^|\.)dist(ributed)?\.get_rank$", "(lambda *_: 0)"),
    (r"(^|\.)dist(ributed)?\.get_world_size$", "(lambda *_: 1)"),
    (r"(^|\.)DistributedSampler$", "(lambda data, **_: torch.utils.data.DistributedSampler(data, 1, 0))"),
)
# Processes of their own are slow to start, and what fails in them has no place in the script.
_WITHOUT_WORKERS = {"num_workers": "0", "prefetch_factor": "None", "persistent_workers": "False"}
_SET_BY_LAUNCHERS = {"RANK": "'0'", "LOCAL_RANK": "'0'", "WORLD_SIZE": "'1'", "LOCAL_WORLD_SIZE": "'1'"}


def unsearched(program: Program, training: set[str]) -> Iterator[tuple[str, str, str]]:
    """(what is changed, its new code, why) of each; `training` are the calls that mark loops that train."""
    source = program.source
    yield from _fixed(source.tree, training)
    yield from ((text, code, "") for text, code in _by_forward(program))
    if given := composed(source.tree, source.path, source.root):
        yield *given, "as hydra puts the yaml files of the project together"


def _by_forward(program: Program) -> Iterator[tuple[str, str]]:
    """`net.forward(x)` of a model reads `net(x)`, which is the same but for hooks: by these a run is seen."""
    tree = program.source.tree
    lines = {f.span.line for f in program.forwards}
    called = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and n.lineno in lines)
    if any(isinstance(n, ast.FunctionDef) and n.name == "__call__" for n in ast.walk(tree)):
        return
    for func in called:
        if isinstance(func, ast.Attribute) and func.attr == "forward" and isinstance(func.value, ast.Name):
            yield ast.unparse(func), func.value.id


def _fixed(tree: ast.Module, training: set[str]) -> Iterator[tuple[str, str, str]]:
    """Changes that need no search: loops that train cut short, calls with effects outside left out."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and any(f"{call}(" in ast.unparse(node) for call in training):
            found.update((text, (code, "")) for text, code in _short(node.iter))
        elif isinstance(node, ast.Call):
            found.update((text, (code, "")) for text, code in _called(ast.unparse(node.func)))
        elif isinstance(node, ast.keyword) and node.arg in _WITHOUT_WORKERS:
            found[f"{node.arg}="] = (_WITHOUT_WORKERS[node.arg], "")
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            name = ast.unparse(node.slice).strip("'")
            if isinstance(node.ctx, ast.Load) and name in _SET_BY_LAUNCHERS:
                found[ast.unparse(node)] = (_SET_BY_LAUNCHERS[name], "")
        elif isinstance(node, ast.Attribute) and re.fullmatch(
            r"torch\.cuda\.\w+Tensor", name := ast.unparse(node)
        ):
            found[name] = (name.replace(".cuda", ""), "")
    yield from ((text, code, why) for text, (code, why) in found.items())


def _called(callee: str) -> Iterator[tuple[str, str]]:
    """What is changed for a call of a function, wherever it stands."""
    if instead := next((code for pattern, code in _INSTEAD if re.search(pattern, callee)), None):
        yield callee, instead
    elif _EFFECTS.search(callee):
        yield f"{callee}(...)", "MagicMock()"


def _short(iterated: ast.expr) -> Iterator[tuple[str, str]]:
    """`range(1, epochs + 1)` with the change that makes it three rounds."""
    for call in ast.walk(iterated):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in ("range", "trange")
        ):
            start = ast.unparse(call.args[0]) if len(call.args) > 1 else "0"
            bounds = f"{start}, {start} + 3" if start != "0" else "3"
            yield ast.unparse(call), f"{call.func.id}({bounds})"
