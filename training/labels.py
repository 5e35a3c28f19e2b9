"""Cut-offs and what happened after them: only windows that are closed become labels."""

from dataclasses import dataclass

import numpy as np

from events.event import EventType
from scoring.actions import Actions, Floats, Integers, Pairs, pairs_of
from scoring.network import HORIZONS
from scoring.view import DAY, view_of
from training.configuration import Configuration

LONGEST = HORIZONS[-1] * DAY
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What P questions turned out to be."""

    interval: Integers
    """[P] which interval between horizons holds the first order; H for none of them."""
    spend: Floats
    """[P] over the longest horizon, minor units."""
    silent: Floats
    """[P] 1 where the customer did nothing at all over the longest horizon."""

    @property
    def bought(self) -> Floats:
        """[P] 1 where there was an order within the longest horizon."""
        return (self.interval < len(HORIZONS)).astype(np.float64)


def cutoffs_of(first: float, closed: float, configuration: Configuration) -> Floats:
    """Ascending as-of times whose windows end by `closed`: at most so many, the latest, evenly spaced."""
    latest = closed - LONGEST
    span = (latest - first) / DAY
    spacing = np.clip(span / configuration.cutoffs, configuration.spacing_days, configuration.widest_spacing_days)
    count = min(configuration.cutoffs, int(max(span, 0.0) // spacing))
    cutoffs: Floats = latest - np.arange(count)[::-1] * spacing * DAY
    return cutoffs


def questions(actions: Actions, cutoffs: Floats, customers: Integers | None = None) -> Pairs:
    """Every customer at every cut-off before which the customer did something."""
    if customers is None:
        customers = np.arange(len(actions.offsets) - 1)
    pairs = pairs_of(actions, np.repeat(customers, len(cutoffs)), np.tile(cutoffs, len(customers)))
    return pairs.some(pairs.last > pairs.first)


def labels_of(actions: Actions, pairs: Pairs) -> Labels:
    """What happened from each as-of time to the end of the longest horizon."""
    end = pairs_of(actions, pairs.customer, pairs.as_of + LONGEST).last
    window = view_of(actions, Pairs(customer=pairs.customer, as_of=pairs.as_of, first=pairs.last, last=end))
    bought = window.kind == EventType.PURCHASE
    days = -window.first(window.age, bought)
    interval = np.searchsorted(np.array(HORIZONS, dtype=np.float64), np.nan_to_num(days, nan=np.inf), side="right")
    return Labels(
        interval=interval,
        spend=window.total(window.amount, bought),
        silent=(window.count(window.kind < EventType.COUPON) == 0).astype(np.float64),
    )
