"""What each question may see, one line per action: the sums, counts and last values that features are made of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Actions, Floats, Integers, Pairs

DAY = 86_400.0
"""Seconds."""

KINDS = 8
"""One more than the largest EventType."""
WINDOWS = np.array([7.0, 30.0, 90.0, 180.0, 365.0])
"""Days; an action of exactly that age is inside."""
W7, W30, W90, W180, W365, EVER = range(6)

Where = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """E actions seen by P pairs, in order of pair and time."""

    actions: Actions
    pairs: Pairs
    pair: Integers
    """[E] which pair sees the action."""
    action: Integers
    """[E] place in `actions`."""
    kind: Integers
    """[E]"""
    age: Floats
    """[E] days before the as-of time, above 0."""
    amount: Floats
    """[E] minor units."""

    def windows(self, weights: Floats | None = None) -> Floats:
        """[P, KINDS, 6] counts, or sums of weights [E], of each kind within each window and ever."""
        slot = (self.pair * KINDS + self.kind) * (len(WINDOWS) + 1) + WINDOWS.searchsorted(self.age)
        table = np.bincount(slot, weights, minlength=len(self.pairs) * KINDS * (len(WINDOWS) + 1)).astype(np.float64)
        return table.reshape(-1, KINDS, len(WINDOWS) + 1).cumsum(axis=2)

    def total(self, weights: Floats, where: Where) -> Floats:
        """[P] sums of weights [E] over some of the actions."""
        return np.bincount(self.pair[where], weights[where], minlength=len(self.pairs)).astype(np.float64)

    def count(self, where: Where) -> Floats:
        """[P] how many of some of the actions."""
        return np.bincount(self.pair[where], minlength=len(self.pairs)).astype(np.float64)

    def last(self, values: Floats, where: Where) -> Floats:
        """[P] the value of the latest of some of the actions, NaN where there is none."""
        latest = np.full(len(self.pairs), np.nan)
        latest[self.pair[where]] = values[where]
        return latest

    def silence(self) -> Floats:
        """[P, KINDS] days since the latest action of each kind, NaN where there is none."""
        latest = np.full((len(self.pairs), KINDS), np.nan)
        latest[self.pair, self.kind] = self.age
        return latest

    def first(self, values: Floats, where: Where) -> Floats:
        """[P] the value of the earliest of some of the actions, NaN where there is none."""
        earliest = np.full(len(self.pairs), np.nan)
        earliest[self.pair[where][::-1]] = values[where][::-1]
        return earliest

    def largest(self, values: Floats, where: Where) -> Floats:
        """[P] the largest value of some of the actions, 0 where there is none."""
        largest = np.zeros(len(self.pairs))
        np.maximum.at(largest, self.pair[where], values[where])
        return largest


def view_of(actions: Actions, pairs: Pairs) -> View:
    """Expand the slices of the pairs into lines."""
    lengths = pairs.last - pairs.first
    begins = np.cumsum(lengths) - lengths
    pair = np.repeat(np.arange(len(pairs)), lengths)
    action = np.arange(int(lengths.sum())) + (pairs.first - begins)[pair]
    return View(
        actions=actions,
        pairs=pairs,
        pair=pair,
        action=action,
        kind=actions.kind[action].astype(np.int64),
        age=(pairs.as_of[pair] - actions.time[action]) / DAY,
        amount=actions.amount[action],
    )
