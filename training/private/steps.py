"""DP-SGD (Abadi et al. 2016) by the customer: Poisson samples, clipped sums, noise, and an ordinary optimiser behind.

What the optimiser and the averaged weights make of a noisy gradient costs nothing more.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scoring.networks.network import Network
from scoring.seen.actions import Integers
from training.configuration import Configuration
from training.learning import Learner, follow
from training.private.asking import Asked
from training.private.gradients import clipped_sum, gradients, learning
from training.private.promise import Budget
from training.private.secret import Secret

AN_EPOCH = 10
"""Steps between two checkpoints."""
AT_ONCE = 64
"""Customers whose gradients are held in memory together."""


def learner_of(network: Network, average: Network, configuration: Configuration) -> Learner:
    """A fresh learner of the weights that learn, without dropout: noise there is enough."""
    average.load_state_dict(network.state_dict())
    weights = list(learning(network).values())
    optimizer = torch.optim.Adam(weights, lr=configuration.learning_rate, betas=(0.9, 0.98))
    return Learner(network.eval(), average.eval(), optimizer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How a network learns in private."""

    asked: Asked
    customers: Integers
    """[n] who may be asked, whether or not there is anything to ask."""
    budget: Budget
    secret: Secret
    configuration: Configuration

    @property
    def epochs(self) -> int:
        """Until all steps are done."""
        return -(-self.budget.steps // AN_EPOCH)

    def epoch(self, learner: Learner) -> None:
        """For the training loop. What the losses were is not told: it is not among what noise hides."""
        for _ in range(min(AN_EPOCH, self.budget.steps - learner.step)):
            self._one(learner)
            learner.step += 1
            follow(learner, self.configuration.averaging)
        learner.epoch += 1

    def _one(self, learner: Learner) -> None:
        chosen = self.secret.chosen(learner.step, len(self.customers), self.budget.sample_rate)
        total = self.sum_of(learner.network, self.customers[chosen])
        noise = self._noise(learner, total)
        expected = self.budget.sample_rate * len(self.customers)
        for name, weight in learning(learner.network).items():
            weight.grad = ((total[name] + noise[name]) / expected).to(weight.dtype)
        learner.optimizer.step()

    def sum_of(self, network: Network, customers: Integers) -> dict[str, Tensor]:
        """Clipped gradients of these customers, added up in double precision."""
        examples, sequences = self.asked.prepared.examples, self.asked.of(customers)
        total = {name: torch.zeros_like(weight, dtype=torch.float64) for name, weight in learning(network).items()}
        near = sequences[np.argsort((examples.last - examples.first)[sequences], kind="stable")]
        for start in range(0, len(near), AT_ONCE):
            laid = self.asked.laid(network, near[start : start + AT_ONCE])
            part = clipped_sum(gradients(network, *laid, self.configuration), self.budget.clipping)
            for name, each in part.items():
                total[name] += each
        return total

    def _noise(self, learner: Learner, like: dict[str, Tensor]) -> dict[str, Tensor]:
        sizes = [each.numel() for each in like.values()]
        deviation = self.budget.noise_multiplier * self.budget.clipping
        drawn = torch.split(torch.from_numpy(self.secret.noise(learner.step, sum(sizes)) * deviation), sizes)
        return {
            name: part.view_as(each).to(each.device) for (name, each), part in zip(like.items(), drawn, strict=True)
        }
