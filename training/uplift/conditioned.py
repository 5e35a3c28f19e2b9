"""A response that is conditioned on the treatment, learned from a trial.

What makes customers differ is known to be much, what a treatment changes hardly to differ between them. So both parts
have a penalty of their own (Imai and Ratkovic 2013), and that of the change is the one under which the outcomes of the
trial are likeliest (evidence by Laplace's approximation, MacKay 1992): where effects do not tell customers apart, every
customer's log odds change alike, and those between never and always are changed most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from scoring.seen.actions import Floats
from scoring.uplift.columns import Features
from scoring.uplift.conditioned import Conditioned, Kind, Regressor, design, some_at_a_time
from training.uplift.trial import Trial

FREE = 0.01
"""Penalty of the two constants; penalties are the inverse variances of weights of standardised regressors."""
BASE = 30.0
CHANGE = (100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 100_000.0)
"""Penalties to choose from, up to one under which the change is alike for everybody."""
CONSTANT = 1e-6
"""Standard deviation below which a regressor tells nothing."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What is known of those who were treated, or of the others."""

    read: Features
    """[N, 1 + R]"""
    outcome: Floats
    """[N] in the unit of the deviation of all."""
    treated: float
    """1 or 0, less the share of the treated: so it says nothing of the base, whatever the penalties are."""

    def said(self, weights: Floats) -> Floats:
        """[N] of [2 + 2 R] weights."""
        base, change = np.split(weights, 2)
        together, found = base + self.treated * change, np.empty(len(self.read))
        for rows in some_at_a_time(len(found)):
            found[rows] = self.read[rows] @ together
        return found

    def summed(self, each: Floats) -> Floats:
        """[1 + R] of regressors, customers weighed by [N]."""
        found = np.zeros(self.read.shape[1])
        for rows in some_at_a_time(len(each)):
            found += each[rows] @ self.read[rows]
        return found

    def weighed(self, spread: Floats) -> Floats:
        """[1 + R, 1 + R] products of regressors, customers weighed by [N]."""
        found = np.zeros((self.read.shape[1], self.read.shape[1]))
        for rows in some_at_a_time(len(spread)):
            read = self.read[rows] * np.sqrt(spread[rows, None])
            found += read.T @ read  # of one array with itself: half the products
        return found


@dataclass(frozen=True, slots=True)
class Fit:
    """Of both parts under one penalty."""

    weights: Floats
    """[2 + 2 R] of the base and of the change."""
    evidence: float
    """Log probability of the outcomes, but for what all penalties have in common."""


def conditioned(trial: Trial) -> Conditioned:
    """The likeliest of CHANGE; no chance has a part in it."""
    regressors, share = tuple(_regressors(trial)), float(trial.treated.mean())
    unit = 1.0 if trial.binary else float(trial.outcome.std()) or 1.0
    arms = [
        Arm(design(regressors, trial.features[rows]), trial.outcome[rows] / unit, treated - share)
        for rows, treated in ((trial.treated, 1.0), (~trial.treated, 0.0))
    ]
    fits, weights = [], np.zeros(2 * (1 + len(regressors)))
    for change in reversed(CHANGE):
        penalties = np.concatenate([_penalties(regressors, BASE), _penalties(regressors, change)])
        fits.append(_fit(arms, penalties, weights, binary=trial.binary))
        weights = fits[-1].weights
    base, added = np.split(max(fits, key=lambda fit: fit.evidence).weights * unit, 2)
    return Conditioned(regressors=regressors, base=base - share * added, change=added, binary=trial.binary)


def _regressors(trial: Trial) -> Iterator[Regressor]:
    """Those that tell anything; features that are unknown of the same customers say so once."""
    gaps = set()
    for feature, values in enumerate(trial.features.T):
        known = ~np.isnan(values)
        found = [Regressor(feature=feature, kind=Kind.AMOUNT)]
        if feature in trial.categorical:
            levels = np.unique(values[known]).tolist()
            found = [Regressor(feature=feature, kind=Kind.LEVEL, level=level) for level in levels]
        if known.tobytes() not in gaps:
            found.append(Regressor(feature=feature, kind=Kind.UNKNOWN))
            gaps.add(known.tobytes())
        for regressor in found:
            raw = regressor.raw(trial.features)
            raw = raw[~np.isnan(raw)]
            if len(raw) and raw.std() > CONSTANT:
                yield replace(regressor, mean=float(raw.mean()), deviation=float(raw.std()))


def _penalties(regressors: Sequence[Regressor], each: float) -> Floats:
    return np.array([FREE, *(each for _ in regressors)])


def _fit(arms: Sequence[Arm], penalties: Floats, start: Floats, *, binary: bool) -> Fit:
    """Under [2 + 2 R] penalties."""

    def loss(weights: Floats) -> float:
        return sum(_missed(arm, weights, binary=binary) for arm in arms) + float(penalties @ weights**2 / 2)

    def slope(weights: Floats) -> Floats:
        found = penalties * weights
        for arm in arms:
            said = arm.said(weights)
            one = arm.summed((expit(said) if binary else said) - arm.outcome)
            found += np.concatenate([one, arm.treated * one])
        return found

    def bend(weights: Floats) -> Floats:
        found = np.diag(penalties)
        for arm in arms:
            chance = expit(arm.said(weights))
            spread = chance * (1 - chance) if binary else np.ones(len(chance))
            both = np.array([[1.0, arm.treated], [arm.treated, arm.treated**2]])
            found += np.kron(both, arm.weighed(spread))
        return found

    found = minimize(loss, start, jac=slope, hess=bend, method="trust-exact")
    freedom = np.log(penalties).sum() - np.linalg.slogdet(found.hess).logabsdet
    return Fit(found.x, float(freedom / 2 - found.fun))


def _missed(arm: Arm, weights: Floats, *, binary: bool) -> float:
    said = arm.said(weights)
    return float((np.logaddexp(0, said) - arm.outcome * said if binary else (arm.outcome - said) ** 2 / 2).sum())
