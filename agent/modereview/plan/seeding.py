"""Seeding functions of a file -> recipes: how to call them, and which generators to look at."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir
from modereview.records import Drive, Program, Recipe, Target, Value
from modereview.rules.seeds import draws, seeded, seeds_by_name

# A draw from each global generator that a machine without a GPU has.
_DRAWS = {"random": "random.random()", "numpy": "np.random.rand()", "torch": "torch.rand(1).item()"}


def seeding_recipes(program: Program) -> Iterator[Recipe]:
    """One for each function of the file whose name says that it seeds, and that takes one number at most."""
    assert program.names is not None
    seeds = seeded(program)
    drawn = {draw.kind for draw in draws(program)} | {seed.kind for seed in seeds}
    looks = ", ".join(f'"{kind}": {code}' for kind, code in _DRAWS.items() if kind in drawn)
    for name in dict.fromkeys(seed.function for seed in seeds):
        function = program.names.functions.get(name)
        if function and seeds_by_name(name) and "." not in name and _takes_a_number(function):
            call = f"script.{name}({'1' if function.params else ''})"
            drive = Drive(call, frozenset(), function.span.line)
            target = Target("seeding", name, (name,))
            yield Recipe(target, (Value("drawn", f"{{{looks}}}"),), (drive,))


def _takes_a_number(function: ir.Function) -> bool:
    """Whether one argument, or none, will do."""
    plain = all(p.kind in ("positional", "keyword") for p in function.params)
    return plain and all(p.default is not None for p in function.params[1:])
