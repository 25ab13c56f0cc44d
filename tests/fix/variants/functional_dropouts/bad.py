import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, dropout=0.5):
        super(Net, self).__init__()
        self.dropout = dropout
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 2)

    def forward(self, x):
        x = F.dropout(x)
        x = F.relu(self.fc1(x))
        x = F.dropout(
            x,
            p=self.dropout,  # as in the paper
        )
        return F.log_softmax(self.fc2(x), dim=1)


if __name__ == "__main__":
    net = Net().eval()
    print(net(torch.randn(4, 8)))
