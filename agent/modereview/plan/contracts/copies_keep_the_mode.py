"""Copies and pickles of a model are in its mode."""

from __future__ import annotations

from modereview.plan.contracts._traits import defines, module_of, shadows_train
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """A deep copy and a pickled model are in the mode of the original."""
    model, _ = {{ build }}()
    for switch in (model.train, model.eval):
        switch()
        modes = [part.training for part in model.modules()]
        for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert [part.training for part in copied.modules()] == modes, (
                f"a copy is in another mode after {switch.__name__}(): "
                "look at __deepcopy__, __getstate__ and __setstate__"
            )
'''

CONTRACT = Contract(
    id="copies_keep_the_mode",
    test="test_copies_keep_the_mode",
    why="EMA models are copies, and workers get pickles: one that comes out in TRAIN evaluates at random.",
    needs="a class that says itself how it is copied or pickled",
    proves=("MR206",),
    on="module",
    template=TEMPLATE,
    imports=("import pickle",),
    tentative=True,
)

_COPYING = frozenset(
    {"__deepcopy__", "__copy__", "__getstate__", "__setstate__", "__reduce__", "__reduce_ex__"}
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes that say themselves how they are copied."""
    own = defines(module_of(recipe, program), program) & _COPYING
    return bool(own) and not shadows_train(program)
