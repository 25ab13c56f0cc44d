"""Functions that seed are called as the file calls them; what they draw from is looked at afterwards."""

from __future__ import annotations

from modereview.plan.seeding import looks_after_a_run, seeding_recipes

HEAD = "import random\nimport numpy as np\nimport torch\n"


def calls(program, absent=()):
    return {r.drives[0].code: r.values[0].code for r in seeding_recipes(program, absent)}


def test_a_function_named_so_is_given_a_number_and_answers_for_all_that_the_file_draws(program):
    text = HEAD + "def set_seed(n):\n    torch.manual_seed(n)\ndef pick():\n    return random.random()\n"
    assert calls(program(text)) == {
        "script.set_seed(1)": '{"random": random.random(), "torch": torch.rand(1).item()}'
    }


def test_another_is_called_as_the_file_calls_it_and_answers_for_its_own_draws(program):
    text = f"""{HEAD}
def split(data, seed=0):
    torch.manual_seed(seed)
    random.shuffle(data)
    return data
def pick():
    return np.random.rand()
split([1, 2, 3], seed=2)
"""
    assert calls(program(text)) == {
        "script.split([1, 2, 3], seed=2)": '{"random": random.random(), "torch": torch.rand(1).item()}'
    }


def test_what_is_given_something_that_only_the_run_knows_is_not_called(program):
    split = "def split(data):\n    torch.manual_seed(0)\n    random.shuffle(data)\n"
    text = f"{HEAD}{split}split(list(open('a')))\n"
    assert calls(program(text)) == {}


def test_a_function_that_draws_nothing_needs_no_look(program):
    assert calls(program(f"{HEAD}def begin():\n    torch.manual_seed(0)\nbegin()\n")) == {}


def test_a_generator_whose_package_is_not_there_is_left_out(program):
    text = f"{HEAD}def seed_all(n):\n    random.seed(n)\ndef pick():\n    return np.random.rand()\n"
    assert calls(program(text), absent=("numpy",)) == {"script.seed_all(1)": '{"random": random.random()}'}


def test_after_a_run_only_a_script_that_seeds_is_looked_at(program):
    seeds = program(f"{HEAD}torch.manual_seed(0)\nx = random.random() * torch.rand(1)\n")
    drawn = looks_after_a_run(seeds, ())
    assert drawn.code == '{"random": random.random(), "torch": torch.rand(1).item()}'
    assert looks_after_a_run(program(f"{HEAD}x = random.random()\n"), ()) is None
