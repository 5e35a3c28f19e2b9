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
from training.uplift.grove import STEP, Grove, step_for
from training.uplift.trial import Trial, folds

OUTCOME: dict[str, Any] = {"lambda_l2": 10.0}
EFFECT: dict[str, Any] = {"lambda_l2": 100.0}
ROUNDS = 60
RESPONSE_ROUNDS = 150
"""Who has the outcome is told best (log loss out of fold) by more trees than bear on the weaker effects."""
PARTS = 3
"""Of those whom the DR-learner's outcomes are learned from, so that none is foretold by itself."""
Learn = Callable[[Grove, int], tuple[Term, ...]]


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


def response(grove: Grove, seed: int) -> tuple[Term, ...]:
    """Who has the outcome at all."""
    return (Grown(trees=_outcome(grove, seed, STEP, rounds=RESPONSE_ROUNDS), weight=1.0),)


def s_learner(grove: Grove, seed: int) -> tuple[Term, ...]:
    """One model of the outcome that reads the treatment as a feature."""
    trees = _outcome(grove, seed, step_for(grove.trial), conditioned=True)
    return (Grown(trees=trees, weight=1.0, treated=1.0), Grown(trees=trees, weight=-1.0, treated=0.0))


def t_learner(grove: Grove, seed: int) -> tuple[Grown, Grown]:
    """A model of the outcome for each arm."""
    with_it, without = (_outcome(arm, seed, step_for(grove.trial)) for arm in grove.arms)
    return Grown(trees=with_it, weight=1.0), Grown(trees=without, weight=-1.0)


def x_learner(grove: Grove, seed: int) -> tuple[Term, ...]:
    """Models of what each arm would have done in the other, weighted by who is many."""
    with_it, without = t_learner(grove, seed)
    (ours, others), share, step = grove.arms, float(grove.trial.propensity.mean()), step_for(grove.trial)
    gained = _effect(ours, ours.trial.outcome + score((without,), ours.trial.features), seed, step)
    missed = _effect(others, score((with_it,), others.trial.features) - others.trial.outcome, seed, step)
    return (Grown(trees=gained, weight=1 - share), Grown(trees=missed, weight=share))


def dr_learner(grove: Grove, seed: int) -> tuple[Term, ...]:
    """A model of the doubly robust difference, whose outcomes are foretold by those who are not in the part."""
    trial = grove.trial
    parts = folds(trial, PARTS, np.random.default_rng(seed))
    difference = np.empty(len(trial))
    for part in range(PARTS):
        rows = parts == part
        difference[rows] = _doubly_robust(trial.part(rows), t_learner(grove.part(~rows), seed))
    return (Grown(trees=_effect(grove, difference, seed, step_for(trial)), weight=1.0),)


def linear_learner(grove: Grove, _: int) -> tuple[Term, ...]:
    """One linear model of the outcome, and one of what the treatment adds to it."""
    return (conditioned(grove.trial),)


LEARNERS: Mapping[Learner, Learn] = {
    Learner.RESPONSE: response, Learner.LINEAR: linear_learner, Learner.DR: dr_learner, Learner.S: s_learner,
    Learner.T: t_learner, Learner.X: x_learner,
}  # fmt: skip
"""Those that need a grove's arms last: what takes most room besides is done by then."""


def _doubly_robust(trial: Trial, arms: tuple[Grown, Grown]) -> Floats:
    """[N] whose mean is the effect where either the outcomes or the propensities are right (Robins et al. 1994)."""
    with_it, less = (term.say(trial.features) for term in arms)
    left = np.where(trial.treated, trial.outcome - with_it, -(trial.outcome + less))
    return with_it + less + left / np.where(trial.treated, trial.propensity, 1 - trial.propensity)


def _outcome(
    grove: Grove, seed: int, step: float, *, rounds: int = ROUNDS, conditioned: bool = False
) -> lightgbm.Booster:
    trial = grove.trial
    shape = OUTCOME | {"objective": "binary" if trial.binary else "regression"}
    return grove.grow(trial.outcome, shape, seed, rounds=rounds, step=step, conditioned=conditioned)


def _effect(grove: Grove, difference: Floats, seed: int, step: float) -> lightgbm.Booster:
    return grove.grow(difference, EFFECT | {"objective": "regression"}, seed, rounds=ROUNDS, step=step)
