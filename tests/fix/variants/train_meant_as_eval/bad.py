import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).mean((2, 3)))


if __name__ == "__main__":
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    images = torch.randn(16, 3, 32, 32)

    # as in training
    net.train(True)
    with torch.no_grad():
        for image in images:
            label = net(image[None]).argmax(1)
            print(label.item())
