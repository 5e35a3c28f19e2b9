"""How well a score finds those whom a treatment changes.

The gain of a share p is what treating the p with the highest scores changes per customer of all: p times the difference
of the mean outcomes, treated less not, among them (Radcliffe 2007; the curve by mean outcomes of Gutierrez and Gérardy
2017). Qini is the area between that curve and the straight line of a random choice, in outcomes per 1,000 customers.
Treated customers weigh 1 / propensity and others 1 / (1 - propensity), so that unequal shares of treatment do no harm.
How far it may lie by chance is told by what each customer counts for in it (infinitesimal jackknife, Jaeckel 1972):
as by a bootstrap of any number of resamples, in the time of one.
"""

from dataclasses import dataclass

import numpy as np

from scoring.seen.actions import Floats, Integers
from training.uplift.trial import Flags, Trial

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Of the customers up to the end of each step; of those with the treatment first, then of the others."""

    share: Floats
    weights: tuple[Floats, Floats]
    """[N] in order; 0 in the other arm."""
    counted: tuple[Floats, Floats]
    means: tuple[Floats, Floats]
    known: Flags
    """Whether somebody of each arm is among them."""

    @property
    def effect(self) -> Floats:
        return np.where(self.known, self.means[0] - self.means[1], 0.0)


def curve(trial: Trial, ranked: Ranking) -> Curve:
    """Of a ranking of the trial's customers."""
    sums = _sums(trial, ranked)
    return Curve(np.append(0.0, sums.share), np.append(0.0, sums.share * sums.effect))


def qini(trial: Trial, score: Floats) -> float:
    """Of [N] scores: outcomes per 1,000 customers."""
    return curve(trial, ranking(score)).qini


def influence(trial: Trial, ranked: Ranking) -> Floats:
    """[N] by how much Qini moves for each time more that a customer is counted; the squares add up to its variance."""
    sums, outcome = _sums(trial, ranked), trial.outcome[ranked.order]
    share, effect = np.append(0.0, sums.share), sums.effect
    gain = np.append(0.0, sums.share * effect)
    by_gain = np.append((share[2:] - share[:-2]) / 2, (share[-1] - share[-2] - 1) / 2)
    by_share = np.append((by_gain * effect)[:-1] + (gain[:-2] - gain[2:]) / 2, 0.0)
    del share, effect, gain  # of millions they take much room
    step = np.repeat(np.arange(len(ranked.ends), dtype=np.int32), np.diff(ranked.ends, prepend=-1))

    def from_its_step(values: Floats) -> Floats:
        summed: Floats = np.cumsum(values[::-1])[::-1][step]
        return summed

    moved = (from_its_step(by_share) - by_share @ sums.share) / len(trial)
    for sign, weight, counted, mean in zip((1, -1), sums.weights, sums.counted, sums.means, strict=True):
        by_mean = sums.known * by_gain * sums.share / counted
        moved += sign * weight * (outcome * from_its_step(by_mean) - from_its_step(by_mean * mean))
    found = np.empty(len(trial))
    found[ranked.order] = PER * moved
    return found


def _sums(trial: Trial, ranked: Ranking) -> _Sums:
    order, ends = ranked.order, ranked.ends
    treated, outcome, propensity = trial.treated[order], trial.outcome[order], trial.propensity[order]
    weights = treated / propensity, ~treated / (1 - propensity)
    ours, others = (np.cumsum(weight)[ends] for weight in weights)
    known = (ours > 0) & (others > 0)
    counted = np.where(known, ours, 1.0), np.where(known, others, 1.0)
    means = (
        np.cumsum(weights[0] * outcome)[ends] / counted[0],
        np.cumsum(weights[1] * outcome)[ends] / counted[1],
    )
    return _Sums(share=(ends + 1) / len(trial), weights=weights, counted=counted, means=means, known=known)
