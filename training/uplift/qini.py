"""How well a score finds those whom a treatment changes.

The gain of a share p is what treating the p with the highest scores changes per customer of all: p times the difference
of the mean outcomes, treated less not, among them (Radcliffe 2007; the curve by mean outcomes of Gutierrez and Gérardy
2017). Qini is the area between that curve and the straight line of a random choice, in outcomes per 1,000 customers.
Treated customers weigh 1 / propensity and others 1 / (1 - propensity), so that unequal shares of treatment do no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.seen.actions import Floats, Integers
from training.uplift.trial import Trial

PER = 1_000
"""Customers."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Customers from the highest score down; those of equal score are one step."""

    order: Integers
    """[N]"""
    ends: Integers
    """Place of the last customer of each step."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from nobody to everybody; straight between."""

    share: Floats
    gain: Floats
    """Outcomes per customer of all, by treating that share."""

    @property
    def qini(self) -> float:
        """Outcomes per 1,000 customers."""
        return PER * float(np.trapezoid(self.gain, self.share) - self.gain[-1] / 2)

    def at(self, share: float) -> float:
        """The gain of a share."""
        return float(np.interp(share, self.share, self.gain))


def ranking(score: Floats) -> Ranking:
    """Of [N] scores."""
    order = np.argsort(-score, kind="stable")
    return Ranking(order, np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1))


def curve(trial: Trial, ranked: Ranking, weight: Floats | None = None) -> Curve:
    """Of a ranking of the trial's customers, each counted `weight` [N] times."""
    order, ends = ranked.order, ranked.ends
    times = np.ones(len(trial)) if weight is None else weight[order]
    treated, outcome, propensity = trial.treated[order], trial.outcome[order], trial.propensity[order]
    with_it, without = times * treated / propensity, times * ~treated / (1 - propensity)

    def until(values: Floats) -> Floats:
        summed: Floats = np.cumsum(values)[ends]
        return summed

    ours, others, counted = until(with_it), until(without), until(times)
    known = (ours > 0) & (others > 0)
    means = (
        until(with_it * outcome) / np.where(known, ours, 1.0),
        until(without * outcome) / np.where(known, others, 1.0),
    )
    share = counted / counted[-1]
    gain = np.where(known, share * (means[0] - means[1]), 0.0)
    return Curve(np.append(0.0, share), np.append(0.0, gain))


def qini(trial: Trial, score: Floats) -> float:
    """Of [N] scores: outcomes per 1,000 customers."""
    return curve(trial, ranking(score)).qini


def bootstrap(trial: Trial, scores: Sequence[Floats], *, resamples: int, seed: int) -> Floats:
    """[resamples, scores] Qini over customers drawn again with replacement, the same draw for all scores."""
    random, rankings = np.random.default_rng(seed), [ranking(score) for score in scores]
    found = np.empty((resamples, len(scores)))
    for row in found:
        # Poisson counts: the bootstrap of a sample whose size is itself by chance, and cheaper to draw.
        weight = random.poisson(1.0, len(trial)).astype(np.float64)
        row[:] = [curve(trial, ranked, weight).qini for ranked in rankings]
    return found
