"""Histories written by hand, and a small random shop, for tests that say only what matters to them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from events.event import EVENT_SCHEMA, EventType
from events.history import Histories

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
NOW = AS_OF.timestamp()
DAY = 86_400.0

Row = dict[str, object]


def row(kind: EventType, days_ago: float, customer: object = "ann", **facts: object) -> Row:
    """One event so many days before AS_OF."""
    time = AS_OF - timedelta(days=days_ago)
    known = {"customer_id": customer, "time": time, "event_type": int(kind), "currency": "GBP"}
    return {"event_id": f"{customer}-{kind.word}-{days_ago}-{facts.get('item_id')}", **known, **facts}


def bought(days_ago: float, pence: int = 1000, customer: str = "ann", **facts: object) -> Row:
    """One line of an order."""
    made: Row = {"order_id": f"{customer}-{days_ago}", "item_id": "item-1", "quantity": 1.0, "unit_price_minor": pence}
    return row(EventType.PURCHASE, days_ago, customer, **(made | facts))


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    """In EVENT_SCHEMA; what is not said is null."""
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row") if rows else EVENT_SCHEMA.to_frame()


def histories(*rows: Row, customers: list[str] | None = None) -> Histories:
    return Histories.from_frame(frame(rows), customers)


def at(count: int = 1, days_later: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The as-of times of so many customers."""
    return np.full(count, NOW + days_later * DAY)


def random_shop(customers: int, *, seed: int, days: int = 400) -> pl.DataFrame:
    """Customers of different rhythms who look, buy and sometimes return; each prefers one half of twelve items."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(customers):
        name, rate = f"customer-{number:04d}", random.gamma(0.8, 1 / 60)
        first, half = random.uniform(0, days - 30), int(random.integers(2)) * 6
        times = first + np.cumsum(random.exponential(1 / max(rate, 1e-3), 60))
        for time in [first, *times[times < days]]:
            item = f"item-{half + int(random.integers(6))}"
            ago = days - float(time)
            if random.random() < 0.5:
                rows.append(row(EventType.VIEW, ago + 0.01, name, item_id=item, dwell_seconds=20.0))
            rows.append(bought(ago, int(random.lognormal(7, 0.6)), name, item_id=item, event_id=f"{name}-{ago}"))
            if random.random() < 0.1 and ago > 5:
                rows.append(row(EventType.RETURN, ago - 3, name, item_id=item, quantity=1.0, unit_price_minor=900))
    return frame(rows)
