"""What contracts ask of a program before they apply."""

from __future__ import annotations

import ast

from modereview.records import ModuleClass, Program, Recipe


def module_of(recipe: Recipe, program: Program) -> ModuleClass:
    """The class of a module target. Raises LookupError where the program does not have it."""
    module = program.module(recipe.target.name)
    if module is None:
        raise LookupError(f"{program.source.name} has no module class {recipe.target.name}")
    return module


def kinds_below(module: ModuleClass, program: Program) -> frozenset[str]:
    """The kinds of all layers of a class, those of its submodules from the same file included."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        fresh = {layer.kind for layer in waiting.pop().layers} - seen
        seen |= fresh
        waiting += [below for kind in fresh if (below := program.module(kind))]
    return frozenset(seen)


def holds_norm(module: ModuleClass) -> bool:
    """Whether the class normalises in a way that depends on the mode."""
    return any("norm" in kind.lower() for kind in module.sensitive)


def overrides_switches(program: Program) -> bool:
    """Whether a module class of the file has its own `train` or `eval`: one that keeps norms frozen, say."""
    return any(method.name in ("train", "eval") for method in _methods(program))


def shadows_train(program: Program) -> bool:
    """Whether a module class calls something else `train`: then `model.eval()` cannot be used on it."""
    return any(method.name == "train" and not _takes_mode(method) for method in _methods(program))


def _methods(program: Program) -> list[ast.FunctionDef]:
    names = {module.name.rpartition(".")[2] for module in program.modules}
    classes = [node for node in ast.walk(program.source.tree) if isinstance(node, ast.ClassDef)]
    bodies = [node.body for node in classes if node.name in names]
    return [child for body in bodies for child in body if isinstance(child, ast.FunctionDef)]


def _takes_mode(method: ast.FunctionDef) -> bool:
    """Whether it looks like `nn.Module.train`: one parameter with a truth value as its default."""
    if method.args.vararg is not None:
        return True
    default = method.args.defaults[-1] if method.args.defaults else None
    truth = isinstance(default, ast.Constant) and isinstance(default.value, bool)
    return truth and len(method.args.args) == 2
