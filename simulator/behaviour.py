"""The laws by which a customer moves from day to day; the simulation draws from them, the truth computes with them.

A customer is in one of four levels of attachment (lapsed, drifting, steady, keen), one of three intents (idle,
browsing, ready to buy), and has a coupon in mind or not: a Markov chain whose probabilities depend on the customer's
traits, the day and whether a message came. Each day runs: coupon forgotten or issued; need arises; browsing ripens or
fades; purchase or abandoned cart; the experience moves the level; the level drifts.
"""

from typing import Final

import numpy as np

from simulator.catalogue import Floats, Ints
from simulator.traits import Traits

LAPSED, DRIFTING, STEADY, KEEN = range(4)
IDLE, BROWSING, READY = range(3)
LEVELS, INTENTS = 4, 3

FIRST_LEVEL: Final = np.array([0.0, 0.2, 0.5, 0.3])
"""Of a customer who joins."""
NEED: Final = np.array([0.0, 0.22, 1.0, 2.1])
"""Factor on the rate of needs by level."""
IDLE_VIEWS: Final = np.array([0.0, 0.005, 0.03, 0.09])
"""Views per day without a need, by level."""
ENGAGED_VIEWS = 0.9
"""Views per day while a need is followed, beside the one that it begins with."""
LAPSE: Final = np.array([0.0, 6.0, 1.0, 0.15])
"""Factor on the lapse rate by level."""
RISE: Final = np.array([0.0, 0.006, 0.008, 0.0])
"""Probability per day to move one level up."""
SINK: Final = np.array([0.0, 0.0, 0.008, 0.014])
"""Probability per day to move one level down; leaving for good is apart."""
FORGET_COUPON = 1 / 21
RIPEN = 0.24
LOSE_INTEREST = 0.16
BUY = 0.40
ABANDON = 0.22
DELIGHTED = 0.15
"""Probability that a good purchase lifts the level."""
ALIENATED = 0.85
"""Probability that a bad purchase sets a customer drifting; one who drifts already leaves for good."""
COUPON_DISCOUNT = 0.10
COMPLEMENT_NEXT = 0.35
"""Probability that the next need is of the complement of the category bought last."""
FAVOURITE_COLLECTION = 0.5
"""Probability that a need is for the customer's favourite collection."""
MATCHING_EXTRA = 0.6
"""Probability that a complement bought along is of the collection of the main item."""
RETURN_GOOD, RETURN_BAD = 0.02, 0.55
REVIEW_GOOD, REVIEW_BAD = 0.16, 0.45

AFTER_BAD: Final = np.array([LAPSED, LAPSED, DRIFTING, DRIFTING])
"""Level of a customer whom a bad purchase alienated, by the level before."""


def onset(traits: Traits, factor: Floats | float, *, coupon: Ints | int, messaged: Ints | int) -> Floats:
    """Probability that a need arises today; `factor` is NEED of the level times the demand of the day."""
    lift = traits.coupon_lift**coupon * traits.message_lift**messaged
    return -np.expm1(-traits.need_rate * factor * lift)


def buying(traits: Traits, *, coupon: Ints | int, leisure: float) -> Floats:
    """Probability that a ready customer completes the purchase today; coupon and weekday act on the odds."""
    odds = BUY / (1 - BUY) * leisure * traits.coupon_lift**coupon
    chance: Floats = odds / (1 + odds)
    return chance


def abandoning(buy: Floats) -> Floats:
    """Probability that a ready customer gives up today: a fixed part of those who do not buy."""
    return (1 - buy) * ABANDON


def lapsing(traits: Traits, level: Ints | int) -> Floats:
    """Probability to leave for good today."""
    chance: Floats = traits.lapse_rate * LAPSE[level]
    return chance
