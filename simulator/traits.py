"""What makes one customer differ from another and never changes: drawn once, hidden from whoever predicts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.catalogue import ANY_COLLECTION, CATEGORIES, Floats, Ints
from simulator.shop import Shop

CHANNELS = ("email", "sms", "push")
COUNTRIES = ("GB", "IE", "DE", "FR", "NL", "ES")
ZONES = ("Europe/London", "Europe/Dublin", "Europe/Berlin", "Europe/Paris", "Europe/Amsterdam", "Europe/Madrid")
COUNTRY_SHARES = (0.62, 0.08, 0.11, 0.08, 0.06, 0.05)
CONSENT_SHARES = (0.72, 0.30, 0.35)
"""Of CHANNELS."""
APP_SHARE = 0.45
AVERSE_SHARE = 0.08
"""Customers whom a coupon puts off."""
POSITIVITY_SPREAD = 0.35
"""Standard deviation, in stars."""
FOUNDING_SHARE = 0.3
"""Customers who are there from the first day; the others join evenly over the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """n customers; every array is [n] unless another shape is said."""

    country: Ints
    """Index into COUNTRIES."""
    consent: npt.NDArray[np.bool_]
    """[n, channels]"""
    preferred: Ints
    """Index into CHANNELS, one with consent; -1 for nobody's."""
    on_app: npt.NDArray[np.bool_]
    joined: Ints
    """Day of the first visit, counted from the start of the history."""
    need_rate: Floats
    """Needs per day of a steady customer on an average day."""
    lapse_rate: Floats
    """Probability per day that a steady customer leaves for good."""
    price_sensitivity: Floats
    """0 to 1."""
    hunter: Ints
    """1 for bargain hunters, who prefer cheap items."""
    coupon_lift: Floats
    """Factor on the rate of needs and on the odds to complete a purchase while a coupon is in mind."""
    message_lift: Floats
    """Factor on the rate of needs on the day of a message."""
    disappointment: Floats
    """Probability that a purchase turns out bad."""
    positivity: Floats
    """Stars that the customer gives above or below the usual."""
    talkativeness: Floats
    """Factor on the probability to write a review."""
    curiosity: Floats
    """Factor on the number of views."""
    extra_lines: Floats
    """Mean number of complements bought along."""
    favourite: Ints
    """Collection the customer likes best."""
    taste: Floats
    """[n, CATEGORIES] running sum of the probability that a need is of each category; ends at 1."""

    def __len__(self) -> int:
        return len(self.joined)

    @property
    def addressable(self) -> npt.NDArray[np.bool_]:
        """Who agreed to at least one channel."""
        return self.preferred >= 0


def draw(shop: Shop, count: int, rng: np.random.Generator) -> Traits:
    """Traits of `count` customers. Price sensitivity drives hunting and coupons; need and curiosity go together."""
    sensitivity = rng.beta(1.6, 2.2, count)
    averse = rng.random(count) < AVERSE_SHARE
    appetite = rng.standard_normal(count)
    consent = rng.random((count, len(CHANNELS))) < CONSENT_SHARES
    tastes = rng.gamma(0.35, 1.0, (count, CATEGORIES)) + 1e-3
    taste = np.cumsum(tastes / tastes.sum(axis=1, keepdims=True), axis=1)
    taste[:, -1] = 1.0
    joined = rng.integers(0, shop.days, count)
    return Traits(
        country=rng.choice(len(COUNTRIES), count, p=COUNTRY_SHARES),
        consent=consent,
        preferred=_preferred(consent, rng),
        on_app=rng.random(count) < APP_SHARE,
        joined=np.where(rng.random(count) < FOUNDING_SHARE, 0, joined),
        need_rate=np.minimum(0.027 * np.exp(0.45 * appetite), 0.3),
        lapse_rate=np.minimum(0.00022 * np.exp(0.6 * rng.standard_normal(count)), 0.02),
        price_sensitivity=sensitivity,
        hunter=(rng.random(count) < sensitivity).astype(np.int64),
        coupon_lift=np.where(averse, 0.6, np.exp(0.2 + 2.4 * sensitivity)),
        message_lift=1 + rng.gamma(1.0, 0.8, count),
        disappointment=rng.beta(2.0, 10.0, count),
        positivity=rng.normal(0.0, POSITIVITY_SPREAD, count),
        talkativeness=rng.gamma(2.0, 0.5, count),
        curiosity=np.exp(0.25 * appetite + 0.35 * rng.standard_normal(count)),
        extra_lines=rng.gamma(2.0, 0.3, count),
        favourite=rng.integers(0, ANY_COLLECTION, count),
        taste=taste,
    )


def categories(taste: Floats, uniform: Floats) -> Ints:
    """[M] categories drawn from the running tastes [M, CATEGORIES] of M customers."""
    below: Ints = (taste <= uniform[:, None]).sum(axis=1)
    return np.minimum(below, CATEGORIES - 1)


def _preferred(consent: npt.NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    keen = np.where(consent, rng.random(consent.shape), -1.0)
    return np.where(consent.any(axis=1), keen.argmax(axis=1), -1)
