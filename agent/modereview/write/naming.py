"""Names in a generated file: of builders, of tests, and of the calls that a scenario records."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

from modereview.records import Recipe


def builder_names(recipes: Sequence[Recipe]) -> dict[Recipe, str]:
    """A function name for each recipe: `build_net` for a module, `forwards_of_train` for a scenario."""
    names: dict[Recipe, str] = {}
    for recipe in recipes:
        prefix = "build_" if recipe.target.kind == "module" else "forwards_of_"
        name = prefix + slug(recipe.target.name)
        taken = sum(re.fullmatch(rf"{name}(_\d+)?", other) is not None for other in names.values())
        names[recipe] = f"{name}_{taken + 1}" if taken else name
    return names


def slug(name: str) -> str:
    """`Trainer.fit` -> `trainer_fit`, `TextCNN` -> `text_cnn`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", name)
    return re.sub(r"_+", "_", words).strip("_").lower()


def calls(recipe: Recipe) -> tuple[str, ...]:
    """What messages call each drive of a scenario: "validate", with its line where two share a name."""
    names = [_callee(drive.code) for drive in recipe.drives]
    count = Counter(names)
    return tuple(
        name if count[name] == 1 else f"{name} at line {drive.line}"
        for name, drive in zip(names, recipe.drives, strict=True)
    )


def _callee(code: str) -> str:
    called = next((node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)), None)
    return ast.unparse(called.func).removeprefix("script.") if called else code


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
