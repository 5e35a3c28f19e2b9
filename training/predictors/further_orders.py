"""Fit of how many orders come after the first one of a window."""

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import PoissonRegressor

from scoring.buying import HORIZON_DAYS
from scoring.predictors.further_orders import MEMORIES, Recurrence, closed_forms
from scoring.seen.actions import Floats, Integers
from scoring.seen.features import raw_features
from training.material.preparation import Prepared

FEWEST = 100
"""Windows with an order, below which the closed form speaks alone."""
PENALTY = 0.1
"""Of the weights (scikit-learn's alpha): how often somebody comes drifts, and few come often."""
LIFE = 30.0
"""So many customers weigh as much as the belief that rates do not drift."""
MOST_QUESTIONS = 20_000
LEAST = 1e-9
"""Orders of the closed form, below which it has no logarithm."""


def fit_further_orders(prepared: Prepared, seed: int) -> Recurrence | None:
    """From the windows with an order; None where they are too few, or nobody ever came twice.

    More than an order a day teaches no more, for no more is foretold.
    """
    examples = prepared.examples
    bought = np.flatnonzero(examples.labels.orders > 0)
    further = np.minimum(examples.labels.orders[bought] - 1.0, HORIZON_DAYS)
    if len(further) < FEWEST or not further.any():
        return None
    fitted = PoissonRegressor(alpha=PENALTY, max_iter=500).fit(
        examples.tabular[bought].astype(np.float64), further, examples.weight[bought]
    )
    asked = np.sort(np.random.default_rng(seed).permutation(len(bought))[:MOST_QUESTIONS])
    recent = _recent(prepared, bought[asked], further[asked])
    return Recurrence(fitted.coef_, float(fitted.intercept_), recent)


def _recent(prepared: Prepared, asked: Integers, further: Floats) -> Floats:
    """[M] shares of MEMORIES in the closed form, by Poisson's likelihood of what came of questions, its level free."""
    examples, buying = prepared.examples, prepared.buying
    pairs, weight = examples.pairs.some(asked), examples.weight[asked]
    raw = raw_features(examples.tokens.actions, pairs, buying)
    logs = np.log(np.maximum(closed_forms(raw, buying), LEAST))
    came, belief = weight * further, LIFE / len(np.unique(pairs.customer))

    def loss(recent: Floats) -> float:
        said = logs[0] + recent @ (logs[1:] - logs[0])
        apart = came.sum() * np.log(weight @ np.exp(said)) - came @ said
        return float(apart / weight.sum() + belief / 2 * (recent**2).sum())

    count = len(MEMORIES)
    found: Floats = minimize(loss, np.zeros(count), method="L-BFGS-B", bounds=[(0.0, 1.0 / count)] * count).x
    return found
