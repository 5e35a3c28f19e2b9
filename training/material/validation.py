"""What the first fit is judged on: windows after everything it saw, and each customer's last order."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.answers import Answers, ask
from scoring.networks.network import Network
from scoring.seen.actions import Integers, Pairs
from scoring.seen.blocks import PASSES, blocks
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens, batch_of, lengths_of
from training.loss import level_free_loss
from training.material.held_out import Held
from training.material.labels import Labels, labels_of
from training.material.preparation import Prepared

CUT = 20
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
    wanted = torch.tensor([int(items[0]) for items in held.wanted])
    losses = [
        functional.cross_entropy(logits, wanted[torch.from_numpy(rows)].to(logits.device), reduction="none")
        for rows, logits in _next_logits(network, tokens, held)
    ]
    return float(torch.cat(losses).mean())


def misplaced(network: Network, tokens: Tokens, held: Held) -> float:
    """1 less NDCG at CUT of the best-placed wanted item; other items that the customer bought before stand in no way.

    Negatives were drawn, so that a likelihood over the whole catalogue gets worse while the order still gets better.
    """
    gains = []
    for rows, logits in _next_logits(network, tokens, held):
        for mine, row in zip(logits, rows.tolist(), strict=True):
            best = mine[held.wanted[row]].max()
            rank = int((mine[UNKNOWN + 1 :] > best).sum() - (mine[held.bought[row]] > best).sum())
            gains.append(1 / math.log2(rank + 2) if rank < CUT else 0.0)
    return 1 - float(np.mean(gains))


def _next_logits(network: Network, tokens: Tokens, held: Held) -> Iterator[tuple[Integers, Tensor]]:
    """[n, V + 2] of every item to be in the held-out order, for some rows after the others."""
    device, items = next(network.parameters()).device, network.items.all()
    for rows in blocks(lengths_of(held.pairs), PASSES[device.type]):
        first, last = held.pairs.first[rows], held.pairs.last[rows]
        nothing = np.zeros((len(first), 1, network.shape.features), dtype=np.float32)
        batch = batch_of(tokens, first, last, held.pairs.as_of[rows, None], nothing).to(device)
        with torch.inference_mode():
            length = (batch.kind > 0).sum(dim=1)
            states = network(batch, items=items).states[torch.arange(len(first), device=device), length - 1]
            logits = network.all_item_logits(states, items)
        yield rows, logits
