"""One forward pass of each network over a batch."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from scoring.networks.network import Network
from scoring.seen.sequence import Batch

Forward = Callable[[Batch], Tensor]
"""From a batch of B sequences with one question each to what is said of them: [B, H + 3] float64, on the host."""


class Networks:
    """That learn no more: the vector of each item is computed once."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = [(network, network.items.all()) for network in networks]
        self.features = networks[0].shape.features

    def means(self, batch: Batch) -> Tensor:
        """[B, Q, H + 3] float64 on the device: hazards, log mean, log sigma and silence of the queries, averaged."""
        values = [network(batch, states=False, items=items) for network, items in self._networks]
        parts = [
            torch.cat((out.hazards, torch.stack((out.log_mean, out.log_sigma, out.silence), dim=-1)), dim=-1)
            for out in values
        ]
        return torch.stack(parts).double().mean(dim=0)


class Plainly:
    """Networks asked as they are. Safe to call from threads."""

    def __init__(self, networks: Sequence[Network], device: torch.device, *, bfloat16: bool = False) -> None:
        self._networks, self._device, self._bfloat16 = Networks(networks), device, bfloat16

    def __call__(self, batch: Batch) -> Tensor:
        """As every Forward."""
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            return self._networks.means(batch.to(self._device))[:, 0].cpu()
