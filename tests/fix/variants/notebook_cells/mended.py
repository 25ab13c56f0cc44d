# %%
import torch
from torch import nn
import torch.nn.functional as F

# %%
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x_train, y_train = torch.randn(32, 8), torch.randint(0, 2, (32,))
x_val, y_val = torch.randn(32, 8), torch.randint(0, 2, (32,))

# %% train
for epoch in range(3):
    optimizer.zero_grad()
    F.cross_entropy(model(x_train), y_train).backward()
    optimizer.step()

# %% look
model.eval()
with torch.no_grad():
    accuracy = (model(x_val).argmax(1) == y_val).float().mean()
print(accuracy)
