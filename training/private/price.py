"""What a promise of privacy costs: the same windows foretold with it and without it.

Nothing of this is kept on the way, for the networks beside the private one promise nothing.
"""

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scoring.answers import Calibration, outlook_of
from scoring.networks.network import Network
from training.course import Course
from training.material.validation import Forward, forward_of
from training.metrics import auc, gini, log_loss
from training.private.asking import asked_of
from training.private.promise import Budget
from training.private.secret import Secret
from training.private.steps import Steps
from training.private.teaching import taught
from training.rehearsal import asked_after, rehearse, split_of

FIGURES = ("auc", "gini", "log_loss")
PRIVATE, PLAIN, USUAL = "private", "same_network_without_privacy", "usual_model"
UNBOUNDED = 1e9
"""A length that no gradient has."""

Price = dict[str, dict[str, float]]
"""Figures and seconds by who foretold."""


def price_of(course: Course, usual: Course, budget: Budget, secret: Secret) -> Price:
    """Rehearsals of the private course, with its noise and clipping and without them, and of the usual one.

    Both courses are of the same events, as-of time and seed. Figures are of customers as they are: no noise hides them.
    """
    plain = replace(budget, noise_multiplier=0.0, clipping=UNBOUNDED)
    return {
        PRIVATE: _rehearsed(course, budget, secret, "private rehearsal"),
        PLAIN: _rehearsed(course, plain, secret, "rehearsal without privacy"),
        USUAL: _usual(usual),
    }


def _rehearsed(course: Course, budget: Budget, secret: Secret, stage: str) -> dict[str, float]:
    began, split = time.monotonic(), split_of(course)
    customers = np.flatnonzero(~split.held)
    asked = asked_of(course.tokens, customers, until=split.boundary, configuration=course.remembering)
    steps = Steps(asked=asked, customers=customers, budget=budget, secret=secret, configuration=course.configuration)
    network = taught(course, steps, stage)
    forward = forward_of(course.tokens, asked_after(course, split), asked.prepared, split.held)
    return _figures(forward, network) | {"seconds": round(time.monotonic() - began, 1)}


def _figures(forward: Forward, network: Network) -> dict[str, float]:
    """None in a shop of which no window is closed that anybody could be asked about."""
    if not len(forward.pairs):
        return {}
    outlook = outlook_of(forward.answers(network), Calibration(), forward.pairs.as_of)
    bought, chance = forward.labels.bought, outlook.purchase[:, -1]
    return _known(
        {
            "auc": auc(bought, chance),
            "gini": gini(forward.labels.spend, outlook.spend),
            "log_loss": log_loss(bought, chance),
        }
    )


def _usual(course: Course) -> dict[str, float]:
    began = time.monotonic()
    metrics = rehearse(course).metrics
    found = _known({name: metrics.get(name, float("nan")) for name in FIGURES})
    return found | {"seconds": round(time.monotonic() - began, 1)}


def _known(figures: Mapping[str, float]) -> dict[str, float]:
    """Without those that are not defined where all customers bought, or nobody did."""
    return {name: value for name, value in figures.items() if np.isfinite(value)}
