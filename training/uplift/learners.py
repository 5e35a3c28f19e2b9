"""Five ways to learn whom a treatment changes, and one that asks only who responds.

S-, T- and X-learner after Künzel et al. 2019, the DR-learner after Kennedy 2020. They stand on boosted trees, shallow
and strongly regularised: effects are weak beside what makes customers differ. The linear learner says less and needs
less to learn it from (`conditioned`).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import numpy as np

from scoring.predictors.boosters import lightgbm
from scoring.seen.actions import Floats
from scoring.uplift.model import Grown, Term, score
from training.uplift.conditioned import conditioned
from training.uplift.trial import Trial, folds

COMMON: dict[str, Any] = {
    "num_leaves": 4, "learning_rate": 0.06, "feature_fraction": 0.8, "bagging_fraction": 0.7, "bagging_freq": 1,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
OUTCOME: dict[str, Any] = {"lambda_l2": 10.0}
EFFECT: dict[str, Any] = {"lambda_l2": 100.0}
LEAF = 200
"""Fewest customers of one."""
ROUNDS = 60
RESPONSE_ROUNDS = 150
"""Who has the outcome is told best (log loss out of fold) by more trees than bear on the weaker effects."""
SMALL = 20
"""A leaf holds no more than one in so many customers, however few they are."""
PARTS = 3
"""Of those whom the DR-learner's outcomes are learned from, so that none is foretold by itself."""
Learn = Callable[[Trial, int], tuple[Term, ...]]


class Learner(StrEnum):
    """By what customers are ranked."""

    RESPONSE = "response"
    """The chance of the outcome, treated or not: what targeting does that knows no experiment."""
    S = "S"
    T = "T"
    X = "X"
    DR = "DR"
    LINEAR = "linear"
    """A response that is conditioned on the treatment."""


def response(trial: Trial, seed: int) -> tuple[Term, ...]:
    """Who has the outcome at all."""
    return (Grown(trees=_outcome(trial, seed, RESPONSE_ROUNDS), weight=1.0),)


def s_learner(trial: Trial, seed: int) -> tuple[Term, ...]:
    """One model of the outcome that reads the treatment as a feature."""
    features = np.column_stack([trial.features, trial.treated])
    trees = _grow(features, trial.outcome, trial, OUTCOME | _objective(trial), seed)
    return (Grown(trees=trees, weight=1.0, treated=1.0), Grown(trees=trees, weight=-1.0, treated=0.0))


def t_learner(trial: Trial, seed: int) -> tuple[Grown, Grown]:
    """A model of the outcome for each arm."""
    return (
        Grown(trees=_outcome(trial.part(trial.treated), seed), weight=1.0),
        Grown(trees=_outcome(trial.part(~trial.treated), seed), weight=-1.0),
    )


def x_learner(trial: Trial, seed: int) -> tuple[Term, ...]:
    """Models of what each arm would have done in the other, weighted by who is many."""
    with_it, without = t_learner(trial, seed)
    ours, others, share = trial.part(trial.treated), trial.part(~trial.treated), float(trial.propensity.mean())
    gained = _effect(ours, ours.outcome + score((without,), ours.features), seed)
    missed = _effect(others, score((with_it,), others.features) - others.outcome, seed)
    return (Grown(trees=gained, weight=1 - share), Grown(trees=missed, weight=share))


def dr_learner(trial: Trial, seed: int) -> tuple[Term, ...]:
    """A model of the doubly robust difference, whose outcomes are foretold by those who are not in the part."""
    parts = folds(trial, PARTS, np.random.default_rng(seed))
    difference = np.empty(len(trial))
    for part in range(PARTS):
        rows = parts == part
        difference[rows] = _doubly_robust(trial.part(rows), t_learner(trial.part(~rows), seed))
    return (Grown(trees=_effect(trial, difference, seed), weight=1.0),)


def linear_learner(trial: Trial, _: int) -> tuple[Term, ...]:
    """One linear model of the outcome, and one of what the treatment adds to it."""
    return (conditioned(trial),)


LEARNERS: Mapping[Learner, Learn] = {
    Learner.RESPONSE: response, Learner.S: s_learner, Learner.T: t_learner, Learner.X: x_learner,
    Learner.DR: dr_learner, Learner.LINEAR: linear_learner,
}  # fmt: skip


def _doubly_robust(trial: Trial, arms: tuple[Grown, Grown]) -> Floats:
    """[N] whose mean is the effect where either the outcomes or the propensities are right (Robins et al. 1994)."""
    with_it, less = (term.say(trial.features) for term in arms)
    left = np.where(trial.treated, trial.outcome - with_it, -(trial.outcome + less))
    return with_it + less + left / np.where(trial.treated, trial.propensity, 1 - trial.propensity)


def _outcome(trial: Trial, seed: int, rounds: int = ROUNDS) -> lightgbm.Booster:
    return _grow(trial.features, trial.outcome, trial, OUTCOME | _objective(trial), seed, rounds)


def _effect(trial: Trial, difference: Floats, seed: int) -> lightgbm.Booster:
    return _grow(trial.features, difference, trial, EFFECT | {"objective": "regression"}, seed)


def _objective(trial: Trial) -> dict[str, Any]:
    return {"objective": "binary" if trial.binary else "regression"}


def _grow(
    features: Floats, target: Floats, trial: Trial, shape: dict[str, Any], seed: int, rounds: int = ROUNDS
) -> lightgbm.Booster:
    leaf = min(LEAF, max(len(target) // SMALL, 1))
    data = lightgbm.Dataset(features, target, categorical_feature=list(trial.categorical), free_raw_data=False)
    return lightgbm.train(COMMON | shape | {"min_data_in_leaf": leaf, "seed": seed}, data, rounds)
