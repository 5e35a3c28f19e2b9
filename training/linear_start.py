"""The linear part of the network, solved before training: the Transformer learns only what it leaves over."""

import numpy as np
import torch
from torch import Tensor

from scoring.network import HORIZONS, Network, Outputs, capped
from training.configuration import Configuration
from training.examples import Examples
from training.loss import Happened, value_loss

STEPS = 60
"""Of L-BFGS; the loss is convex but for the spread of spend."""
MOST_QUESTIONS = 100_000


def solve_linear_part(network: Network, examples: Examples, configuration: Configuration, seed: int) -> None:
    """Set the direct weights [H + 3, S] and the biases of the heads to the penalised optimum on the training part."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(examples.pairs))[:MOST_QUESTIONS])
    tabular = torch.from_numpy(examples.tabular[chosen]).double()
    labels = examples.labels
    happened = Happened(
        weight=torch.from_numpy(examples.weight[chosen]),
        interval=torch.from_numpy(labels.interval[chosen]),
        spend=torch.from_numpy(labels.spend[chosen]),
        silent=torch.from_numpy(labels.silent[chosen]),
    )
    weight = network.direct.weight.detach().double().clone().requires_grad_()
    bias = network.heads.bias.detach().double().clone().requires_grad_()
    solver = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        outputs = _outputs(tabular @ weight.T + bias)
        total = value_loss(outputs, happened, configuration) + penalty(weight, configuration)
        total.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]  # torch does not type it
    with torch.no_grad():
        network.direct.weight.copy_(weight)
        network.heads.bias.copy_(bias)


def penalty(direct: Tensor, configuration: Configuration) -> Tensor:
    """What the size of the direct weights costs."""
    return configuration.direct_penalty / 2 * direct.square().sum()


def _outputs(values: Tensor) -> Outputs:
    hazards, log_mean, log_sigma, silence = torch.split(values, [len(HORIZONS), 1, 1, 1], dim=-1)
    return Outputs(hazards, log_mean.squeeze(-1), capped(log_sigma.squeeze(-1)), silence.squeeze(-1), values[:0])
