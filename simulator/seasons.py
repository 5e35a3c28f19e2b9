"""How busy each day is: the week, the year and the weeks before Christmas."""

import numpy as np

from simulator.catalogue import Floats, Ints
from simulator.shop import HORIZON_DAYS, Shop

WEEK = np.array([0.86, 0.78, 0.82, 0.90, 1.04, 1.36, 1.24])
"""Monday first; the mean is 1."""
YEAR_DAYS = 365.2425
YEARLY_SWING = 0.15
YEARLY_PEAK_DAY = 335.0
CHRISTMAS_LIFT = 0.6
CHRISTMAS_PEAK_DAY = 338.0
CHRISTMAS_SPREAD_DAYS = 12.0


def demand(shop: Shop) -> Floats:
    """[days + horizon] factor on the rate at which needs arise, day by day from the start of the history."""
    number = _days(shop)
    day_of_year = (shop.start.timetuple().tm_yday - 1 + number) % YEAR_DAYS
    yearly = 1 + YEARLY_SWING * np.cos(2 * np.pi * (day_of_year - YEARLY_PEAK_DAY) / YEAR_DAYS)
    christmas = 1 + CHRISTMAS_LIFT * np.exp(-0.5 * ((day_of_year - CHRISTMAS_PEAK_DAY) / CHRISTMAS_SPREAD_DAYS) ** 2)
    busy: Floats = leisure(shop) * yearly * christmas
    return busy


def leisure(shop: Shop) -> Floats:
    """[days + horizon] factor on the odds to complete a purchase, by the day of the week."""
    return WEEK[(shop.start.weekday() + _days(shop)) % len(WEEK)]


def _days(shop: Shop) -> Ints:
    return np.arange(shop.days + HORIZON_DAYS)
