"""Whether the model treats groups of customers alike: whom it selects, whom of the buyers it finds, what comes true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats
from training.evaluating.comparison import OURS, Comparison, Interval, compare
from training.metrics import Figure, auc, calibration_error

SELECTED = 0.1
"""Share of all customers, those with the highest chance: whom a campaign of that size would address."""
FEWEST = 30
"""Customers of a group; smaller ones are judged together."""
OTHERS, UNKNOWN = "(others)", "(unknown)"
SELDOM, DRAWS, ROUNDING = 0.05, 2000, 1e-9
DEVIATIONS = 1.96
"""On either side of an interval of 95 %."""


def selection_rate(_: Floats, selected: Floats) -> float:
    """Share of a group that is selected."""
    return float(selected.mean())


def true_positive_rate(bought: Floats, selected: Floats) -> float:
    """Share of a group's buyers that is selected; NaN where nobody bought."""
    return float(selected[bought > 0].mean()) if bought.any() else float("nan")


def calibration_gap(bought: Floats, probability: Floats) -> float:
    """Mean chance less the rate that came: above 0 where the group is thought better than it is."""
    return float(probability.mean() - bought.mean())


SELECTION: Mapping[str, Figure] = {
    "selection_rate": selection_rate, "true_positive_rate": true_positive_rate,
}  # fmt: skip
CALIBRATION: Mapping[str, Figure] = {
    "calibration_gap": calibration_gap, "ece": calibration_error, "auc": auc,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Customers of one value of an attribute."""

    name: str
    selection: Comparison
    calibration: Comparison

    @property
    def figures(self) -> dict[str, float]:
        """All of them, by name."""
        return {**self.selection.figures[OURS], **self.calibration.figures[OURS]}

    @property
    def intervals(self) -> dict[str, Interval]:
        """Of the figures; of shares by Wilson's formula, for nobody of a few is no proof of nobody."""
        customers, rates = self.selection.customers, self.selection.figures[OURS]
        among = {"selection_rate": customers, "true_positive_rate": round(self.selection.mean * customers)}
        shares = {word: _wilson(rates[word], count) for word, count in among.items()}
        return {**shares, **self.calibration.intervals[OURS]}

    def to_json(self) -> dict[str, Any]:
        """For `--json`; what is not defined is null."""
        selection, calibration = self.selection.to_json(), self.calibration.to_json()
        return {
            "group": self.name,
            "customers": self.selection.customers,
            "buy_rate": self.selection.mean,
            "figures": selection["figures"][OURS] | calibration["figures"][OURS],
            "intervals": {word: each if np.isfinite(each).all() else None for word, each in self.intervals.items()},
        }


def groups_of(values: Sequence[str | None], bought: Floats, probability: Floats, *, seed: int) -> list[Group]:
    """By the attribute's value of each of P customers, the largest group first."""
    names = _names(values)
    selected = np.zeros(len(bought))
    selected[np.argsort(-probability, kind="stable")[: max(1, round(SELECTED * len(bought)))]] = 1.0
    kinds, counts = np.unique(names, return_counts=True)
    return [
        Group(
            name=str(name),
            selection=compare(bought[at], {OURS: selected[at]}, SELECTION, seed=seed),
            calibration=compare(bought[at], {OURS: probability[at]}, CALIBRATION, seed=seed),
        )
        for name in kinds[np.argsort(-counts, kind="stable")]
        for at in (names == name,)
    ]


class Disparity(NamedTuple):
    """How far groups lie apart."""

    selection_ratio: float | None
    """Lowest over highest selection rate; None where nobody is selected."""
    beyond_chance: bool
    """Whether groups that are selected alike lie so far apart less often than once in twenty."""
    true_positive_gap: float | None
    """Between the shares of buyers that are found; None where nobody bought."""


def disparity(groups: Sequence[Group]) -> Disparity:
    """Of one group or more."""
    rates = [group.figures["selection_rate"] for group in groups]
    least, most = min(rates), max(rates)
    found = [rate for group in groups if np.isfinite(rate := group.figures["true_positive_rate"])]
    return Disparity(
        selection_ratio=least / most if most > 0 else None,
        beyond_chance=_chance([group.selection.customers for group in groups], rates) < SELDOM,
        true_positive_gap=max(found) - min(found) if found else None,
    )


def _chance(sizes: Sequence[int], rates: Sequence[float]) -> float:
    """How often as many selected customers, drawn from all alike, lie as far from equal rates (Pearson's chi-square).

    It holds for small groups too, and for any number of them: of many, the two extreme ones always lie far apart.
    """
    selected = np.rint(np.array(sizes) * rates).astype(np.int64)
    equal = selected.sum() * np.array(sizes) / sum(sizes)
    drawn = np.random.default_rng(0).multivariate_hypergeometric(sizes, selected.sum(), DRAWS)
    apart, apart_by_chance = (((counts - equal) ** 2 / equal).sum(axis=-1) for counts in (selected, drawn))
    return float((1 + (apart_by_chance >= apart - ROUNDING).sum()) / (1 + DRAWS))


def _wilson(rate: float, count: int) -> Interval:
    """Of 95 %, of a share of so many (Wilson, 1927); of nobody there is none."""
    if count == 0:
        return float("nan"), float("nan")
    spread = DEVIATIONS**2 / count
    middle = (rate + spread / 2) / (1 + spread)
    half = DEVIATIONS * np.sqrt(rate * (1 - rate) / count + spread / (4 * count)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _names(values: Sequence[str | None]) -> npt.NDArray[np.str_]:
    named = np.array([UNKNOWN if value is None else value for value in values])
    kinds, counts = np.unique(named, return_counts=True)
    few = kinds[counts < FEWEST]
    return np.where(np.isin(named, few), OTHERS, named) if len(few) > 1 else named
