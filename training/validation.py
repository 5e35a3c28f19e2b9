"""What the first fit is judged on: windows after everything it saw, and each customer's last order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from scoring.actions import Pairs
from scoring.answers import Answers, ask
from scoring.features import raw_features
from scoring.network import Network
from scoring.sequence import Tokens, batch_of
from training.held_out import Held
from training.labels import Labels, labels_of
from training.loss import level_free_loss
from training.preparation import Prepared

FEWEST_CASES = 50
"""Buyers, and others, below which purchase windows are too few to stop training by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Questions whose windows training has not seen."""

    tokens: Tokens
    pairs: Pairs
    tabular: npt.NDArray[np.float32]
    labels: Labels
    new: npt.NDArray[np.bool_]
    """[P] true where not even the customer was seen in training."""

    def answers(self, network: Network) -> Answers:
        """Of one network."""
        return ask([network], self.tokens, self.pairs, self.tabular, next(network.parameters()).device)

    def value_loss(self, network: Network) -> float:
        """Mean negative log-likelihood of when the next order came, its level mended."""
        return level_free_loss(self.answers(network).hazards, self.labels.interval)

    @property
    def telling(self) -> bool:
        """Whether there are enough buyers and non-buyers to stop training by."""
        bought = self.labels.bought
        return bool(min(bought.sum(), (1 - bought).sum()) >= FEWEST_CASES)


def forward_of(tokens: Tokens, pairs: Pairs, prepared: Prepared, held: npt.NDArray[np.bool_]) -> Forward:
    """Questions with features as the fit makes them; `held` [C] marks the customers that it does not see."""
    raw = raw_features(tokens.actions, pairs, prepared.buying)
    return Forward(
        tokens=tokens,
        pairs=pairs,
        tabular=prepared.normaliser(raw),
        labels=labels_of(tokens.actions, pairs),
        new=held[pairs.customer],
    )


def item_loss(network: Network, tokens: Tokens, held: Held) -> float:
    """Mean negative log-likelihood of one wanted item of each held-out order, over the whole catalogue."""
    losses = []
    device = next(network.parameters()).device
    wanted = torch.tensor([int(items[0]) for items in held.wanted])
    for start in range(0, len(held.pairs), 256):
        first, last = held.pairs.first[start : start + 256], held.pairs.last[start : start + 256]
        nothing = np.zeros((len(first), 1, network.shape.features), dtype=np.float32)
        batch = batch_of(tokens, first, last, held.pairs.as_of[start : start + 256, None], nothing).to(device)
        with torch.inference_mode():
            length = (batch.kind > 0).sum(dim=1)
            states = network(batch).states[torch.arange(len(first), device=device), length - 1]
            logits = network.item_logits(states, torch.arange(network.shape.items, device=device))
            losses.append(functional.cross_entropy(logits, wanted[start : start + 256].to(device), reduction="none"))
    return float(torch.cat(losses).mean())
