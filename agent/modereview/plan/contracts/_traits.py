"""What contracts ask of a module class before they apply."""

from __future__ import annotations

import ast

from modereview.analyze import walk
from modereview.analyze.torchfacts import SENSITIVE_LAYERS
from modereview.records import ModuleClass, Program, Recipe
from modereview.rules import inside, lookup
from modereview.rules.freezing import at_construction

# Layers that may take the sequence as the first dimension: its steps depend on each other by design.
_ACROSS = ("RNN", "LSTM", "GRU", "Transformer", "Attention")
_EXPORTS = ("export", "trace")
_NORMS = frozenset(kind for kind in SENSITIVE_LAYERS if "Norm" in kind)


def module_of(recipe: Recipe, program: Program) -> ModuleClass:
    """The class of a module target. Raises LookupError where the program does not have it."""
    module = program.module(recipe.target.name)
    if module is None:
        raise LookupError(f"{program.source.name} has no module class {recipe.target.name}")
    return module


def minds_modes(module: ModuleClass) -> bool:
    """Whether the class holds something that the mode matters to, as far as it is in view."""
    return bool(module.sensitive or module.opaque)


def holds_norm(module: ModuleClass) -> bool:
    """Whether the class normalises in a way that depends on the mode."""
    return any("norm" in kind.lower() for kind in module.sensitive)


def rows_are_samples(recipe: Recipe, program: Program) -> bool:
    """Whether the class uses norms and has one input, whose first dimension is the batch for certain.

    With two inputs (nodes and edges, sequence and mask) rows may belong together.
    """
    module = module_of(recipe, program)
    across = any(
        part in layer.kind for m in _below(module, program) for layer in m.layers for part in _ACROSS
    )
    norms = holds_norm(module) or _builds_norms(module, program)
    return norms and not module.opaque and not across and _one_input(recipe)


def defines(module: ModuleClass, program: Program) -> set[str]:
    """The names of the methods that the class itself defines."""
    return {method.name for method in _methods(program, {module.name})}


def overrides(module: ModuleClass, program: Program) -> bool:
    """Whether the class has a `train` or `eval` of its own."""
    return bool(defines(module, program) & {"train", "eval"})


def may_freeze(program: Program) -> bool:
    """Whether any module class of the file keeps norms in EVAL, or has a `train` that could."""
    return any(overrides(m, program) or at_construction(program, m) for m in program.modules)


def freezes(module: ModuleClass, program: Program) -> bool:
    """Whether the class's own `train` switches a part of it to EVAL."""
    own = [method for method in _methods(program, {module.name}) if method.name == "train"]
    attributes = [node for method in own for node in ast.walk(method) if isinstance(node, ast.Attribute)]
    return any(node.attr == "eval" for node in attributes) and all(map(_takes_mode, own))


def shadows_train(program: Program) -> bool:
    """Whether a module class calls something else `train`: then `model.eval()` cannot be used on it."""
    methods = _methods(program, {module.name for module in program.modules})
    return any(method.name == "train" and not _takes_mode(method) for method in methods)


def writes_itself(module: ModuleClass, program: Program) -> bool:
    """Whether a forward of the class writes an attribute of the model."""
    runs = inside.reached(program, module.name, "forward")
    pairs = (pair for f in runs for s in walk.statements(f.body) for pair in lookup.bindings(s))
    return any((walk.dotted(target) or "").startswith("self.") for target, _ in pairs)


def exported(name: str, program: Program) -> bool:
    """Whether the file traces or exports the class of that name."""
    ran = (*program.forwards, *program.handed)
    return any(name in f.classes and any(word in f.by for word in _EXPORTS) for f in ran)


def _below(module: ModuleClass, program: Program) -> list[ModuleClass]:
    """The class, and those of the same file that it is built of."""
    found = [module]
    for part in found:  # grows meanwhile
        below = (program.module(layer.kind) for layer in part.layers)
        found += dict.fromkeys(m for m in below if m is not None and m not in found)
    return found


def _builds_norms(module: ModuleClass, program: Program) -> bool:
    """Whether a forward makes batch norms as it runs: the class holds none, and no switch reaches them."""
    names = {part.name for part in _below(module, program)}
    forwards = [method for method in _methods(program, names) if method.name == "forward"]
    calls = [node.func for f in forwards for node in ast.walk(f) if isinstance(node, ast.Call)]
    return any(ast.unparse(func).rpartition(".")[2] in _NORMS for func in calls)


def _one_input(recipe: Recipe) -> bool:
    code = next(value.code for value in recipe.values if value.name == "inputs")
    inputs = ast.parse(code, mode="eval").body
    return isinstance(inputs, ast.Tuple) and len(inputs.elts) == 1


def _methods(program: Program, classes: set[str]) -> list[ast.FunctionDef]:
    """The methods of the classes of these qualified names; a name alone tells them well enough apart."""
    names = {name.rpartition(".")[2] for name in classes}
    bodies = [
        n.body for n in ast.walk(program.source.tree) if isinstance(n, ast.ClassDef) and n.name in names
    ]
    return [child for body in bodies for child in body if isinstance(child, ast.FunctionDef)]


def _takes_mode(method: ast.FunctionDef) -> bool:
    """Whether it looks like `nn.Module.train`: one parameter with a truth value as its default."""
    if method.args.vararg is not None:
        return True
    default = method.args.defaults[-1] if method.args.defaults else None
    truth = isinstance(default, ast.Constant) and isinstance(default.value, bool)
    return truth and len(method.args.args) == 2
