"""MR403: generators that were made before the workers were."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

FAULTY = {
    "in a method that __getitem__ calls": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.rs = np.random.RandomState(1)

            def augment(self, x):
                return x + self.rs.normal()

            def __getitem__(self, index):
                return self.augment(index)

        loader = DataLoader(Noisy(), num_workers=2)
    """,
    "one of the module": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        RNG = random.Random(3)

        class Noisy(Dataset):
            def __getitem__(self, index):
                return index + RNG.random()

        def build(args):
            return DataLoader(Noisy(), batch_size=4, num_workers=args.workers)
    """,
    "torch's own": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.generator = torch.Generator()

            def __getitem__(self, index):
                return torch.rand(3, generator=self.generator)

        loader = DataLoader(Noisy(), num_workers=8)
    """,
}
RIGHT = {
    "no workers": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.rng = np.random.default_rng(0)

            def __getitem__(self, index):
                return self.rng.normal()

        loader = DataLoader(Noisy(), num_workers=0, batch_size=2)
    """,
    "a worker_init_fn": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.rng = np.random.default_rng(0)

            def __getitem__(self, index):
                return self.rng.normal()

        def reseed(worker):
            torch.utils.data.get_worker_info().dataset.rng = np.random.default_rng(worker)

        loader = DataLoader(Noisy(), num_workers=2, worker_init_fn=reseed)
    """,
    "seeded for each sample": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.rng = np.random.RandomState(0)

            def __getitem__(self, index):
                self.rng.seed(index)
                return self.rng.normal()

        loader = DataLoader(Noisy(), num_workers=2)
    """,
    "made for each sample": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __getitem__(self, index):
                rng = np.random.default_rng(index)
                return rng.normal()

        loader = DataLoader(Noisy(), num_workers=2)
    """,
    "drawn from before the workers start": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Shuffled(Dataset):
            def __init__(self, n):
                self.rng = np.random.default_rng(0)
                self.order = self.rng.permutation(n)

            def __getitem__(self, index):
                return self.order[index]

        loader = DataLoader(Shuffled(9), num_workers=2)
    """,
    "the global generators": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __getitem__(self, index):
                return np.random.normal() + random.random()

        loader = DataLoader(Noisy(), num_workers=2)
    """,
}
NOTED = {
    "its loader is not in view": """
        import random
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        class Noisy(Dataset):
            def __init__(self):
                self.rng = np.random.default_rng(0)

            def __getitem__(self, index):
                return self.rng.normal()
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR403").check(program(dedent(script)))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(program, script):
    assert found(program, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]
