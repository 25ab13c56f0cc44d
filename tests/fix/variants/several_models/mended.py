import torch
from torch import nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16))

    def forward(self, x):
        return self.body(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Dropout(0.1), nn.Linear(16, 8))

    def forward(self, z):
        return self.body(z)


def evaluate(encoder, decoder, loader):
    encoder.eval()
    decoder.eval()
    total = 0.0
    with torch.no_grad():
        for x in loader:
            z = encoder(x)
            total += F.mse_loss(decoder(z), x).item()
    return total


def main():
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
    for epoch in range(3):
        encoder.train()
        decoder.train()
        for x in torch.randn(2, 4, 8):
            optimizer.zero_grad()
            F.mse_loss(decoder(encoder(x)), x).backward()
            optimizer.step()
        print(evaluate(encoder, decoder, torch.randn(2, 4, 8)))


if __name__ == "__main__":
    main()
