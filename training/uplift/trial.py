"""An experiment as arrays: who was treated, with which probability, and what came of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats, Integers
from scoring.uplift.columns import Features

Flags = npt.NDArray[np.bool_]


class TrialNotUsable(ValueError):
    """The table does not hold an experiment that can be learned from; the message names the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """N customers, or N rows of fewer; [N] each but the features."""

    features: Features
    """[N, F], NaN where not known."""
    categorical: tuple[int, ...]
    """Of the features those that are levels."""
    treated: Flags
    outcome: Floats
    propensity: Floats
    """The probability with which each was treated, strictly between 0 and 1."""
    customer: Integers | None = None
    """Whose row it is, as a number from 0 without gaps; None where each has one row."""
    names: tuple[str, ...] = ()
    """Of the features, where they have any."""

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def binary(self) -> bool:
        """Whether the outcome is one that happens or not."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self) if self.customer is None else int(self.customer.max()) + 1

    @property
    def customers_treated(self) -> int:
        """How many of them were, once at least."""
        return int(np.count_nonzero(self.by_customer(self.treated.astype(np.float64))))

    def by_customer(self, each: Floats) -> Floats:
        """What rows count for [N], summed over those of a customer: they tell of one another."""
        if self.customer is None:
            return each
        return np.bincount(self.customer, each).astype(np.float64)

    def part(self, rows: Flags | Integers) -> "Trial":
        """Some of the rows."""
        return Trial(
            features=self.features[rows], categorical=self.categorical, treated=self.treated[rows],
            outcome=self.outcome[rows], propensity=self.propensity[rows], names=self.names,
            customer=None if self.customer is None else np.unique(self.customer[rows], return_inverse=True)[1],
        )  # fmt: skip


def folds(trial: Trial, count: int, random: np.random.Generator) -> Integers:
    """[N] in 0..count-1, each with its share of the treated and of those with an outcome; no customer is in two."""
    kinds = 2 * trial.treated + (trial.outcome != 0)
    if trial.customer is None:
        return _drawn(kinds, count, random)
    first = np.unique(trial.customer, return_index=True)[1]
    return _drawn(kinds[first], count, random)[trial.customer]


def _drawn(kinds: Integers, count: int, random: np.random.Generator) -> Integers:
    drawn = np.empty(len(kinds), dtype=np.int64)
    for kind in np.unique(kinds):
        rows = random.permutation(np.flatnonzero(kinds == kind))
        drawn[rows] = (np.arange(len(rows)) + random.integers(count)) % count
    return drawn
