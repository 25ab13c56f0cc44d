"""A GitHub with one pull request that changes `train.py`, and the bot speaking on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.github.post import Poster
from modereview.github.pull import Pull
from modereview.github.told import Handover
from stage.hub import NUMBER, REPOSITORY, Hub

PATCH = "@@ -0,0 +1,40 @@\n" + "\n".join(f"+line {n}" for n in range(1, 41))


@pytest.fixture
def hub() -> Hub:
    return Hub(files={"train.py": PATCH})


@pytest.fixture
def speak(hub: Hub) -> Callable[..., list[str]]:
    """One run of the posting half; gives the sentences that it logged."""

    def run(handover: Handover, cap: int = 20) -> list[str]:
        pull = Pull(hub.client(), REPOSITORY, NUMBER)
        log: list[str] = []
        Poster(pull, handover, pull.diff(), cap, log.append).speak()
        return log

    return run
