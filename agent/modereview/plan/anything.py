"""What stands in for a model, a loss or data from elsewhere, as a generated test and the probe have it.

Both run the same text, so they cannot drift apart. It reads `tensors`, which stands beside it.
"""

from __future__ import annotations

ANYTHING = '''\
class AnyModel(nn.Module):
    """Stands in for a model that is made elsewhere: it takes whatever it is given."""

    def __init__(self, gives=lambda scores, data: scores, **parts):
        super().__init__()
        layers = nn.Linear(1, 10), nn.BatchNorm1d(10), nn.Dropout()
        self.layers, self.gives = nn.Sequential(*layers), gives
        vars(self).update(parts)  # no submodules: the script may set them anew

    def forward(self, *given, **named):
        data = tensors([*given, named])[0]
        means = data.float().reshape(len(data), -1).mean(1, keepdim=True)
        return self.gives(self.layers(means), data)


class AnyData(torch.utils.data.TensorDataset):
    """Stands in for data with more than samples: what is read of it, or called."""

    def __init__(self, *parts, **more):
        super().__init__(*parts)
        vars(self).update(more)


def any_loss(*given, **named):
    """Stands in for a loss that is made elsewhere: the mean of all that it is given."""
    return sum(tensor.float().mean() for tensor in tensors([*given, named]))
'''
