import torch
from torch import nn
import torch.nn.functional as F


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 8))

    def forward(self, z):
        return self.body(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.3), nn.Linear(8, 1))

    def forward(self, x):
        return self.body(x)


def score_validation(netD, val_loader):
    netD.eval()
    with torch.no_grad():
        return sum(netD(x).sigmoid().mean().item() for x in val_loader)


def main():
    netG, netD = Generator(), Discriminator()
    optG = torch.optim.Adam(netG.parameters())
    optD = torch.optim.Adam(netD.parameters())
    for epoch in range(3):
        netD.train()
        for real in torch.randn(2, 4, 8):
            fake = netG(torch.randn(4, 4))
            optD.zero_grad()
            lossD = F.softplus(netD(fake.detach())).mean() + F.softplus(-netD(real)).mean()
            lossD.backward()
            optD.step()
            optG.zero_grad()
            F.softplus(-netD(fake)).mean().backward()
            optG.step()
        print(score_validation(netD, torch.randn(2, 4, 8)))


if __name__ == "__main__":
    main()
