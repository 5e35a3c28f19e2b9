"""Fit of how many orders come after the first one of a window."""

import numpy as np
from sklearn.linear_model import PoissonRegressor

from scoring.buying import HORIZON_DAYS
from scoring.predictors.further_orders import Regression
from training.material.examples import Examples

FEWEST = 100
"""Windows with an order, below which the closed form speaks alone."""
PENALTY = 0.1
"""Of the weights (scikit-learn's alpha): how often somebody comes drifts, and few come often."""


def fit_further_orders(examples: Examples) -> Regression | None:
    """From the windows with an order; None where they are too few, or nobody ever came twice.

    More than an order a day teaches no more, for no more is foretold.
    """
    bought = examples.labels.orders > 0
    further = np.minimum(examples.labels.orders[bought] - 1.0, HORIZON_DAYS)
    if len(further) < FEWEST or not further.any():
        return None
    fitted = PoissonRegressor(alpha=PENALTY, max_iter=500).fit(
        examples.tabular[bought].astype(np.float64), further, examples.weight[bought]
    )
    return Regression(fitted.coef_, float(fitted.intercept_))
