"""Shops that are generated, each with a law of its own: whose customers come once, weekly, by season, or less and less.

`simulator` makes one shop in all detail; these have orders alone, and differ in when their customers come.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from events.event import EVENT_SCHEMA, EventType

START = datetime(2022, 1, 1, tzinfo=UTC)
SALES = (40, 110, 160, 230, 300, 325, 405, 475, 525, 595, 665, 690)
CHRISTMASES = (330, 695, 1060)
"""Days after the start."""

Random = np.random.Generator
Customer = Iterator[tuple[float, float]]
"""Day and amount of each order, in no order; those before the first day and after the last do not count."""
Law = Callable[[Random, int], Customer]
"""Of one customer of a shop of so many days."""


def one_cohort(random: Random, days: int) -> Customer:
    """All begin within 84 days, then come at a rate of their own until they leave (BG/NBD), as in CDNOW."""
    day, rate = random.uniform(0, 84), random.gamma(0.5, 1 / 60)
    leaves, basket = random.beta(0.8, 2.2), np.exp(random.normal(3.3, 0.5))
    while day < days:
        yield day, basket * np.exp(random.normal(0, 0.55))
        if random.random() < leaves:
            break
        day += random.exponential(1 / rate)


def groceries(random: Random, days: int) -> Customer:
    """Every week or so, with pauses, at a pace that drifts."""
    day = random.uniform(0, days * 0.8) if random.binomial(1, 0.6) else random.uniform(0, 14)
    gap, steady, basket = np.exp(random.normal(np.log(8), 0.5)), random.uniform(2, 12), np.exp(random.normal(3.5, 0.5))
    end, pace = min(days, day + random.exponential(500)), 1.0
    while day < end:
        yield day, basket * np.exp(random.normal(0, 0.4))
        pace *= np.exp(random.normal(0, 0.05))
        day += random.gamma(steady, gap * pace / steady)
        if random.binomial(1, 0.02):
            day += random.uniform(10, 40)


def subscriptions(random: Random, days: int) -> Customer:
    """A month at one of three prices, until it is given up."""
    day, price, leaves = (
        random.uniform(0, days),
        random.choice([9.0, 19.0, 49.0], p=[0.5, 0.35, 0.15]),
        random.beta(2, 38),
    )
    while day < days:
        yield day, price
        day += 30.4 + random.normal(0, 0.4)
        if random.random() < leaves:
            break
        if random.binomial(1, 0.02):
            day += 30.4


def sales(random: Random, days: int) -> Customer:
    """At any time, and more on a dozen days of sale."""
    day = random.uniform(0, days) if random.binomial(1, 0.7) else random.choice(SALES) + random.uniform(0, 2)
    likes, rate, basket = random.beta(1, 3), random.gamma(0.7, 1 / 150), np.exp(random.normal(3, 0.7))
    end = day + random.exponential(400)
    for sale in SALES:
        if day < sale < end and random.random() < likes:
            yield sale + random.uniform(0, 2), 0.8 * basket * np.exp(random.normal(0, 0.8))
    while day < min(days, end):
        yield day, basket * np.exp(random.normal(0, 0.8))
        day += random.exponential(1 / rate)


def donations(random: Random, days: int) -> Customer:
    """Before Christmas, year after year; few by month."""
    first = random.choice(CHRISTMASES) + random.normal(12, 9) if random.binomial(1, 0.6) else random.uniform(0, days)
    faithful, gift = random.beta(3, 2), np.exp(random.normal(3.5, 0.8))
    yield first, gift
    if random.binomial(1, 0.08):
        day = first
        while day < days and not random.binomial(1, 0.03):
            day += 30.4
            yield day, gift / 4
        return
    for christmas in CHRISTMASES:
        if christmas > first + 60:
            if random.random() < faithful:
                yield christmas + random.normal(12, 9), gift * np.exp(random.normal(0, 0.3))
            elif random.binomial(1, 0.25):
                break
    if random.binomial(1, 0.1):
        yield first + random.exponential(200), gift / 2


def growing(random: Random, days: int) -> Customer:
    """More new customers from day to day, who stay for some months."""
    day = days * (1 + np.log(random.uniform(np.exp(-3.5), 1)) / 3.5)
    rate, end, basket = random.gamma(0.8, 1 / 70), day + random.exponential(200), np.exp(random.normal(3.4, 0.6))
    while day < min(days, end):
        yield day, basket * np.exp(random.normal(0, 0.5))
        day += random.exponential(1 / rate)


def dying(random: Random, days: int) -> Customer:
    """Fewer new customers, and all of them come less and less."""
    day, rate = random.beta(1, 3) * days, random.gamma(0.7, 1 / 80)
    end, basket = day + random.exponential(300), np.exp(random.normal(3.4, 0.6))
    while day < min(days, end):
        yield day, basket * np.exp(random.normal(0, 0.5))
        day += random.exponential(np.exp(day / 500) / rate)


def furniture(random: Random, days: int) -> Customer:
    """Once, or twice within a month; some again after one or two years."""
    day, basket = random.uniform(0, days), np.exp(random.normal(5.5, 0.9))
    while day < days:
        yield day, basket * np.exp(random.normal(0, 0.9))
        if random.binomial(1, 0.25):
            day += random.exponential(20)
        elif random.binomial(1, 0.5):
            day += random.gamma(3, 150)
        else:
            break


def wholesale(random: Random, days: int) -> Customer:
    """Few, steady, each at a pace of its own, some for a hundred times as much as others."""
    day, gap = random.uniform(0, days * 0.7), np.exp(random.normal(3, 0.7))
    end, basket = day + random.exponential(900), np.exp(random.normal(7, 1.2))
    while day < min(days, end):
        yield np.floor(day) + 0.4, basket * np.exp(random.normal(0, 0.7))
        day += random.gamma(2.5, gap / 2.5)


LAWS: Mapping[Law, tuple[int, int, tuple[int, ...]]] = {
    one_cohort: (4000, 560, (273, 424)),
    groceries: (700, 600, (273, 485)),
    subscriptions: (2500, 700, (334, 577)),
    sales: (3500, 720, (353, 591)),
    donations: (3000, 1200, (652, 749, 1018)),
    growing: (4000, 400, (243, 304)),
    dying: (3000, 800, (516, 683)),
    furniture: (5000, 900, (516, 790)),
    wholesale: (250, 700, (455, 577)),
}
"""Customers, days, and the days at which windows begin."""


def events_of(law: Law, seed: int) -> pl.DataFrame:
    """In EVENT_SCHEMA, by time."""
    customers, days, _ = LAWS[law]
    random = np.random.default_rng(seed)
    orders = [
        (str(number), START + timedelta(days=float(day)), f"item {random.integers(300)}", max(round(100 * amount), 50))
        for number in range(customers)
        for day, amount in law(random, days)
        if 0 <= day < days
    ]
    frame = pl.DataFrame(orders, ["customer_id", "time", "item_id", "unit_price_minor"], orient="row").sort("time")
    frame = frame.with_row_index("event_id").with_columns(
        order_id="event_id", event_type=int(EventType.PURCHASE), quantity=1.0, currency=pl.lit("GBP")
    )
    missing = {name: pl.lit(None) for name in EVENT_SCHEMA if name not in frame.columns}
    return frame.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in EVENT_SCHEMA.items())
