"""Trials whose truth is known."""

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats
from training.uplift.trial import Trial

Values = npt.NDArray[np.generic]


def made_trial(
    outcome: Values, treated: Values, *, features: Floats | None = None, propensity: float | Floats = 0.5
) -> Trial:
    size = len(outcome)
    return Trial(
        features=np.zeros((size, 1)) if features is None else features, categorical=(),
        treated=treated.astype(np.float64) > 0, outcome=outcome.astype(np.float64),
        propensity=np.broadcast_to(np.asarray(propensity, dtype=np.float64), size).copy(),
    )  # fmt: skip


def drawn_trial(size: int, *, seed: int, share: float = 0.5, contrary: bool) -> tuple[Trial, Floats]:
    """Six features of which the first says who has the outcome, and the true effect on each customer.

    `contrary`: the treatment changes those who have it seldom; otherwise all alike.
    """
    random = np.random.default_rng(seed)
    features = random.normal(size=(size, 6))
    base = 0.1 + 0.2 * (features[:, 0] > 0)
    effect = np.full(size, 0.06)
    if contrary:
        effect = 0.25 * ((features[:, 0] < 0) & (features[:, 1] > 0)).astype(np.float64)
    treated = random.random(size) < share
    outcome = random.random(size) < base + effect * treated
    return made_trial(outcome, treated, features=features, propensity=treated.mean()), effect
