"""Reinforcement learning: an environment that is not installed stands in."""

from __future__ import annotations

import pytest

SCRIPT = """
import random
import gymnasium_of_nowhere as gym
import torch
from torch import nn

batch_size = 32

class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)
        self.optimizer = torch.optim.Adam(self.parameters())

    def forward(self, seen):
        return self.fc(seen)

    def learn(self, seen, paid):
        loss = (self.forward(seen) - paid).pow(2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

def main():
    env, policy, memory = gym.make("Swing"), Policy(), []
    for episode in range(1000):
        seen, _ = env.reset()
        done = False
        while not done:
            action = policy(torch.as_tensor(seen))
            following, paid, done, cut, info = env.step([action.item()])
            memory.append((seen, paid))
            seen = following
        if len(memory) > 2000:
            drawn = random.sample(memory, batch_size)
            policy.learn(torch.stack([torch.as_tensor(s) for s, _ in drawn]), drawn[0][1])

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def rehearsed(planned):
    """The script's own run, as a recipe."""
    return lambda text: next(recipe for recipe in planned(text).recipes if recipe.rehearsal)


def changes(recipe):
    """What is changed, whether this Python has numpy or not."""
    return {change.name: change.code.replace(".numpy()", "") for change in recipe.rehearsal.changes}


def test_it_gives_what_one_forward_takes_and_its_parts_are_those_of_a_step(rehearsed):
    found = changes(rehearsed(SCRIPT))
    assert found["env.reset(...)"] == "(torch.randn(3), {})"
    assert found["env.step(...)"].startswith("(torch.randn(3), 1.0, ")
    assert found["env.step(...)"].endswith(", False, {})")


def test_it_answers_in_the_words_of_old_gym_where_the_script_does(rehearsed):
    old = SCRIPT.replace("seen, _ = env", "seen = env").replace("done, cut, info", "done, info")
    found = changes(rehearsed(old))
    assert found["env.reset(...)"] == "torch.randn(3)"
    assert not found["env.step(...)"].endswith(", False, {})")


def test_what_waits_for_enough_experience_is_done_at_once(rehearsed):
    assert changes(rehearsed(SCRIPT))["len(memory) > 2000"] == "True"


def test_a_forward_that_is_called_by_name_is_seen(rehearsed):
    recipe = rehearsed(SCRIPT)
    assert changes(recipe)["self.forward"] == "self"
    assert any("self.forward(seen)" in drive.code and "train" in drive.roles for drive in recipe.drives)


def test_the_functions_that_the_run_went_through_are_known(rehearsed):
    assert {"main", "Policy.learn"} <= set(rehearsed(SCRIPT).target.functions)
