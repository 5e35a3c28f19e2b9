"""The gradient of each customer, held to a length: what no customer can exceed, noise can hide."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from scoring.networks.network import Network, Outputs
from scoring.networks.reading import Reading
from training.configuration import Configuration
from training.loss import Happened, question_loss

PUBLIC = ("items.", "review_words.", "item_bias.", "next_item.")
"""Weights that stay as they were drawn: there are too many of them to be worth their noise."""

Gradients = Mapping[str, Tensor]
"""[B, …] by the name of a weight."""


def learning(network: Network) -> dict[str, nn.Parameter]:
    """The weights that learn, by name."""
    return {name: weight for name, weight in network.named_parameters() if not name.startswith(PUBLIC)}


def gradients(network: Network, reading: Reading, happened: Happened, configuration: Configuration) -> Gradients:
    """Of each of B customers, as if alone."""
    asked = _Answering(network)
    weights = {f"network.{name}": weight.detach() for name, weight in learning(network).items()}

    def loss(weights: dict[str, Tensor], reading: Reading, happened: Happened) -> Tensor:
        alone = Reading(*(each.unsqueeze(0) for each in reading))
        outputs: Outputs = functional_call(asked, weights, (alone,))
        return question_loss(outputs, Happened(*(each.unsqueeze(0) for each in happened)), configuration).sum()

    with sdpa_kernel(SDPBackend.MATH):  # the others have no gradients of many customers at once
        found: dict[str, Tensor] = vmap(grad(loss), in_dims=(None, 0, 0))(weights, reading, happened)
    return {name.removeprefix("network."): each for name, each in found.items()}


def clipped_sum(gradients: Gradients, clipping: float) -> dict[str, Tensor]:
    """Over all customers, each scaled down to a length of `clipping` where it is longer.

    What is not finite counts nothing, for no noise would hide it.
    """
    finite = {name: each.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0) for name, each in gradients.items()}
    lengths = torch.stack([each.flatten(1).square().sum(dim=1) for each in finite.values()]).sum(dim=0).sqrt()
    shares = (clipping / lengths.clamp(min=1e-12)).clamp(max=1.0)
    return {name: torch.tensordot(shares, each, dims=1) for name, each in finite.items()}


class _Answering(nn.Module):
    """A network that is handed what was read already."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, reading: Reading) -> Outputs:
        return self.network.answer(reading, states=False)
