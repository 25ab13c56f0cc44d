import torch
from torch import nn
import torch.nn.functional as F


def run(loader, val_loader):
    nets = {
        "encoder": nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8)),
        "head": nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 2)),
    }
    params = [p for net in nets.values() for p in net.parameters()]
    optimizer = torch.optim.SGD(params, lr=0.1)
    for epoch in range(2):
        for net in nets.values():
            net.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(nets["head"](nets["encoder"](x)), y).backward()
            optimizer.step()
        with torch.no_grad():
            for x, y in val_loader:
                output = nets["head"](nets["encoder"](x))
                print((output.argmax(1) == y).float().mean().item())


if __name__ == "__main__":
    data = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(4)]
    run(data, data)
