"""Cut-offs and what happened after them: only what is over becomes a label."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from events.event import EventType
from scoring.answers import YEAR_DAYS
from scoring.networks.network import HORIZONS
from scoring.seen.actions import Actions, Floats, Integers, Pairs, pairs_of
from scoring.seen.view import DAY, view_of
from training.configuration import Configuration

LONGEST, SHORTEST = HORIZONS[-1] * DAY, HORIZONS[0] * DAY
"""Seconds."""
FORGOTTEN = 5.0
"""Memories after which a question counts so little (1/150) that it is not worth its time."""
SEASON_REACH = 2.0
"""Memories around the day a year ago within which questions count for the season that they were asked in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What P questions turned out to be."""

    told: Integers
    """[P] how many of the H intervals are over: fewer than H while the window is open."""
    interval: Integers
    """[P] which interval between horizons holds the first order; `told` for none of those that are over."""
    spend: Floats
    """[P] over the longest horizon, minor units; 0 while that is open, as the two below."""
    orders: Floats
    """[P] over the longest horizon."""
    silent: Floats
    """[P] 1 where the customer did nothing at all over the longest horizon."""

    @property
    def closed(self) -> npt.NDArray[np.bool_]:
        """[P] whether the longest horizon is over."""
        return np.asarray(self.told == len(HORIZONS))

    @property
    def bought(self) -> Floats:
        """[P] 1 where there was an order within the longest horizon, and that is over."""
        return (self.closed & (self.interval < len(HORIZONS))).astype(np.float64)

    def some(self, which: npt.NDArray[np.bool_]) -> Self:
        """Only those of some questions."""
        return type(self)(**{each.name: getattr(self, each.name)[which] for each in fields(self)})

    def reached(self, step: int) -> npt.NDArray[np.bool_]:
        """[P] whether the interval is over and no order came before it."""
        return (self.interval >= step) & (self.told > step)


def cutoffs_of(first: float, closed: float, configuration: Configuration, *, window: float = LONGEST) -> Floats:
    """Ascending as-of times whose windows end by `closed`: at most so many, the latest, evenly spaced, remembered.

    Remembered are the latest, and those of the season a year before `closed`.
    """
    latest = closed - window
    span = (latest - first) / DAY
    spacing = np.clip(span / configuration.cutoffs, configuration.spacing_days, configuration.widest_spacing_days)
    count = min(configuration.cutoffs, int(max(span, 0.0) // spacing))
    cutoffs: Floats = latest - np.arange(count)[::-1] * spacing * DAY
    return cutoffs[weights_at(cutoffs, latest, closed, configuration) > 0]


def open_cutoffs(cutoffs: Floats, until: float, configuration: Configuration) -> Floats:
    """As-of times after these, spaced as the latest of them, whose first interval at least is over by `until`."""
    if cutoffs[-1] > until - LONGEST:
        return np.zeros(0)
    spacing = np.diff(cutoffs[-2:]).max(initial=configuration.spacing_days * DAY)
    return np.arange(cutoffs[-1] + spacing, until - SHORTEST + 1e-6, spacing)


def weights_at(as_of: Floats, latest: float, until: float, configuration: Configuration) -> Floats:
    """[P] how much questions count that were asked at these times, in a fit that stands at `until`; 0 if forgotten.

    The latest counts 1; so does what is asked about the season ahead, by its own weight, though it is a year old.
    """
    memory = configuration.memory_days * DAY
    age, apart = (latest - as_of) / memory, np.abs(until - YEAR_DAYS * DAY - as_of) / memory
    recent = np.where(age <= FORGOTTEN, np.exp(-age), 0.0)
    season = np.where(apart <= SEASON_REACH, configuration.season_weight * np.exp(-apart), 0.0)
    return np.asarray(recent + season)


def questions(actions: Actions, cutoffs: Floats, customers: Integers | None = None) -> Pairs:
    """Every customer at every cut-off before which the customer did something."""
    if customers is None:
        customers = np.arange(len(actions.offsets) - 1)
    pairs = pairs_of(actions, np.repeat(customers, len(cutoffs)), np.tile(cutoffs, len(customers)))
    return pairs.some(pairs.last > pairs.first)


def labels_of(actions: Actions, pairs: Pairs, *, until: float = np.inf) -> Labels:
    """What happened from each as-of time to the end of the longest horizon; nothing from `until` on is seen."""
    told = (pairs.as_of[:, None] <= until - np.array(HORIZONS) * DAY).sum(axis=1)
    closed = told == len(HORIZONS)
    end = pairs_of(actions, pairs.customer, np.minimum(pairs.as_of + LONGEST, until)).last
    window = view_of(actions, Pairs(customer=pairs.customer, as_of=pairs.as_of, first=pairs.last, last=end))
    bought = window.kind == EventType.PURCHASE
    days = -window.first(window.age, bought)
    interval = np.searchsorted(np.array(HORIZONS, dtype=np.float64), np.nan_to_num(days, nan=np.inf), side="right")
    return Labels(
        told=told,
        interval=np.minimum(interval, told),
        spend=window.total(window.amount, bought) * closed,
        orders=window.count(bought) * closed,
        silent=closed * (window.count(window.kind < EventType.COUPON) == 0).astype(np.float64),
    )
