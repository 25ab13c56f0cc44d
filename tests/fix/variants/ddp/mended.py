import os

import torch
from torch import nn
import torch.nn.functional as F
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 16)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.fc(x))))


def batches(count=2):
    return [(torch.randn(4, 8), torch.randint(0, 2, (4,))) for _ in range(count)]


def worker(rank, world_size):
    dist.init_process_group("gloo", rank=rank, world_size=world_size)
    ddp_model = DDP(Net())
    optimizer = torch.optim.SGD(ddp_model.parameters(), lr=0.1)

    for epoch in range(3):
        ddp_model.train()
        for x, y in batches():
            optimizer.zero_grad()
            F.cross_entropy(ddp_model(x), y).backward()
            optimizer.step()

        if rank == 0:
            ddp_model.eval()
            with torch.no_grad():
                hits = sum((ddp_model(x).argmax(1) == y).sum().item() for x, y in batches())
            print(epoch, hits)
    dist.destroy_process_group()


if __name__ == "__main__":
    worker(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
