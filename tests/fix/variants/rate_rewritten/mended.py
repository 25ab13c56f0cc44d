import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(8, 8)
        self.dropout_p = 0.1

    def forward(self, x):
        dropout_p = self.dropout_p if self.training else 0.0
        x = F.dropout(self.proj(x), p=dropout_p, training=self.training)
        return F.scaled_dot_product_attention(x, x, x, dropout_p=dropout_p)


if __name__ == "__main__":
    print(Attention().eval()(torch.randn(2, 4, 8)).shape)
