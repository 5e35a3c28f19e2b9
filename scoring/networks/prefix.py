"""Prefix tuning (Li & Liang 2021): learned keys and values that every token of a block sees before all others."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Prefix(nn.Module):
    """P keys and values for each of A heads of d numbers; they lie at no distance in time."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        """Both [A, P, d]."""
        super().__init__()
        self.keys, self.values = nn.Parameter(keys), nn.Parameter(values)

    def forward(self, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, A, T, d] keys and values with the prefix before them, and the bias [B, A, T, T] with P zeros a row."""
        count = key.shape[0]
        keys = torch.cat((self.keys.expand(count, -1, -1, -1), key), dim=2)
        values = torch.cat((self.values.expand(count, -1, -1, -1), value), dim=2)
        return keys, values, functional.pad(bias, (self.keys.shape[1], 0))
