"""The likelihood of what happened, head by head."""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from scoring.networks.network import HORIZONS, Network, Outputs
from scoring.seen.actions import Floats, Integers
from scoring.seen.catalogue import UNKNOWN
from training.configuration import Configuration

LEAST_LOG_SIGMA = math.log(0.05)
"""Where every order costs the same, a narrower spread would be rewarded without end."""
NEWTON_STEPS = 12
"""To the level at which a loss is least; each goes 1 at most."""


class Happened(NamedTuple):
    """Labels of [B, Q] questions."""

    weight: Tensor
    """How much each counts; 0 where a question is padding."""
    told: Tensor
    """How many intervals are over."""
    interval: Tensor
    """Which of those holds the first order; `told` for none."""
    spend: Tensor
    silent: Tensor


def hazard_loss(hazards: Tensor, interval: Tensor, told: Tensor) -> Tensor:
    """[...] negative log-likelihood of the interval, as far as it is told, under the hazards' logits [..., H]."""
    step = torch.arange(len(HORIZONS), device=interval.device)
    reached = (step <= interval.unsqueeze(-1)) & (step < told.unsqueeze(-1))
    event = (step == interval.unsqueeze(-1)).to(hazards.dtype)
    loss = functional.binary_cross_entropy_with_logits(hazards, event, reduction="none")
    return (loss * reached).sum(dim=-1)


def mean_hazard_loss(hazards: Floats, interval: Integers) -> float:
    """The same for arrays [P, H] and [P] of closed windows, in the mean."""
    came = torch.from_numpy(interval)
    return float(hazard_loss(torch.from_numpy(hazards), came, torch.full_like(came, len(HORIZONS))).mean())


def level_free_loss(hazards: Floats, interval: Integers) -> float:
    """That mean, once one number is added to all logits that mends their level.

    The level of an unseen window is its season's: it must not decide how long to train, or which predictor is better.
    """
    reached = np.arange(hazards.shape[1]) <= interval[:, None]
    events, level = float((interval < hazards.shape[1]).sum()), 0.0
    for _ in range(NEWTON_STEPS):
        chance = expit(hazards + level) * reached
        curve = float((chance * (1 - chance) * reached).sum())
        level += float(np.clip((events - chance.sum()) / max(curve, 1e-9), -1.0, 1.0))
    return mean_hazard_loss(hazards + level, interval)


def lognormal_loss(log_mean: Tensor, log_sigma: Tensor, spend: Tensor) -> Tensor:
    """[...] negative log-density of log spend; the caller leaves out those who bought nothing."""
    log_sigma = log_sigma.clamp(min=LEAST_LOG_SIGMA)
    standard = (spend.clamp(min=1.0).log() - log_mean) / log_sigma.exp()
    return log_sigma + standard.square() / 2 + 0.5 * math.log(2 * math.pi)


def question_loss(outputs: Outputs, happened: Happened, configuration: Configuration) -> Tensor:
    """[B, Q] of all heads but the next item's, each question by its weight."""
    bought = (happened.interval < len(HORIZONS)) & (happened.told == len(HORIZONS))
    none = happened.interval == len(HORIZONS)
    spend = lognormal_loss(outputs.log_mean, outputs.log_sigma, happened.spend) * bought
    silence = functional.binary_cross_entropy_with_logits(outputs.silence, happened.silent, reduction="none") * none
    loss = hazard_loss(outputs.hazards, happened.interval, happened.told)
    loss = loss + configuration.spend_weight * spend + configuration.silence_weight * silence
    return loss * happened.weight


def value_loss(outputs: Outputs, happened: Happened, configuration: Configuration) -> Tensor:
    """The weighted mean over the questions; one whose window is open counts as far as it is over."""
    counted = happened.weight * happened.told / len(HORIZONS)
    return question_loss(outputs, happened, configuration).sum() / counted.sum().clamp(min=1e-6)


def item_loss(network: Network, states: Tensor, target: Tensor, negatives: int) -> Tensor:
    """Softmax of each target against the batch's other targets and uniformly drawn items; 0 without targets."""
    chosen = target > UNKNOWN
    if not bool(chosen.any()):
        return states.sum() * 0.0
    wanted = target[chosen]
    drawn = torch.randint(UNKNOWN + 1, network.shape.items, (negatives,), device=target.device)
    candidates, place = torch.unique(torch.cat((wanted, drawn)), return_inverse=True)
    return functional.cross_entropy(network.item_logits(states[chosen], candidates), place[: len(wanted)])
