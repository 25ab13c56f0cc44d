"""How a generated test, and the probe that found its recipe, load the user's script.

Both run the same text, so they cannot drift apart. `loader` gives the source of a function
`load_script(path)` that returns the module, `loader_imports` the import lines that source needs.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["import", "definitions"]

# The folder stays on sys.path, as when the script is run: functions may import its neighbours later.
# The name cannot be the plain stem: a script called random.py would replace the standard module.
_IMPORT = '''\
def load_script(path):
    """Import the script as when it is run with no arguments, but not as __main__."""
    folder, name = path.parent, f"{path.stem}_under_test"
    while (folder / "__init__.py").exists():  # a package: its relative imports
        folder, name = folder.parent, f"{folder.name}.{name}"
    sys.path[:0] = [str(path.parent), str(folder)]
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    with mock.patch.object(sys, "argv", [str(path)]):
        spec.loader.exec_module(module)
    return module
'''

_DEFINITIONS = '''\
class Definitions(importlib.machinery.SourceFileLoader):
    """Loads imports, functions, classes and constants only: the rest would train."""

    def get_code(self, fullname):
        tree, constants = ast.parse(self.get_data(self.path)), {"float", "int", "str"}
        tree.body = [node for node in tree.body if defines(node, constants)]
        return compile(tree, self.path, "exec")


def defines(node, constants):
    """Whether it only defines: an import, a function, a class or a plain constant."""
    if isinstance(node, ast.Try):
        return all(defines(child, set(constants)) for child in node.body)
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        return isinstance(node, (ast.Import, ast.ImportFrom, *functions, ast.ClassDef))
    containers = (ast.Tuple, ast.List, ast.Set, ast.Dict)
    plain = (ast.Name, ast.Constant, *containers, ast.UnaryOp, ast.BinOp)
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
    names = [part for part in parts if isinstance(part, ast.Name)]
    known = all(isinstance(n.ctx, ast.Store) or n.id in constants for n in names)
    if known and all(isinstance(part, plain) for part in parts):
        constants.update(name.id for name in names)
        return True
    return False


def load_script(path):
    """Load what the script defines, its neighbours in reach as when it is run."""
    folder, name = path.parent, f"{path.stem}_under_test"
    while (folder / "__init__.py").exists():  # a package: its relative imports
        folder, name = folder.parent, f"{folder.name}.{name}"
    sys.path[:0] = [str(path.parent), str(folder)]
    spec = importlib.util.spec_from_loader(name, Definitions(name, str(path)))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
'''


def loader(kind: Kind) -> str:
    """The source of `load_script(path)`, a function that returns the script's module."""
    return {"import": _IMPORT, "definitions": _DEFINITIONS}[kind]


def loader_imports(kind: Kind) -> tuple[str, ...]:
    """The import lines that the source from `loader` needs."""
    if kind == "import":
        return ("import importlib.util", "import sys", "from unittest import mock")
    return ("import ast", "import importlib.machinery", "import importlib.util", "import sys")
