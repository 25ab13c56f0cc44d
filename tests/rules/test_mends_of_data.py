"""MR403, MR502, MR503, MR504: the mends that a careful author would make, and where none is made."""

from __future__ import annotations

from textwrap import dedent

NOISY = """\
import random
import numpy as np
from torch.utils.data import DataLoader, Dataset, Subset


class Noisy(Dataset):
    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.dice = random.Random(0)

    def __getitem__(self, index):
        return self.rng.normal() + self.dice.random()


class Even(Dataset):
    def __getitem__(self, index):
        return 2 * index


"""
SEEDED = """\
def seed_worker(worker_id):
    dataset = torch.utils.data.get_worker_info().dataset
    dataset.rng = np.random.default_rng(torch.initial_seed() % 2**32)
    dataset.dice = random.Random(torch.initial_seed() % 2**32)


"""
PROBE = """
    def main(loader):
        model = Net()
        {probe}
        fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
"""


def test_every_generator_and_every_loader_of_a_data_set_is_seeded(program, mended):
    loading = """\
train_loader = DataLoader(Noisy(), num_workers=2)
val_loader = DataLoader(Noisy(), num_workers=2)
test_loader = DataLoader(Even(), num_workers=2)
"""
    seeded = loading.replace("(Noisy(), num_workers=2", "(Noisy(), num_workers=2, worker_init_fn=seed_worker")
    whole = NOISY.replace("import numpy as np\n", "import numpy as np\nimport torch\n") + SEEDED + seeded
    assert mended("MR403", program(NOISY + loading)) == [[whole], [whole]]


def test_workers_are_not_seeded_where_a_loader_may_hold_another_data_set_of_the_class(program, mended):
    shared = "train_set = Noisy()\ntrain_loader = DataLoader(train_set, num_workers=2)\n"
    for other in ("Subset(train_set, [1, 2])", "given", "Louder()"):
        loading = f"class Louder(Noisy): ...\n\n{shared}val_loader = DataLoader({other}, num_workers=2)\n"
        assert mended("MR403", program(NOISY + loading)) == [[], []]
    assert mended("MR403", program(NOISY + shared)) != [[], []]


def test_workers_are_not_seeded_where_they_draw_from_a_generator_of_the_file_too(program, mended):
    shared = NOISY.replace("self.dice", "DICE").replace("        DICE = random.Random(0)\n", "")
    loading = "DICE = random.Random(0)\ntrain_loader = DataLoader(Noisy(), num_workers=2)\n"
    assert mended("MR403", program(shared + loading)) == [[], []]


def test_norms_are_converted_before_the_wrap(fitted, mended):
    script = """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = Net()
        model = DDP(model)
        {between}
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model, group)  # over all
    """
    group, before = "print(model)", fitted(script.format(between="print(model)"))
    (offered,) = mended("MR502", before)
    (text,) = offered
    converted = "model = nn.SyncBatchNorm.convert_sync_batchnorm(model, group)  # over all\n"
    assert text.endswith(f"model = Net()\n{converted}model = DDP(model)\n{group}\n")


def test_norms_are_not_converted_before_their_group_is_made(fitted, mended):
    script = """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = Net()
        model = DDP(model)
        group = torch.distributed.new_group([0, 1])
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model, group)
    """
    assert mended("MR502", fitted(script)) == [[]]


def test_under_data_parallel_norms_are_only_explained(fitted, mended):
    script = "model = nn.DataParallel(nn.SyncBatchNorm.convert_sync_batchnorm(Net()))\n"
    assert mended("MR502", fitted(script)) == [[]]


def loading(samples: int) -> str:
    return dedent(f"""
        def main():
            model = Net()
            data = TensorDataset(torch.randn({samples}, 4))
            train_loader = DataLoader(data, batch_size=8, drop_last=False)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """)


def test_a_last_batch_of_one_is_dropped(fitted, mended):
    ((text,),) = mended("MR503", fitted(loading(65)))
    assert "DataLoader(data, batch_size=8, drop_last=True)" in text


def test_a_sample_that_is_the_only_one_is_not_dropped(fitted, mended):
    assert mended("MR503", fitted(loading(1))) == [[]]


def test_a_probe_runs_in_eval_without_gradients(fitted, mended):
    ((text,),) = mended("MR504", fitted(PROBE.format(probe="width = model(torch.zeros(2, 4)).shape[1]")))
    around = """\
    model.eval()
    with torch.no_grad():
        width = model(torch.zeros(2, 4)).shape[1]
    model.train()
"""
    assert around in text


def test_a_probe_in_a_head_takes_no_body_along(fitted, mended):
    probe = "if model(torch.zeros(2, 4)).shape[1] != 2: raise ValueError"
    assert mended("MR504", fitted(PROBE.format(probe=probe))) == [[]]


def test_a_probe_of_frozen_norms_moves_nothing(fitted, mended):
    assert mended("MR504", fitted(PROBE.format(probe="model.norm.eval(); model(torch.zeros(2, 4))"))) == []


def test_the_seed_that_is_missing_goes_where_every_run_comes_by(program, mended):
    script = dedent("""
        import numpy as np
        import torch
        from torch import nn

        def set_seed(seed):
            {first}
            if torch.cuda.is_available():
                torch.cuda.manual_seed_all(seed)

        set_seed(0)
        model = nn.Linear(4, 2)
        order = np.random.permutation(4)
    """)
    numpy, torch = "np.random.seed(seed)", "torch.manual_seed(seed)"
    both = script.format(first=f"{numpy}\n    {torch}")
    assert mended("MR402", program(script.format(first=numpy))) == [[both]]
    asked = f"if seed is not None:\n        {numpy}"
    assert mended("MR402", program(script.format(first=asked))) == [
        [script.format(first=f"{asked}\n        {torch}")]
    ]


def test_no_seed_is_put_where_only_a_run_on_a_gpu_comes_by(program, mended):
    script = dedent("""
        import numpy as np
        import torch

        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(0)
        order = np.random.permutation(4)
    """)
    assert mended("MR402", program(script)) == [[]]
