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
from scoring.uplift.conditioned import Conditioned, Kind, Regressor, design
from training.uplift.trial import Trial

FREE = 0.01
"""Penalty of the two constants; penalties are the inverse variances of weights of standardised regressors."""
BASE = 30.0
CHANGE = (100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 100_000.0)
"""Penalties to choose from, up to one under which the change is alike for everybody."""
CONSTANT = 1e-6
"""Standard deviation below which a regressor tells nothing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Of both parts under one penalty."""

    weights: Floats
    """[2 + 2 R] of the base and of the change."""
    evidence: float
    """Log probability of the outcomes, but for what all penalties have in common."""


def conditioned(trial: Trial) -> Conditioned:
    """The likeliest of CHANGE; no chance has a part in it."""
    regressors = tuple(_regressors(trial))
    read, share = design(regressors, trial.features), float(trial.treated.mean())
    # Less its mean, the treatment says nothing of the base, whatever the penalties are.
    both = np.hstack([read, (trial.treated - share)[:, None] * read])
    unit = 1.0 if trial.binary else float(trial.outcome.std()) or 1.0
    fits, weights = [], np.zeros(both.shape[1])
    for change in reversed(CHANGE):
        penalties = np.concatenate([_penalties(regressors, BASE), _penalties(regressors, change)])
        fits.append(_fit(both, trial.outcome / unit, penalties, weights, binary=trial.binary))
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


def _fit(read: Floats, outcome: Floats, penalties: Floats, start: Floats, *, binary: bool) -> Fit:
    """[N, K] regressors, [N] outcomes in the unit of their deviation, [K] penalties."""

    def loss(weights: Floats) -> float:
        said = read @ weights
        missed = np.logaddexp(0, said) - outcome * said if binary else (outcome - said) ** 2 / 2
        return float(missed.sum() + penalties @ weights**2 / 2)

    def slope(weights: Floats) -> Floats:
        said = read @ weights
        found: Floats = read.T @ ((expit(said) if binary else said) - outcome) + penalties * weights
        return found

    def bend(weights: Floats) -> Floats:
        chance = expit(read @ weights)
        spread = chance * (1 - chance) if binary else np.ones(len(read))
        found: Floats = (read * spread[:, None]).T @ read + np.diag(penalties)
        return found

    weights: Floats = minimize(loss, start, jac=slope, hess=bend, method="trust-exact").x
    freedom = np.log(penalties).sum() - np.linalg.slogdet(bend(weights)).logabsdet
    return Fit(weights, float(freedom / 2 - loss(weights)))
