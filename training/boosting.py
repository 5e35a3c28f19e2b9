"""How trees grow, and how much of the answer becomes theirs: both decided on windows that the fit has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.actions import Integers
from scoring.answers import Answers
from scoring.boosters import lightgbm
from scoring.network import HORIZONS
from scoring.trees import Trees, between
from training.examples import Examples
from training.loss import mean_hazard_loss

SHAPE = {
    "num_leaves": 8, "learning_rate": 0.03, "min_data_in_leaf": 100, "lambda_l2": 10.0,
    "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
"""Shallow and slow: what is learned must outlast the season it was learned in."""
ROUNDS = (50, 100, 150, 200, 300)
"""Between which the rehearsal chooses."""
FEWEST = 500
"""Questions, below which there are no trees."""
EQUAL = 0.5
"""The share that the fitted one is shrunk to: one window tells weights apart poorly (Timmermann 2006)."""
SHARES = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """Trees of a rehearsal, and what it taught about them."""

    trees: Trees
    rounds: int


def grow(examples: Examples, *, rounds: int, seed: int) -> Trees | None:
    """Trees on these examples, all of the answer theirs; None where there are too few."""
    interval, bought = examples.labels.interval, examples.labels.bought > 0
    if len(interval) < FEWEST or bought.sum() < FEWEST // 10 or rounds == 0:
        return None
    ensembles = [
        _ensemble(examples, interval >= step, interval == step, "binary", rounds, seed) for step in range(len(HORIZONS))
    ]
    logs = np.log(np.maximum(examples.labels.spend, 1.0))
    return Trees((*ensembles, _ensemble(examples, bought, logs, "regression", rounds, seed)), 1.0)


def rehearse_trees(
    examples: Examples, unseen: npt.NDArray[np.float32], answers: Answers, interval: Integers, *, most: int, seed: int
) -> Grown | None:
    """Rounds and share at which trees forecast best what the fit has not seen.

    `unseen` [P, S] are questions to which the networks gave `answers`, and `interval` [P] is what came of them.
    """
    trees = grow(examples, rounds=most, seed=seed)
    if trees is None:
        return None
    rounds = min((each for each in ROUNDS if each <= most), key=lambda each: _loss(_cut(trees, each), unseen, interval))
    kept = _cut(trees, rounds)
    return Grown(trees=replace(kept, share=share_of(kept, unseen, answers, interval)), rounds=rounds)


def share_of(trees: Trees, unseen: npt.NDArray[np.float32], answers: Answers, interval: Integers) -> float:
    """The share with the least loss, shrunk to an equal one; 0 where trees only make it worse."""
    said = trees.say(unseen)
    losses = [mean_hazard_loss(between(answers, said, share).hazards, interval) for share in SHARES]
    best = float(SHARES[int(np.argmin(losses))])
    return round((best + EQUAL) / 2, 3) if best > 0 else 0.0


def _ensemble(
    examples: Examples,
    chosen: npt.NDArray[np.bool_],
    target: npt.NDArray[np.generic],
    objective: str,
    rounds: int,
    seed: int,
) -> lightgbm.Booster:
    data = lightgbm.Dataset(
        examples.tabular[chosen], target[chosen].astype(np.float64), weight=examples.weight[chosen], free_raw_data=False
    )
    return lightgbm.train(SHAPE | {"objective": objective, "seed": seed}, data, rounds)


def _cut(trees: Trees, rounds: int) -> Trees:
    texts: Sequence[str] = [each.model_to_string(num_iteration=rounds) for each in trees.ensembles]
    return Trees(tuple(lightgbm.Booster(model_str=text) for text in texts), trees.share)


def _loss(trees: Trees, unseen: npt.NDArray[np.float32], interval: Integers) -> float:
    return mean_hazard_loss(trees.say(unseen)[0], interval)
