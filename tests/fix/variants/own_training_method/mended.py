import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()
        self.data = []
        self.body = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))
        self.optimizer = optim.Adam(self.parameters(), lr=0.0005)

    def forward(self, x):
        return self.body(x).softmax(-1)

    def train_model(self):
        reward = 0
        self.optimizer.zero_grad()
        for r, prob in self.data[::-1]:
            reward = r + 0.98 * reward
            loss = -torch.log(prob) * reward
            loss.backward()
        self.optimizer.step()
        self.data = []


def main():
    pi = Policy()
    for episode in range(3):
        for t in range(5):
            prob = pi(torch.randn(4))
            action = Categorical(prob).sample()
            pi.data.append((1.0, prob[action]))
        pi.train_model()  # one step for each episode


if __name__ == '__main__':
    main()
