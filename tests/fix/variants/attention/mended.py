import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim=8, attn_pdrop=0.1):
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.attn_pdrop = attn_pdrop

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=None, dropout_p=self.attn_pdrop if self.training else 0.0, is_causal=True
        )


if __name__ == "__main__":
    print(Attention().eval()(torch.randn(2, 4, 8)).shape)
