"""Functions of a file that seed -> recipes: how to call them, and which generators to look at."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from modereview.analyze import ir, walk
from modereview.records import Drive, Program, Recipe, Target, Value
from modereview.rules import lookup
from modereview.rules.seeds import draws, seeded, seeds_by_name, seeds_out_of_view

# A draw from each global generator that a machine without a GPU has.
_DRAWS = {"random": "random.random()", "numpy": "np.random.rand()", "torch": "torch.rand(1).item()"}


def seeding_recipes(program: Program, absent: Collection[str]) -> Iterator[Recipe]:
    """One for each function of the file that seeds what others, or it itself, draw from.

    `absent`: packages that cannot be imported, whose generators cannot be looked at.
    """
    assert program.names is not None
    for name in dict.fromkeys(seed.function for seed in seeded(program)):
        function = program.names.functions.get(name)
        arguments = _arguments(program, function) if function and "." not in name else None
        looks = _looks(_kinds(program, name), absent)
        if function and arguments is not None and looks:
            drive = Drive(f"script.{name}({arguments})", frozenset(), function.span.line)
            yield Recipe(Target("seeding", name, (name,)), (looks,), (drive,))


def looks_after_a_run(program: Program, absent: Collection[str]) -> Value | None:
    """A draw from each generator that a script draws from while it runs, where it seeds one at all."""
    if not seeded(program) or seeds_out_of_view(program):
        return None
    return _looks({draw.kind for draw in draws(program)}, absent)


def _kinds(program: Program, name: str) -> set[str]:
    """The generators that tell whether it seeded: of all that the file draws, or of what it draws itself."""
    drawn = [draw for draw in draws(program) if draw.function == name or seeds_by_name(name)]
    return {d.kind for d in (*drawn, *seeded(program))} if drawn or seeds_by_name(name) else set()


def _looks(kinds: set[str], absent: Collection[str]) -> Value | None:
    pairs = [f'"{kind}": {code}' for kind, code in _DRAWS.items() if kind in kinds - {*absent}]
    return Value("drawn", f"{{{', '.join(pairs)}}}") if pairs else None


def _arguments(program: Program, function: ir.Function) -> str | None:
    """The arguments to call it with; None where the file does not tell, or where it runs a model."""
    if seeds_by_name(function.name):
        return ("1" if function.params else "") if _takes_a_number(function) else None
    if program.function(function.name) is not None:
        return None
    calls = (c for _, c, _ in lookup.calls(program) if walk.dotted(c.func) == function.name)
    written = (ast.parse(program.source.slice(c.span), mode="eval").body for c in calls)
    given = [call for call in written if isinstance(call, ast.Call) and all(map(_is_literal, _values(call)))]
    return ", ".join(map(ast.unparse, [*given[0].args, *given[0].keywords])) if given else None


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, SyntaxError):
        return False
    return True


def _takes_a_number(function: ir.Function) -> bool:
    """Whether one argument, or none, will do."""
    plain = all(p.kind in ("positional", "keyword") for p in function.params)
    return plain and all(p.default is not None for p in function.params[1:])
