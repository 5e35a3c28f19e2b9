"""Amounts as learners read them: trees and lines lean on squares, so a few huge ones would say who is ranked first."""

from dataclasses import replace

import numpy as np

from training.uplift.trial import Trial

REACHED = 0.95
"""Share of the amounts up to which they stay as they are."""
MEDIANS = 5.0
"""So many times the median they stay as they are, too: amounts that everybody has lie closer together."""


def bounded(trial: Trial) -> Trial:
    """The same trial for learning from; what is judged stays as it is. What happens or not is never cut down."""
    if trial.binary:
        return trial
    sizes = np.abs(trial.outcome[trial.outcome != 0])
    most = max(float(np.quantile(sizes, REACHED)), MEDIANS * float(np.median(sizes)))
    return replace(trial, outcome=np.clip(trial.outcome, -most, most)) if sizes.max() > most else trial
