"""A GitHub with one pull request that changes `train.py`, and the bot speaking on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from modereview.github.post import Poster
from modereview.github.pull import Pull
from modereview.github.told import Handover
from stage import specs
from stage.hub import NUMBER, REPOSITORY, Hub

PATCH = "@@ -0,0 +1,40 @@\n" + "\n".join(f"+line {n}" for n in range(1, 41))


@pytest.fixture(scope="session")
def rest() -> Iterator[specs.Rest | None]:
    """GitHub's description of its REST API, where it is installed."""
    if specs.MISSING:
        yield None
        return
    with specs.rest() as server:
        yield server


@pytest.fixture
def hub(rest: specs.Rest | None) -> Iterator[Hub]:
    """The fake. Whatever a test made the bot ask must be a request that GitHub describes."""
    made = Hub(files={"train.py": PATCH})
    yield made
    assert rest is None or rest.violations(made.requests) == []


@pytest.fixture
def speak(hub: Hub) -> Callable[..., list[str]]:
    """One run of the posting half; gives the sentences that it logged."""

    def run(handover: Handover, cap: int = 20) -> list[str]:
        pull = Pull(hub.client(), REPOSITORY, NUMBER)
        log: list[str] = []
        Poster(pull, handover, pull.diff(), cap, log.append).speak()
        return log

    return run
