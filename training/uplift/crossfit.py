"""Scores of customers by models that were fitted without them."""

from collections.abc import Callable, Mapping

import numpy as np

from scoring.actions import Floats
from scoring.uplift import Term, score
from training.uplift.learners import LEARNERS, Learner
from training.uplift.trial import Trial, folds

FOLDS = 5
REPEATS = 3
"""Each customer's score is the mean over so many divisions into folds: one division alone moves Qini by a tenth."""
Progress = Callable[[str, int, int], None]


def cross_fit(trial: Trial, *, seed: int, repeats: int = REPEATS, progress: Progress) -> Mapping[Learner, Floats]:
    """[N] scores of each learner, out of fold."""
    found = {learner: np.zeros(len(trial)) for learner in Learner}
    done, total = 0, repeats * FOLDS * len(LEARNERS)
    for repeat in range(repeats):
        parts = folds(trial, FOLDS, np.random.default_rng((seed, repeat)))
        for part in range(FOLDS):
            rows = parts == part
            others = trial.part(~rows)
            for learner, learn in LEARNERS.items():
                found[learner][rows] += score(learn(others, seed + repeat), trial.features[rows]) / repeats
                done += 1
                progress("learning whom it changes", done, total)
    return found


def on_all(trial: Trial, learner: Learner, *, seed: int, repeats: int = REPEATS) -> tuple[Term, ...]:
    """The same learner on all customers, the mean over as many fits: for customers of whom nothing came yet."""
    return tuple(
        Term(trees=term.trees, weight=term.weight / repeats, treated=term.treated)
        for repeat in range(repeats)
        for term in LEARNERS[learner](trial, seed + repeat)
    )
