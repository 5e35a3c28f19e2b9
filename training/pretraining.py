"""Self-supervised pre-training: what comes next, and which two slices are of one customer. No label is looked at.

Next event: from each action its successor's kind, the time until it, its amount and its item. Slices (CoLES, Babaev et
al. 2022): the ends of two random slices of one history lie nearer to each other than to those of other customers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.networks.network import Network
from scoring.seen.actions import Integers
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import GAP, TOKENS, Batch, Tokens, batch_of
from scoring.seen.view import KINDS
from training.configuration import Configuration
from training.curves.curves import Curves
from training.loss import item_loss
from training.material.preparation import ends

AMOUNT = 0
"""Which of a token's numbers is the amount."""
FEWEST_ACTIONS = 4
"""Of a customer who can be cut into two slices."""
LONGEST_SLICE = TOKENS // 2
TEMPERATURE = 0.1
CONTRAST_WEIGHT = 0.2
GRADIENT_LIMIT = 1.0


@dataclass(frozen=True, slots=True)
class Slices:
    """One customer's two slices of actions, customer by customer: `first` and `last` [2, B]."""

    first: Integers
    last: Integers


class Foresight(nn.Module):
    """Heads that are needed before there are labels, and thrown away afterwards."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kind = nn.Linear(width, KINDS)
        self.numbers = nn.Linear(width, 2)

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Of every action's successor within its slice; states [B, L, D]."""
        followed = batch.kind[:, 1:] > 0
        seen, kind, numbers = states[:, :-1][followed], batch.kind[:, 1:][followed], batch.numbers[:, 1:][followed]
        if len(kind) == 0:
            return states.sum() * 0.0
        foretold = functional.smooth_l1_loss(self.numbers(seen), numbers[:, [GAP, AMOUNT]])
        return functional.cross_entropy(self.kind(seen), kind) + foretold


def pretrain(
    network: Network, tokens: Tokens, configuration: Configuration, *, until: float, seed: int, curves: Curves
) -> None:
    """Teach the body of the network on the actions before `until`, for the configured epochs."""
    random = np.random.default_rng((seed, configuration.pretrain_epochs))
    torch.manual_seed(seed)
    foresight = Foresight(network.shape.width).to(next(network.parameters()).device)
    learned = [*network.parameters(), *foresight.parameters()]
    optimizer = torch.optim.AdamW(learned, lr=configuration.learning_rate, weight_decay=configuration.weight_decay)
    network.train()
    step = 0
    for _ in range(configuration.pretrain_epochs):
        for slices in slices_of(tokens, configuration, until, random):
            optimizer.zero_grad(set_to_none=True)
            loss = _loss(network, foresight, tokens, slices, configuration)
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
            nn.utils.clip_grad_norm_(learned, GRADIENT_LIMIT)
            optimizer.step()
            step += 1
            curves.note("pre-training/loss", float(loss.detach()), step)


def slices_of(
    tokens: Tokens, configuration: Configuration, until: float, random: np.random.Generator
) -> Iterator[Slices]:
    """One epoch over the customers that can be cut, as many as an epoch may read; similar lengths together."""
    begin, end = tokens.actions.offsets[:-1], ends(tokens.actions, until)
    able = np.flatnonzero(end - begin >= FEWEST_ACTIONS)
    order = random.permutation(able)
    length = np.minimum(end - begin, TOKENS)[order]
    order = order[: 1 + int(np.searchsorted(np.cumsum(length), configuration.tokens_an_epoch))]
    order = order[np.argsort((end - begin)[order], kind="stable")]
    blocks = [order[start : start + configuration.sequences] for start in range(0, len(order), configuration.sequences)]
    for place in random.permutation(len(blocks)):
        low, high = begin[blocks[place]], end[blocks[place]]
        size = np.minimum(np.ceil((high - low) * random.uniform(0.3, 0.8, (2, len(low)))), LONGEST_SLICE).astype(
            np.int64
        )
        first = low + (random.random(size.shape) * (high - low - size + 1)).astype(np.int64)
        yield Slices(first, first + size)


def _loss(
    network: Network, foresight: Foresight, tokens: Tokens, slices: Slices, configuration: Configuration
) -> Tensor:
    device = next(network.parameters()).device
    first, last = slices.first.ravel(), slices.last.ravel()
    asked = np.full((len(first), 1), np.nan)
    nothing = np.zeros((len(first), 1, network.shape.features), dtype=np.float32)
    batch = batch_of(tokens, first, last, asked, nothing).to(device)
    states = network(batch).states
    items = item_loss(network, states[:, :-1], _next_items(batch), configuration.negatives)
    final = states[torch.arange(len(first), device=device), (batch.kind > 0).sum(dim=1) - 1]
    contrast = contrast_loss(final)
    return foresight.loss(states, batch) + configuration.telling_items.item_weight * items + CONTRAST_WEIGHT * contrast


def _next_items(batch: Batch) -> Tensor:
    """[B, L - 1] the first known item of the next action, 0 where there is none."""
    known = batch.items[:, 1:, 0]
    return torch.where(known > UNKNOWN, known, 0)


def contrast_loss(ends_of_slices: Tensor) -> Tensor:
    """[2 B, D]: row b and row B + b are of one customer, and shall find each other among all."""
    unit = functional.normalize(ends_of_slices, dim=-1)
    count = len(unit) // 2
    likeness = unit @ unit.T / TEMPERATURE
    likeness = likeness.masked_fill(torch.eye(len(unit), dtype=torch.bool, device=unit.device), float("-inf"))
    partner = torch.arange(len(unit), device=unit.device).roll(count)
    return functional.cross_entropy(likeness, partner)
