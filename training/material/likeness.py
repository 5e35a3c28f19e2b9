"""Which windows are of a season far above the one ahead: who buys at its height tells little of who buys after it.

A season is how many more bought than the closed form says, which knows none. The one ahead is that of a year ago.
"""

import numpy as np

from scoring.answers import SEASON_REACH_DAYS, YEAR_DAYS
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from scoring.seen.view import DAY
from training.material.labels import LONGEST, Labels
from training.material.silence import has_long_silence
from training.metrics import level_offset

YOUNG = 120 * DAY
"""A shop this old has lapsed customers; before, everybody looks loyal, and its windows lie above any year."""
ALIKE, WIDTH = 1.0, 0.5
"""Logits above the season ahead from which on a window counts less, and how soon it does not count at all (the
deviation of a normal curve)."""
FEWEST = 50
"""Customers with an order, below which nothing is known of a window's season."""
FEWEST_BOUGHT = 100
"""Windows with an order among those alike, below which all count: nobody would be left to learn from."""


def likeness(raw: Floats, labels: Labels, as_of: Floats, orders: Floats, *, begin: float, until: float) -> Floats:
    """[P] from 1 to 0, how much questions count beside the season from `until` on, a year after records `begin`.

    `raw` [P, F] are their features, and `orders` the times of all that there are, ascending. All count alike where no
    window of a year ago is closed, or nobody ordered for long in it.
    """
    chance = raw[:, NAMES.index("chance_90")]
    told, alike = labels.closed & np.isfinite(chance), np.ones(len(as_of))
    asked, count = np.unique(as_of[told], return_counts=True)
    asked = asked[(count >= FEWEST) & (asked >= begin + YOUNG)]
    apart = np.abs(asked - until + YEAR_DAYS * DAY)
    if apart.min(initial=np.inf) > SEASON_REACH_DAYS * DAY:
        return alike
    ahead = apart.argmin()
    if has_long_silence(orders, asked[ahead], asked[ahead] + LONGEST):
        return alike
    windows = [told & (as_of == time) for time in asked.tolist()]
    seasons = np.array([level_offset(labels.bought[at], chance[at]) for at in windows])
    above = np.maximum(seasons - seasons[ahead] - ALIKE, 0.0)
    for time, each in zip(asked.tolist(), np.exp(-((above / WIDTH) ** 2) / 2).tolist(), strict=True):
        alike[as_of == time] = each
    bought = labels.bought > 0
    return alike if (alike[bought] > 1 / 2).sum() >= FEWEST_BOUGHT else np.ones(len(as_of))
