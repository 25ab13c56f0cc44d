import random

import numpy as np
import torch
from torch import nn


def main(data, seed=0):
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    random.shuffle(data)
    order = np.random.permutation(len(data))
    return nn.Linear(8, 2), [data[i] for i in order]


if __name__ == "__main__":
    main([1, 2, 3])
