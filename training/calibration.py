"""What can be corrected without looking at the window that is predicted: the level of spend, and the season."""

import numpy as np

from scoring.actions import Floats
from scoring.answers import Answers, Calibration, outlook_of
from training.labels import Labels
from training.metrics import level_offset

SHRINKAGE = 0.5
"""Of what one window showed, how much is expected of the next: half, for one season is as much noise as season."""
SPEND_LIMITS = (0.7, 1.4)
FEWEST_QUESTIONS = 100
"""At one cut-off, to speak of its level."""


def spend_factor(answers: Answers, labels: Labels, as_of: Floats) -> float:
    """Shrunk ratio of real to expected spend among those who bought, on windows that training had not seen."""
    bought = labels.bought > 0
    if bought.sum() < FEWEST_QUESTIONS:
        return 1.0
    outlook = outlook_of(answers, Calibration(), as_of)
    expected = np.exp(outlook.log_mean + outlook.sigma**2 / 2)[bought].sum()
    ratio = float((labels.spend[bought].sum() / expected) ** SHRINKAGE)
    return float(np.clip(ratio, *SPEND_LIMITS))


def season_of(answers: Answers, labels: Labels, as_of: Floats) -> tuple[tuple[float, float], ...]:
    """(cut-off, shrunk logit residual) of past windows: how far their level was off what a seasonless network says."""
    probability = outlook_of(answers, Calibration(), as_of).purchase[:, -1]
    residuals = []
    for time in np.unique(as_of).tolist():
        at = as_of == time
        if at.sum() >= FEWEST_QUESTIONS:
            residuals.append((time, SHRINKAGE * level_offset(labels.bought[at], probability[at])))
    return tuple(residuals)
