"""The chance of an order within any number of days, from those that the network answers for."""

import numpy as np

from scoring import buying
from scoring.buying import BuyingModel
from scoring.networks.network import HORIZONS
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

SHORTEST_DAYS, LONGEST_DAYS = 7, 365
LARGEST_CHANCE = 1.0 - 1e-12
SMALLEST_FALL = 1e-9
"""Of the closed form between two horizons, below which it tells nothing: who is active has ordered by then."""


def purchase_within(days: float, purchase: Floats, raw: Floats, model: BuyingModel) -> Floats:
    """[P] chance of an order within so many days, of chances [P, H] at HORIZONS and raw features [P, F].

    Between two horizons, and beyond the last, the log of the chance of no order goes on as the closed form's does. So
    the chance is the network's at HORIZONS, and never falls with the days.
    """
    known = (0.0, *HORIZONS)
    logs = np.log1p(-np.minimum(np.pad(purchase, ((0, 0), (1, 0))), LARGEST_CHANCE))
    upper = min(int(np.searchsorted(known, days)), len(HORIZONS))
    lower = upper - 1 if days <= known[upper] else 0
    begin, end, here = (log_no_order(each, raw, model) for each in (known[lower], known[upper], days))
    evenly = (days - known[lower]) / (known[upper] - known[lower])
    told = end - begin < -SMALLEST_FALL
    share = np.where(told, (here - begin) / np.where(told, end - begin, 1.0), evenly)
    chance: Floats = -np.expm1(logs[:, lower] + (logs[:, upper] - logs[:, lower]) * share)
    return chance


def log_no_order(days: float, raw: Floats, model: BuyingModel) -> Floats:
    """[P] log of the closed form's chance of no order within so many days, of raw features [P, F].

    For who has none yet, as if orders came at one rate.
    """
    bought, age, last = rhythm(raw)
    closed = buying.log_no_order(model, np.maximum(bought - 1.0, 0.0), last, age, days)
    return np.where(bought > 0, closed, -days)


def rhythm(raw: Floats) -> tuple[Floats, Floats, Floats]:
    """[P] days with an order, days since the first of them, and days from it to the last; 0 where there is none."""
    bought, age, silent = (raw[:, NAMES.index(name)] for name in ("order_days", "days_as_buyer", "days_since_order"))
    return bought, np.where(bought > 0, age, 0.0), np.where(bought > 0, age - silent, 0.0)
