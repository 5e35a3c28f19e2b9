"""A trial as trees read it: their bins are found once, however many trees grow on them."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from scoring.predictors.boosters import lightgbm
from scoring.seen.actions import Floats, Integers
from scoring.uplift.columns import Features
from training.uplift.trial import Flags, Trial

COMMON: dict[str, Any] = {
    "num_leaves": 4, "feature_fraction": 0.8, "bagging_fraction": 0.7, "bagging_freq": 1,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
    "feature_pre_filter": False,  # trees whose leaves differ in size grow on the same bins
}  # fmt: skip
STEP, LONGEST = 0.06, 4.0
"""Learning rate of every tree, and how many times as much at most where more is known."""
LEAF = 200
"""Fewest customers of one."""
SMALL = 20
"""A leaf holds no more than one in so many customers, however few they are."""
TOLD, LARGE = 20, 4
"""Outcomes of so many customers as a leaf holds where they are rare, but no more than one in so many customers."""
PLAIN, PLAIN_OUTCOMES = 50_000, 7_500
"""Customers, and outcomes, up to which trees are as cautious as can be; where more are known they go farther."""


def step_of(customers: int, outcomes: int) -> float:
    """Learning rate of trees for an effect: it grows with the root of what is known.

    As many trees then go farther, in the same time. `outcomes` is how often the rarer of yes and no came.
    """
    known = min(customers / PLAIN, outcomes / PLAIN_OUTCOMES)
    return STEP * min(math.sqrt(max(known, 1.0)), LONGEST)


def step_for(trial: Trial) -> float:
    """Learning rate of trees that say whom a treatment changes."""
    return step_of(len(trial), came(trial))


def came(trial: Trial) -> int:
    """How often the rarer of yes and no came, or an amount."""
    found = int(np.count_nonzero(trial.outcome))
    return min(found, len(trial) - found) if trial.binary else found


@dataclass(frozen=True)
class Grove:
    """A trial, whole or a part of one."""

    trial: Trial
    of: "tuple[Grove, Integers] | None" = None
    """Whose bins it has, and which customers of that one are its own; None where it has bins of its own."""

    def part(self, rows: Flags) -> "Grove":
        """Some of the customers. Of many the bins stay as they are; of few they are found anew."""
        trial, places = self.trial.part(rows), np.flatnonzero(rows)
        if len(trial) <= PLAIN:
            return Grove(trial)
        whole, held = self.of or (self, None)
        return Grove(trial, (whole, places if held is None else held[places]))

    @cached_property
    def arms(self) -> tuple["Grove", "Grove"]:
        """Those with the treatment, and the others."""
        return self.part(self.trial.treated), self.part(~self.trial.treated)

    def grow(
        self,
        target: Floats | Flags,
        shape: dict[str, Any],
        seed: int,
        *,
        rounds: int,
        step: float,
        conditioned: bool = False,
    ) -> lightgbm.Booster:
        """Trees for [N] targets; `conditioned` ones read the treatment as the last feature."""
        bins = self.conditioned_bins if conditioned else self.bins
        bins.set_label(target)
        return lightgbm.train(COMMON | self._leaf | shape | {"learning_rate": step, "seed": seed}, bins, rounds)

    @cached_property
    def bins(self) -> lightgbm.Dataset:
        """Of the features."""
        return self._binned(self.trial.features) if self.of is None else self._some(self.of[0].bins)

    @cached_property
    def conditioned_bins(self) -> lightgbm.Dataset:
        """Of the features and the treatment."""
        if self.of is not None:
            return self._some(self.of[0].conditioned_bins)
        return self._binned(np.column_stack([self.trial.features, self.trial.treated]))

    def _binned(self, features: Features) -> lightgbm.Dataset:
        found: lightgbm.Dataset = lightgbm.Dataset(
            features, self.trial.outcome, categorical_feature=list(self.trial.categorical), params=COMMON | self._leaf
        ).construct()
        return found

    def _some(self, bins: lightgbm.Dataset) -> lightgbm.Dataset:
        assert self.of is not None, "a part of a whole"
        found = bins.subset([], params=COMMON | self._leaf)
        found.used_indices = cast("list[int]", self.of[1].astype(np.int32))  # as a list they are twice the features
        found.construct().used_indices = None
        return found

    @property
    def _leaf(self) -> dict[str, Any]:
        customers = len(self.trial)
        told = TOLD * customers // max(came(self.trial), 1)
        least = min(told, customers // LARGE) if told > LEAF else min(LEAF, max(customers // SMALL, 1))
        return {"min_data_in_leaf": least}
