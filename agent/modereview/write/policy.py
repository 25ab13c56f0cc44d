"""What a generated test may say, judged on its syntax tree before anything runs.

The tests stay in the user's project and run there without our sandbox: what reaches for files, processes
or the network is refused here, with the reason in words. This is a gate against carelessness and planted
instructions, and the first of several: a test that passes it still has to earn its place by mutants.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from modereview.write.answer import Piece, bound_name
from modereview.write.assertions import has_real_assertion, swallows
from modereview.write.ground import ROOTS, Ground, package

# Levels of syntax; what reads the test later, we and libcst, recurses. Tests of people have 20 or so.
DEEPEST = 80
PYTEST = {"raises", "approx"}
FOLDER = "tempfile.mkdtemp()"  # for user's code that writes files; all else of `tempfile` is refused
BUILTINS = {
    *("eval", "exec", "compile", "open", "input", "breakpoint", "exit", "quit"),
    *("globals", "locals", "vars", "setattr", "delattr"),
}
# Attributes that lead out of the computation, whatever they are read from: modules that others import
# (`torch.os`, `script.subprocess`), and functions that touch files, processes or other machines or run text.
ATTRIBUTES = frozenset(
    # of the standard library
    "os sys subprocess builtins socket shutil pathlib importlib ctypes pickle multiprocessing mp "
    "threading python_multiprocessing concurrent glob inspect io platform tempfile linecache logging "
    "argparse locale zipfile gzip copyreg dis contextlib traceback atexit timeit "
    # the same, that make functions of byte code
    "CodeType FunctionType LambdaType "
    # of torch
    "hub cpp_extension distributed package serialization benchmark bottleneck bundled_inputs collect_env "
    "contrib cpp_backtrace datapipes debug_log file_baton hipify model_dump model_zoo nativert onnx profiler "
    "show_pickle tensorboard throughput_benchmark tunable backend_registration compile load save "
    "load_library load_url load_state_dict_from_url from_file distributed_c10d init_process_group TCPStore "
    "FileStore c10d sympy mpmath "
    # of numpy
    "fromfile tofile memmap open_memmap loadtxt savetxt genfromtxt fromregex savez savez_compressed "
    "ctypeslib f2py npyio DataSource runstring rundocs measure "
    # of whatever
    "open system popen".split()
)
HARMLESS_DUNDERS = {"__class__", "__name__"}
# Methods that a test must take as they are: replacing one of them tests the replacement.
TESTED = {"forward", "train", "eval", "training_step", "validation_step"}


def refusal(piece: Piece, where: Ground) -> str | None:
    """Why a function must not enter the file, in words; None where nothing speaks against it."""
    if _is_deeper(piece.node, DEEPEST):
        return "it is nested too deeply"
    return next((reason for check in _CHECKS for reason in check(piece, where)), None)


def names_and_attributes(piece: Piece, where: Ground) -> Iterator[str]:
    """What speaks against the names and attributes that some code uses."""
    if _is_deeper(piece.node, DEEPEST):
        yield "it is nested too deeply"
        return
    yield from _check_names(piece, where)
    yield from _check_attributes(piece, where)


def folders(tree: ast.AST) -> set[int]:
    """The nodes of calls that make a new folder, by their `id`."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n) == FOLDER)
    return {id(part) for call in calls for part in ast.walk(call)}


def _check_shape(piece: Piece, where: Ground) -> Iterator[str]:
    node = piece.node
    if not node.name.startswith("test_"):
        yield "only functions named test_* are taken"
    if node.name in where.names:
        yield "the file has a function of that name already"
    if isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(child, ast.Yield | ast.YieldFrom | ast.Await) for child in ast.walk(node)
    ):
        yield "pytest would not run it: it is async or a generator"
    if ast.unparse(node.args):
        yield "it takes parameters or fixtures, which could patch what is tested"
    if node.decorator_list:
        yield "it has a decorator, which could skip or change it"


def _check_imports(piece: Piece, where: Ground) -> Iterator[str]:
    inner = (node for node in ast.walk(piece.node) if isinstance(node, ast.Import | ast.ImportFrom))
    for node in (*piece.imports, *inner):
        parts = [part for alias in node.names for part in alias.name.split(".")]
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if package(node) not in ROOTS and ast.unparse(node) != "import tempfile":
            yield f"it imports `{module or node.names[0].name}`"
        yield from (
            f"it imports `{part}`"
            for part in (*parts, *module.split("."))
            if (part == "*" or _leads_out(part)) and ast.unparse(node) != "import tempfile"
        )
        if module == "pytest":
            yield from (f"it imports `pytest.{part}`" for part in parts if part not in PYTEST)
    for line in piece.imports:
        if bound_name(line) in where.names and ast.unparse(line) not in where.imports:
            yield f"its import gives `{bound_name(line)}` another meaning in the file"


def _check_names(piece: Piece, where: Ground) -> Iterator[str]:
    called = {
        id(node.func) for node in ast.walk(piece.node) if isinstance(node, ast.Call) and _plain_getattr(node)
    }
    read_from = {id(node.value) for node in ast.walk(piece.node) if isinstance(node, ast.Attribute)}
    allowed = folders(piece.node)
    for node in (node for node in ast.walk(piece.node) if id(node) not in allowed):
        if isinstance(node, ast.Global):
            yield "it changes global names"
        if not isinstance(node, ast.Name):
            continue
        if node.id in BUILTINS or node.id.startswith("__"):
            yield f"it uses `{node.id}`"
        if node.id in ("getattr", "hasattr") and id(node) not in called:
            yield f"it uses `{node.id}` with a name that is not written out"
        if node.id in where.closed | {"tempfile"}:
            yield f"it uses `{node.id}`, which the file keeps to itself"
        if node.id == "script" and id(node) not in read_from:
            yield "it hands the script's module around"


def _check_attributes(piece: Piece, where: Ground) -> Iterator[str]:
    own = {
        id(part) for node in ast.walk(piece.node) if _of_the_project(node, where) for part in ast.walk(node)
    }
    for node in ast.walk(piece.node):
        if isinstance(node, ast.MatchClass):
            yield "it reads attributes by pattern matching"
        if not isinstance(node, ast.Attribute):
            continue
        root = _chain_root(node)
        if _leads_out(node.attr):
            yield f"it uses `.{node.attr}`"
        if root == "pytest" and node.attr not in PYTEST:
            yield f"it uses `pytest.{node.attr}`"
        if root in ROOTS and node.attr.startswith("_"):
            yield f"it uses the private `{ast.unparse(node)}`"
        from_script = isinstance(node.value, ast.Name) and node.value.id == "script"
        if from_script and node.attr in where.modules and id(node) not in own:
            yield f"it uses `script.{node.attr}`, a module that the script imports"


def _check_patching(piece: Piece, where: Ground) -> Iterator[str]:
    for node in ast.walk(piece.node):
        if not isinstance(node, ast.Attribute | ast.Subscript) or isinstance(node.ctx, ast.Load):
            continue
        if _chain_root(node) in where.names | ROOTS:
            yield f"it changes `{ast.unparse(node)}`, which others use"
        if isinstance(node, ast.Attribute) and node.attr in TESTED:
            yield f"it replaces `{ast.unparse(node)}`, which it should test"


def _check_assertions(piece: Piece, where: Ground) -> Iterator[str]:
    if swallows(piece.node):
        yield "it catches exceptions and goes on"
    if not has_real_assertion(piece.node):
        yield "it asserts nothing that could fail"


_CHECKS: tuple[Callable[[Piece, Ground], Iterator[str]], ...] = (
    _check_shape,
    _check_imports,
    _check_names,
    _check_attributes,
    _check_patching,
    _check_assertions,
)


def _is_deeper(node: ast.AST, limit: int) -> bool:
    """Whether the tree has more levels than that. Counts without recursion, which is what it guards."""
    level = [node]
    for _ in range(limit):
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
    return bool(level)


def _leads_out(name: str) -> bool:
    return name in ATTRIBUTES or (name.startswith("__") and name not in HARMLESS_DUNDERS)


def leads_out(name: str) -> bool:
    """Whether a name reaches for files, processes, other machines or the inside of Python."""
    return name in BUILTINS or _leads_out(name)


def _of_the_project(node: ast.AST, where: Ground) -> bool:
    """Whether it is the name of a class or function of the project, through the script: `script.nets.Net`."""
    if not isinstance(node, ast.Attribute) or _chain_root(node) != "script":
        return False
    return ast.unparse(node).removeprefix("script.") in where.project


def _plain_getattr(node: ast.Call) -> bool:
    """Whether a call of getattr spells out a name that may be read."""
    name = node.args[1] if len(node.args) > 1 else None
    return isinstance(name, ast.Constant) and isinstance(name.value, str) and not _leads_out(name.value)


def _chain_root(node: ast.expr) -> str:
    """The name that a chain of attributes and subscripts starts from; "" where it starts from a value."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
