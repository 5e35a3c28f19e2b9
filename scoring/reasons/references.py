"""What explanations are judged by: leaving out each part alone, and integrated gradients of the networks.

Along integrated gradients (Sundararajan et al. 2017) features and events grow together from nothing, the mean and the
vector of zeros, to what they are; a part is its share of how the logit of the networks grows on the way. Nobody is ever
absent there, so it has nothing in common with how an explanation asks: where both rank a customer's parts alike,
neither is made up by its way of asking.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rules.sentence import Language
from scoring.answers import Calibration, longest_logit
from scoring.mixture import Mixture
from scoring.model import Model
from scoring.networks.network import Network
from scoring.reasons.explanation import Customer, Group, answers_of, groups_of, shapley
from scoring.reasons.wording import WORDINGS
from scoring.seen.actions import Floats
from scoring.seen.sequence import TOKENS, Batch, batch_of

STEPS = 32
"""Along the way; they crowd at its beginning, where layer norms make much of the first traces of an event."""
CROWDED = 4
"""Power of how far a step has come."""


class Parts(NamedTuple):
    """Of S features and G groups of events, in logits."""

    shared: Floats
    """[S + G] Shapley values, as an explanation tells them."""
    left_out: Floats
    """[S + G] by how much the logit falls when one alone is absent."""
    of_networks: Floats
    """[S + G] Shapley values of the networks alone, uncalibrated."""
    gradients: Floats
    """[S + G] their integrated gradients."""


def parts_of(model: Model, customer: Customer, device: torch.device) -> Parts:
    """What an explanation can be judged by."""
    groups = groups_of(model, customer, WORDINGS[Language.ENGLISH])
    players = len(customer.tabular) + len(groups)
    present = np.concatenate((np.ones((1, players), dtype=bool), ~np.eye(players, dtype=bool)))
    answers = answers_of(model, customer, groups, present, device)
    whole, *less = longest_logit(answers, model.calibration, np.full(len(present), customer.as_of))
    shared, _ = shapley(model, customer, groups, device)
    alone, _ = shapley(replace(model, mixture=Mixture(), calibration=Calibration()), customer, groups, device)
    return Parts(shared, whole - np.array(less), alone, _gradients(model.networks, customer, groups, device))


def _gradients(
    networks: Sequence[Network], customer: Customer, groups: Sequence[Group], device: torch.device
) -> Floats:
    """[S + G] of the networks' mean hazards."""
    first = max(customer.first, customer.last - TOKENS)
    batch = batch_of(
        customer.tokens, np.array([first]), np.array([customer.last]), np.full((1, 1), customer.as_of),
        customer.tabular[None, None],
    ).to(device)  # fmt: skip
    features, events = _integrated(networks, batch)
    return np.append(features, [events[group.actions - first].sum() for group in groups])


def _integrated(networks: Sequence[Network], batch: Batch) -> tuple[Floats, Floats]:
    """[S] of the features and [L] of the events of one customer, whose latest event has the time since it, too."""
    time = (torch.arange(STEPS, device=batch.kind.device) + 0.5) / STEPS
    along, weight = time**CROWDED, CROWDED * time ** (CROWDED - 1) / STEPS
    hazards, ends, leaves = [], [], []
    with torch.enable_grad():
        for network in networks:
            reading = network.reading(batch)
            whole = [each.detach() for each in (reading.tabular, network.events(reading), reading.since)]
            grown = [(along.view(-1, *[1] * (each.dim() - 1)) * each).requires_grad_() for each in whole]
            tabular, events, since = grown
            many = reading._replace(
                tabular=tabular, since=since, gaps=reading.gaps.expand(STEPS, -1, -1).contiguous()
            )  # fmt: skip
            hazards.append(network.told(events, many, states=False).hazards.double())
            ends += whole
            leaves += grown
        slopes = torch.autograd.grad(_logit(torch.stack(hazards).mean(dim=0)).sum(), leaves)
    shares = [
        (end * torch.tensordot(weight, slope, dims=1)).double().cpu() for end, slope in zip(ends, slopes, strict=True)
    ]
    features = sum(each[0, 0] for each in shares[::3])
    events_of = sum(each[0].sum(dim=-1) for each in shares[1::3])
    events_of[-1] += sum(each.sum() for each in shares[2::3])
    return features.numpy(), events_of.numpy()


def _logit(hazards: Tensor) -> Tensor:
    """As `longest_logit`, of [..., H] that know no calibration."""
    survived = -functional.softplus(hazards).sum(dim=-1)
    return torch.log(-torch.expm1(survived)) - survived
