"""Predictors of one thing side by side on the same customers, with intervals by a paired bootstrap over customers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np

from scoring.seen.actions import Floats
from training.metrics import Figure

OURS = "model"
"""The predictor that the others are baselines of."""
RESAMPLES = 300
BOUNDS = (0.025, 0.975)
CHANCE = 0.5
"""AUC of a coin."""
FEWEST, FEWEST_OTHERS = 30, 5
"""Customers, and such of whom something else came than of most: of fewer, resamples do not tell how far chance reaches.

Where nobody of sixty bought, nobody does in any resample, and whoever says the least is ahead in all of them.
"""

Interval = tuple[float, float]
"""Of 95 %."""
Figures = Mapping[str, Mapping[str, float]]
"""Predictor to figures; NaN where one is not defined."""
V = TypeVar("V")
Intervals = Mapping[str, Mapping[str, Interval]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How well each predictor foretold what came."""

    customers: int
    mean: float
    """Of what came: a rate, or minor units."""
    figures: Figures
    intervals: Intervals
    """Of each figure."""
    differences: Intervals
    """Baseline to the interval of model minus baseline, for each figure."""
    telling: bool
    """Whether customers are enough to say that one predictor is ahead."""

    @property
    def near_chance(self) -> bool:
        """Whether the model may rank these customers no better than a coin."""
        low, _ = self.intervals[OURS]["auc"]
        return not low > CHANCE

    def beside(self, other: Self) -> Self:
        """With the figures of another one of the same predictors, customers and mean."""
        return replace(
            self, figures=_both(self.figures, other.figures), intervals=_both(self.intervals, other.intervals),
            differences=_both(self.differences, other.differences),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """For `--json`; what is not defined is null."""
        return {
            "customers": self.customers,
            "mean": self.mean,
            "figures": {name: _defined(figures) for name, figures in self.figures.items()},
            "intervals": {name: _defined(intervals) for name, intervals in self.intervals.items()},
            "differences": {
                name: _defined(intervals) if self.telling else dict.fromkeys(intervals)
                for name, intervals in self.differences.items()
            },
            "telling": self.telling,
        }


def compare(came: Floats, said: Mapping[str, Floats], figures: Mapping[str, Figure], *, seed: int) -> Comparison:
    """Figures of what everybody said [P] of what came [P]; all predictors meet the same resamples."""
    random = np.random.default_rng(seed)
    draws = [random.integers(0, len(came), len(came)) for _ in range(RESAMPLES)]
    found = {name: {word: figure(came, values) for word, figure in figures.items()} for name, values in said.items()}
    drawn = {
        name: {word: np.array([figure(came[draw], values[draw]) for draw in draws]) for word, figure in figures.items()}
        for name, values in said.items()
    }
    _, alike = np.unique(came, return_counts=True)
    ours, theirs = drawn[OURS], {name: of for name, of in drawn.items() if name != OURS}
    return Comparison(
        customers=len(came),
        mean=float(came.mean()),
        figures=found,
        intervals={name: {word: _interval(found[name][word], of[word]) for word in of} for name, of in drawn.items()},
        differences={
            name: {word: _interval(found[OURS][word] - found[name][word], ours[word] - of[word]) for word in of}
            for name, of in theirs.items()
        },
        telling=len(came) >= FEWEST and len(came) - int(alike.max()) >= FEWEST_OTHERS,
    )


def _both(one: Mapping[str, Mapping[str, V]], other: Mapping[str, Mapping[str, V]]) -> dict[str, dict[str, V]]:
    return {name: {**figures, **other[name]} for name, figures in one.items()}


def _interval(found: float, drawn: Floats) -> Interval:
    """Around what was found: a calibration error grows by resampling alone, and all draws are off by as much."""
    finite = drawn[np.isfinite(drawn)]
    if len(finite) == 0 or not np.isfinite(found):
        return float("nan"), float("nan")
    low, high = (np.quantile(finite, BOUNDS) - finite.mean() + found).tolist()
    return low, high


def _defined(values: Mapping[str, float] | Mapping[str, Interval]) -> dict[str, Any]:
    return {word: value if np.isfinite(value).all() else None for word, value in values.items()}
