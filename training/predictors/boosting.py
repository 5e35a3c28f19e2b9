"""How trees grow: for how long is decided on windows that the fit has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.networks.network import HORIZONS
from scoring.predictors.boosters import lightgbm
from scoring.predictors.trees import Trees
from scoring.seen.actions import Floats, Integers
from training.loss import level_free_loss
from training.material.examples import Examples

SHAPE = {
    "num_leaves": 8, "learning_rate": 0.03, "min_data_in_leaf": 100, "lambda_l2": 10.0,
    "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
"""Shallow and slow: what is learned must outlast the season it was learned in."""
ROUNDS = (100, 150, 200, 300)
"""Between which the rehearsal chooses."""
FEWEST = 500
"""Questions, below which there are no trees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """Trees of a rehearsal, and what it taught about them."""

    trees: Trees
    rounds: int


def grow(examples: Examples, *, rounds: int, seed: int) -> Trees | None:
    """Trees on these examples; None where there are too few, or too few come to the last interval without an order."""
    labels, bought = examples.labels, examples.labels.bought > 0
    fewest = min(bought.sum(), (labels.closed & labels.reached(len(HORIZONS) - 1)).sum())
    if labels.closed.sum() < FEWEST or fewest < FEWEST // 10 or rounds == 0:
        return None
    known, weight = examples.tabular, examples.weight
    ensembles = []
    for step in range(len(HORIZONS)):
        at = labels.reached(step)
        came = (labels.interval[at] == step).astype(np.float64)
        ensembles.append(ensemble(known[at], came, weight[at], "binary", rounds, seed))
    logs = np.log(np.maximum(labels.spend[bought], 1.0))
    return Trees((*ensembles, ensemble(known[bought], logs, weight[bought], "regression", rounds, seed)))


def grow_silent(examples: Examples, *, rounds: int, seed: int) -> lightgbm.Booster | None:
    """Of silence, given no order; None where too few were silent, or too few were not."""
    labels = examples.labels
    at = labels.closed & (labels.interval == len(HORIZONS))
    silent = labels.silent[at]
    if min(silent.sum(), (1 - silent).sum()) < FEWEST // 10:
        return None
    return ensemble(examples.tabular[at], silent, examples.weight[at], "binary", rounds, seed)


def rehearse_trees(
    examples: Examples, unseen: npt.NDArray[np.float32], interval: Integers, *, most: int, seed: int
) -> Grown | None:
    """Trees of so many rounds that they forecast best what the fit has not seen: questions `unseen` [P, S]."""
    trees = grow(examples, rounds=most, seed=seed)
    if trees is None:
        return None
    tried = [each for each in ROUNDS if each <= most] or [most]
    rounds = min(tried, key=lambda each: _loss(_cut(trees, each), unseen, interval))
    return Grown(trees=_cut(trees, rounds), rounds=rounds)


def foretold(
    known: npt.NDArray[np.float32], target: Floats, weight: Floats, asked: npt.NDArray[np.float32], *,
    objective: str, rounds: int, seed: int,
) -> Floats:  # fmt: skip
    """[P] of an objective at `asked` [P, S], by trees on what is known [N, S]."""
    grown = ensemble(known, target, weight, objective, rounds, seed)
    return np.asarray(grown.predict(asked, num_threads=1), dtype=np.float64)


def ensemble(
    known: npt.NDArray[np.float32], target: Floats, weight: Floats, objective: str, rounds: int, seed: int
) -> lightgbm.Booster:
    """Trees on what is known [N, S], by weight [N], for one target [N]."""
    data = lightgbm.Dataset(known, target, weight=weight, free_raw_data=False)
    return lightgbm.train(SHAPE | {"objective": objective, "seed": seed}, data, rounds)


def _cut(trees: Trees, rounds: int) -> Trees:
    texts: Sequence[str] = [each.model_to_string(num_iteration=rounds) for each in trees.ensembles]
    return Trees(tuple(lightgbm.Booster(model_str=text) for text in texts))


def _loss(trees: Trees, unseen: npt.NDArray[np.float32], interval: Integers) -> float:
    return level_free_loss(trees.hazards(unseen), interval)
