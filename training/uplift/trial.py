"""An experiment as arrays: who was treated, with which probability, and what came of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats, Integers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """N customers; [N] each but the features."""

    features: Floats
    """[N, F], NaN where not known."""
    categorical: tuple[int, ...]
    """Of the features those that are levels."""
    treated: Flags
    outcome: Floats
    propensity: Floats
    """The probability with which each was treated, strictly between 0 and 1."""

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def binary(self) -> bool:
        """Whether the outcome is one that happens or not."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def part(self, rows: Flags | Integers) -> "Trial":
        """Some of the customers."""
        return Trial(
            features=self.features[rows], categorical=self.categorical, treated=self.treated[rows],
            outcome=self.outcome[rows], propensity=self.propensity[rows],
        )  # fmt: skip


def folds(trial: Trial, count: int, random: np.random.Generator) -> Integers:
    """[N] in 0..count-1, each with its share of the treated and of those with an outcome."""
    kinds = 2 * trial.treated + (trial.outcome != 0)
    drawn = np.empty(len(trial), dtype=np.int64)
    for kind in np.unique(kinds):
        rows = random.permutation(np.flatnonzero(kinds == kind))
        drawn[rows] = (np.arange(len(rows)) + random.integers(count)) % count
    return drawn
