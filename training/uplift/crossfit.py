"""Scores of customers by models that were fitted without them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scoring.seen.actions import Floats
from scoring.uplift.model import Term, score
from training.progress import Progress
from training.uplift.amounts import bounded
from training.uplift.grove import Grove
from training.uplift.learners import LEARNERS, Learner
from training.uplift.trial import Trial, folds

MOST_FOLDS, FEWEST_FOLDS = 10, 3
LEARNED = 1_000_000
"""Customers whom all folds learn from: a tenth more of so many teaches next to nothing."""
FITS = 3
"""Of which a kept model is the mean where trees are grown: one alone leans on which customers they happened to draw."""


def parts_of(customers: int) -> int:
    """Into how many folds so many are divided: halves, where half of them teach enough."""
    fewest = FEWEST_FOLDS if customers < 2 * LEARNED else 2
    return min(MOST_FOLDS, max(fewest, LEARNED // customers))


def cross_fit(trial: Trial, *, parts: int, seed: int, progress: Progress) -> Mapping[Learner, Floats]:
    """[N] scores of each learner, out of fold."""
    found = {learner: np.empty(len(trial)) for learner in Learner}
    done, total = 0, parts * len(LEARNERS)
    of, grove = folds(trial, parts, np.random.default_rng(seed)), Grove(bounded(trial))
    for part in range(parts):
        rows = of == part
        others = grove.part(~rows)
        for learner, learn in LEARNERS.items():
            found[learner][rows] = score(learn(others, seed), trial.features[rows])
            done += 1
            progress("learning whom it changes", done, total)
        del others  # the next are as large
    return found


def on_all(trial: Trial, learner: Learner, *, seed: int, progress: Progress) -> tuple[Term, ...]:
    """The same learner on all customers, for those of whom nothing came yet."""
    grove, fits = Grove(bounded(trial)), 1 if learner is Learner.LINEAR else FITS
    terms: list[Term] = []
    for each in range(fits):
        terms += (replace(term, weight=term.weight / fits) for term in LEARNERS[learner](grove, seed + each))
        progress("learning from all customers", each + 1, fits)
    return tuple(terms)
