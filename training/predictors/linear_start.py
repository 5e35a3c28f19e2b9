"""Linear predictors by penalised likelihood; the one on all features is also where the networks start.

The Transformer learns only what the linear part leaves over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scoring.networks.network import HORIZONS, Network, Outputs, capped
from scoring.predictors.linear import Linear
from scoring.seen.actions import Floats, Integers
from training.belief import disbelief
from training.configuration import Configuration
from training.loss import Happened, value_loss
from training.material.preparation import Prepared, base_rates

STEPS = 60
"""Of L-BFGS; the loss is convex but for the spread of spend."""
MOST_QUESTIONS = 100_000


@dataclass(frozen=True, slots=True)
class Solved:
    """The optimum of all heads."""

    weights: Floats
    """[H + 3, S]"""
    bias: Floats
    """[H + 3]"""

    @property
    def linear(self) -> Linear:
        """What it says of hazards and spend, as a predictor."""
        rows = len(HORIZONS) + 1
        return Linear(self.weights[:rows], self.bias[:rows])

    def begin(self, network: Network) -> None:
        """Let a fresh network start as this linear model."""
        with torch.no_grad():
            network.direct.weight.copy_(torch.from_numpy(self.weights))
            network.heads.bias.copy_(torch.from_numpy(self.bias))


def solve_linear(
    prepared: Prepared, configuration: Configuration, seed: int, *, columns: Sequence[int] | None = None
) -> Solved:
    """The penalised optimum on the training part, from the base rates; `columns` are the features it may use."""
    examples = prepared.examples
    chosen = np.sort(np.random.default_rng(seed).permutation(len(examples.pairs))[:MOST_QUESTIONS])
    used = np.arange(examples.tabular.shape[1]) if columns is None else np.array(columns, dtype=np.int64)
    tabular, labels = torch.from_numpy(examples.tabular[chosen][:, used]).double(), examples.labels
    happened = Happened(
        weight=torch.from_numpy(examples.weight[chosen]),
        told=torch.from_numpy(labels.told[chosen]),
        interval=torch.from_numpy(labels.interval[chosen]),
        spend=torch.from_numpy(labels.spend[chosen]),
        silent=torch.from_numpy(labels.silent[chosen]),
    )
    doubted = _disbelief(prepared, used, configuration)
    bias = torch.from_numpy(base_rates(labels)).requires_grad_()
    weight = torch.zeros(len(bias), len(used), dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        outputs = _outputs(tabular @ weight.T + bias)
        total = value_loss(outputs, happened, configuration) + penalty(weight, configuration) + doubted(weight, bias)
        total.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]  # torch does not type it
    weights = np.zeros((len(bias), examples.tabular.shape[1]))
    weights[:, used] = weight.detach().numpy()
    return Solved(weights, bias.detach().numpy())


def _disbelief(prepared: Prepared, used: Integers, configuration: Configuration) -> Callable[[Tensor, Tensor], Tensor]:
    """What it costs to differ from the belief, which counts as much as some customers; it is all there is if none."""
    belief = prepared.belief
    if belief is None:
        return lambda *_: torch.zeros(())
    tabular = torch.from_numpy(belief.tabular[:, used]).double()
    shares = _shares(prepared, configuration)
    return lambda weight, bias: disbelief(_outputs(tabular @ weight.T + bias), belief, shares).mean()


def _shares(prepared: Prepared, configuration: Configuration) -> Tensor:
    """[H + 1] how much the belief counts, of each hazard and of spend; 1 where nothing is told."""
    shares = np.ones(len(HORIZONS) + 1)
    if prepared.told:
        told = prepared.told_of[[*range(len(HORIZONS)), -1]]
        counted = configuration.prior_customers * prepared.older
        shares = np.where(told > 0, counted / np.maximum(told, 1), 1.0)
    shares[-1] *= configuration.spend_weight
    return torch.from_numpy(shares)


def penalty(direct: Tensor, configuration: Configuration) -> Tensor:
    """What the size of the direct weights costs."""
    return configuration.direct_penalty / 2 * direct.square().sum()


def _outputs(values: Tensor) -> Outputs:
    hazards, log_mean, log_sigma, silence = torch.split(values, [len(HORIZONS), 1, 1, 1], dim=-1)
    return Outputs(hazards, log_mean.squeeze(-1), capped(log_sigma.squeeze(-1)), silence.squeeze(-1), values[:0])
