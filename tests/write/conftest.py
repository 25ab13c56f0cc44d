"""Hand-made plans for the writers' tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from modereview.analyze import analyze
from modereview.parse import decode
from modereview.plan.contracts import applies, contracts
from modereview.records import Drive, ModuleClass, Plan, Recipe, Role, Span, Target, Value

MODEL = Value("model", "script.Net(20, 3)", "arguments as at line 57")
LOADER = Value("loader", "[(torch.randn(8, 20), torch.randint(0, 3, (8,))) for _ in range(2)]")
OPTIMIZER = Value("optimizer", "torch.optim.SGD(model.parameters(), lr=0.01)")


@pytest.fixture
def module() -> Callable[..., Recipe]:
    """A recipe of a module class."""

    def recipe(
        name: str = "Net", code: str = "script.Net(20, 3)", inputs: str = "(torch.randn(8, 20),)"
    ) -> Recipe:
        values = (
            Value("model", code, "arguments as at line 57"),
            Value("inputs", inputs, "20 features: Net.fc1"),
        )
        return Recipe(Target("module", name), values)

    return recipe


@pytest.fixture
def scenario() -> Callable[..., Recipe]:
    """A recipe that runs statements, each given with the roles of its forwards."""

    def recipe(
        *drives: tuple[str, set[Role]], name: str = "train", patches: tuple[Value, ...] = ()
    ) -> Recipe:
        lines = tuple(
            Drive(code, frozenset(roles), 71 + number) for number, (code, roles) in enumerate(drives)
        )
        return Recipe(Target("scenario", name), (MODEL, LOADER, OPTIMIZER), lines, patches=patches)

    return recipe


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """A plan of all contracts that apply to the recipes, for a script with these classes."""

    def made(
        *recipes: Recipe, root: Path = Path("/project"), code: str = "import torch\n", **options: str
    ) -> Plan:
        script = root / options.get("script", "train.py")
        names = {recipe.target.name for recipe in recipes if recipe.target.kind == "module"}
        sensitive = ("BatchNorm1d", "Dropout")
        classes = (
            ModuleClass(name, Span(1, 1, 2, 1), (), (), (), True, sensitive, False) for name in sorted(names)
        )
        program = replace(analyze(decode(script, root, code.encode())), modules=tuple(classes))
        pairs = tuple((c, r) for c in contracts() for r in recipes if applies(c, r, program))
        load = "definitions" if options.get("load") == "definitions" else "import"
        return Plan(
            program, (), load, root / options.get("test", "tests/test_train_modes.py"), recipes, pairs
        )

    return made
