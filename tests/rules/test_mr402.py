"""MR402: one generator seeded, another that is used is not."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

FAULTY = {
    "numpy seeded, torch not": """
        import numpy as np
        from torch import nn

        def main(seed):
            np.random.seed(seed)
            return nn.Linear(4, 2)
    """,
    "only CUDA seeded": """
        import torch
        from torch import nn

        torch.cuda.manual_seed_all(0)
        model = nn.Linear(4, 2)
    """,
    "a set_seed of its own that forgets Python's": """
        import random
        import numpy as np
        import torch

        def set_seed(seed):
            np.random.seed(seed)
            torch.manual_seed(seed)

        def main(files):
            set_seed(0)
            random.shuffle(files)
            return files
    """,
    "the split of sklearn": """
        import torch
        from sklearn.model_selection import train_test_split

        torch.manual_seed(seed)
        train, test = train_test_split(range(100), test_size=0.2)
    """,
    "a generator of its own without a seed": """
        import numpy as np
        import torch

        torch.manual_seed(seed)
        rng = np.random.default_rng()
    """,
}
RIGHT = {
    "a seed that is drawn where none is given": """
        import random
        import torch

        def set_state(seed, epoch):
            if seed is None:
                torch.manual_seed(random.randint(0, 2**63))
            else:
                torch.manual_seed(1000 * seed + epoch)

        def main(args):
            data_seed = random.randint(0, 2**50)
            set_state(args.seed or data_seed, 0)
    """,
    "the seed itself is drawn where none is given": """
        import random
        import torch

        def main(args):
            seed = args.seed
            if seed is None:
                seed = random.randrange(2**32)
            torch.manual_seed(seed + 1)
            return torch.randn(3)
    """,
    "a seed that is drawn of another generator": """
        import numpy as np
        import torch
        from sklearn.utils import check_random_state

        def isolated(function, x):
            generator = check_random_state(np.random.randint(2**31))
            torch.manual_seed(generator.randint(2**31))
            return function(x)
    """,
    "all of them": """
        import random
        import numpy as np
        import torch

        def seed(value):
            random.seed(value)
            np.random.seed(value)
            torch.manual_seed(value)

        seed(0)
        order = np.random.permutation(10)
        random.shuffle([1, 2])
        weights = torch.randn(3)
    """,
    "torch.manual_seed seeds CUDA too": """
        import torch
        torch.manual_seed(0)
        x = torch.randn(3, device="cuda")
    """,
    "a helper out of view": """
        import random
        import torch
        from transformers import set_seed

        set_seed(1)
        torch.manual_seed(1)
        random.shuffle([1, 2])
    """,
    "draws of a data set, seeded in its workers": """
        import random
        import torch
        from torch.utils.data import Dataset

        torch.manual_seed(0)

        class Pairs(Dataset):
            def __getitem__(self, index):
                return random.random()
    """,
    "workers that take their seed from torch": """
        import numpy as np
        import torch

        def seed_worker(worker_id):
            np.random.seed(torch.initial_seed() % 2**32)

        def main():
            return torch.randn(3)
    """,
    "a split with a random_state": """
        import torch
        from sklearn.model_selection import train_test_split
        torch.manual_seed(0)
        train, test = train_test_split(range(100), random_state=0)
    """,
    "the choice of a port": """
        import random
        import torch
        torch.manual_seed(0)
        port = random.randint(10000, 20000)
    """,
    "nothing seeded": """
        import random
        random.shuffle([1, 2])
    """,
}
FRESH = """
        import os
        import random
        import numpy as np
        from torch.utils.data import DataLoader

        def load(data):
            random.shuffle(data)
            fresh = lambda x: np.random.seed(int.from_bytes(os.urandom(4), "little") + x)
            return DataLoader(data, num_workers=4, worker_init_fn=fresh)
"""
RIGHT |= {
    "numpy seeded by the system, anew in each run": FRESH,
    "by the clock": FRESH.replace('int.from_bytes(os.urandom(4), "little")', "int(time.time())"),
}
RIGHT |= {
    "seeded for a while, in a helper": """
        import contextlib
        import numpy as np
        import torch

        @contextlib.contextmanager
        def numpy_seed(seed):
            state = np.random.get_state()
            np.random.seed(seed)
            try:
                yield
            finally:
                np.random.set_state(state)

        def mask(weights):
            return torch.multinomial(weights, 4)
    """,
}
NOTED = {
    "the letters of a run's name": """
        import random
        import torch

        def main(args, letters):
            torch.manual_seed(args.seed)
            return "".join(random.choice(letters) for _ in range(10))
    """,
    "a file that tries its own layers out": """
        import torch
        from torch import nn

        class Capsule(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.randn(4, 4))

            def forward(self, x):
                return x @ self.weight

        if __name__ == "__main__":
            torch.cuda.manual_seed(1)
            print(Capsule().cuda()(torch.zeros(2, 4).cuda()).size())
    """,
    "drawn once and kept in a file": """
        import os
        import random
        import numpy as np
        random.seed(42)

        def split(path, count):
            if not os.path.exists(path):
                np.save(path, np.random.permutation(count))
            return np.load(path)
    """,
    "the sampling of a data set alone is seeded": """
        import random
        import torch

        class Tracks(torch.utils.data.Dataset):
            def __init__(self, files, seed):
                random.seed(seed)
                self.files = random.sample(files, 10)

            def __getitem__(self, index):
                return self.files[index]

        def main(args):
            return Tracks(args.files, args.seed)

        def louder(audio):
            return audio * torch.rand(1)
    """,
    "said to be meant": """
        import random
        import torch
        torch.manual_seed(0)
        name = random.choice(["a", "b"])  # unseeded on purpose
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR402").check(program(dedent(script)))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(program, script):
    assert found(program, script) == ["warning"]


@pytest.mark.parametrize(("number", "severity"), [("0", "note"), ("args.seed", "warning")])
def test_only_a_seed_that_is_asked_for_promises_that_runs_repeat(program, number, severity):
    script = f"""
        import numpy as np
        import torch

        def main(args, data):
            torch.manual_seed({number})
            return data[np.random.permutation(len(data))]
    """
    assert found(program, script) == [severity]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]


@pytest.mark.parametrize(
    ("drawn", "severity"), [("behind", "note"), ("before", "warning"), ("between", "warning")]
)
def test_a_sample_to_look_at_when_all_is_trained_is_a_note(program, drawn, severity):
    draw = "r = random.randint(0, 9)"
    script = f"""
        import random
        import torch
        from torch import nn

        torch.manual_seed(seed)
        {draw if drawn == "before" else ""}
        model = nn.Linear(4, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for epoch in range(9):
            {draw if drawn == "between" else ""}
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
        {draw if drawn == "behind" else ""}
    """
    (finding,) = rule("MR402").check(program(dedent(script)))
    assert finding.severity.value == severity
