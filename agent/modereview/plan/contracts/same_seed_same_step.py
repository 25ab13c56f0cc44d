"""In TRAIN, the same seed gives the same step."""

from __future__ import annotations

from modereview.plan.contracts._traits import module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In TRAIN mode the same seed gives the same gradients."""
    model, inputs = {{ build }}()
    {{ to_train }}
    steps = []
    for _ in range(2):
        seed(0)
        twin = copy.deepcopy(model)
        sum(part.mean() for part in outputs(twin, inputs) if part.requires_grad).backward()
        steps.append([weight.grad for weight in twin.parameters() if weight.grad is not None])
    # Threads may add numbers up in another order; another draw changes far more.
    assert same(*steps, rtol=1e-3, atol=1e-6), (
        "one seed gave two different training steps: something draws from a generator "
        "that seeding python, numpy and torch does not reach"
    )
'''

CONTRACT = Contract(
    id="same_seed_same_step",
    test="test_same_seed_gives_the_same_step",
    why="A run that its seed does not bring back cannot be debugged, nor compared with another.",
    needs="something random in the class",
    proves=("MR208", "MR402"),
    sign=r"rand|noise|bernoulli|normal_?\(",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that are known to draw."""
    return module_of(recipe, program).stochastic
