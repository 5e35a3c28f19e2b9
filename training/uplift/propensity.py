"""With which probability each customer was treated, where nobody says: drawn alike, unless features foretell it."""

import numpy as np

from scoring.seen.actions import Floats
from training.metrics import auc
from training.progress import Progress, silence
from training.uplift.crossfit import parts_of
from training.uplift.grove import STEP, Grove
from training.uplift.trial import Trial, TrialNotUsable, folds

SHAPE = {
    "objective": "binary", "num_leaves": 8, "lambda_l2": 10.0, "min_data_in_leaf": 200, "feature_fraction": 1.0,
    "bagging_fraction": 1.0, "bagging_freq": 0,
}  # fmt: skip
ROUNDS = 50
FOLDS = 5
DOUBT = 4.0
"""Standard deviations above one half at which the area under the curve is no chance any more."""
LEAST = 0.02
"""A customer who is hardly ever treated must not stand for fifty others."""
OPEN = 0.1
"""Of the variance of who was treated: with less left to chance there is nobody to compare with."""


def foretold(trial: Trial, *, seed: int, progress: Progress = silence) -> Floats | None:
    """[N] what features say out of fold; None where they say nothing, as in a trial that was drawn.

    Raises TrialNotUsable where they leave nothing open.
    """
    telling = np.zeros(trial.features.shape[1])
    said, grove, count = np.empty(len(trial)), Grove(trial), min(FOLDS, parts_of(len(trial)))
    parts = folds(trial, count, np.random.default_rng(seed))
    for part in range(count):
        rows = parts == part
        others = grove.part(~rows)
        trees = others.grow(others.trial.treated, SHAPE, seed, rounds=ROUNDS, step=STEP)
        said[rows] = trees.predict(trial.features[rows], num_threads=1)
        telling += trees.feature_importance("gain")
        progress("looking whether features foretell who was treated", part + 1, count)
    if ((trial.treated - said) ** 2).mean() < OPEN * trial.treated.var():
        raise TrialNotUsable(_decided(trial.names[telling.argmax()] if trial.names else f"feature {telling.argmax()}"))
    treated = float(trial.treated.mean()) * trial.customers
    # Of the area under the curve where both are alike (Mann and Whitney 1947).
    deviation = np.sqrt((trial.customers + 1) / (12 * treated * (trial.customers - treated)))
    if auc(trial.treated.astype(np.float64), said) < 0.5 + DOUBT * deviation:
        return None
    return np.clip(said, LEAST, 1 - LEAST)


def _decided(name: str) -> str:
    return (
        f"{name} tells who was treated nearly for sure, so there is nobody to compare with: if it was known only "
        f"afterwards, leave it out (--ignore {name}); if it decided who was treated, this is no experiment"
    )
