"""Sums of customers who are known one by one."""

import numpy as np

from campaigns.experiments.moments import Floats, Moments


def measured(outcome: Floats, covariate: Floats | None = None) -> Moments:
    """The sums of outcomes [N] and predictions [N]."""
    predicted = np.zeros(len(outcome)) if covariate is None else covariate
    return Moments(
        count=len(outcome),
        outcome=float(outcome.sum()),
        outcome_squared=float(outcome @ outcome),
        covariate=float(predicted.sum()),
        covariate_squared=float(predicted @ predicted),
        product=float(predicted @ outcome),
    )
