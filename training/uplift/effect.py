"""What a score stands for in outcomes, from what came of the trial.

The best linear predictor of the effect (Chernozhukov, Demirer, Duflo and Fernández-Val 2018): outcomes are regressed on
the treatment, less its propensity, and on that times the score, beside the response as what makes customers differ.
"""

from collections.abc import Iterator

import numpy as np

from scoring.seen.actions import Floats
from scoring.uplift.model import Line
from training.uplift.choice import DEVIATIONS, Interval
from training.uplift.trial import Trial


def average(trial: Trial, response: Floats) -> Interval:
    """Mean effect per customer of all, with a robust interval."""
    value, deviation = _effects(trial, response, np.ones((len(trial), 1)))
    reach = DEVIATIONS * float(deviation[0])
    return Interval(value=float(value[0]), low=float(value[0]) - reach, high=float(value[0]) + reach)


def fit_line(trial: Trial, score: Floats, response: Floats) -> Line:
    """The effect by out-of-fold scores; the slope is shrunk by what chance alone may have made of it."""
    centre, unit = float(score.mean()), float(score.std()) or 1.0
    value, deviation = _effects(trial, response, np.column_stack([np.ones(len(trial)), (score - centre) / unit]))
    slope = float(value[1])
    kept = 0.0 if slope <= 0 else max(0.0, 1 - (float(deviation[1]) / slope) ** 2)
    return Line(mean=float(value[0]), slope=kept * slope / unit, centre=centre)


def _effects(trial: Trial, response: Floats, by: Floats) -> tuple[Floats, Floats]:
    """What the treatment changes by each column of `by` [N, K], and standard errors that are robust (HC0): [K] each."""
    size, usual = by.shape[1], (response - response.mean()) / (float(response.std()) or 1.0)
    left = trial.treated - trial.propensity
    weight = 1 / (trial.propensity * (1 - trial.propensity))
    columns = [*(left * each for each in by.T), usual, *by.T]
    inverse = np.linalg.pinv(np.array([[weighed @ other for other in columns] for weighed in _times(columns, weight)]))
    found = inverse @ np.array([weighed @ trial.outcome for weighed in _times(columns, weight)])
    residual = weight * (trial.outcome - sum(each * column for each, column in zip(found, columns, strict=True)))
    moved = np.array([trial.by_customer(each) for each in _times(columns, residual)])
    meat = moved @ moved.T
    return found[:size], np.sqrt(np.diag(inverse @ meat @ inverse)[:size])


def _times(columns: list[Floats], weight: Floats) -> Iterator[Floats]:
    """One after the other, for of millions of customers all take much room."""
    return (column * weight for column in columns)
