"""Shops that are parts of Online Retail II, or that shop seen otherwise: by till, by currency, its products' demand.

Nothing from HIDDEN on is used: whole models are judged by that window, so nothing should be chosen by it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from admin.learning.data import TrainingData
from events.event import EventType

HIDDEN = datetime(2011, 9, 10, tzinfo=UTC)
HOME = "United Kingdom"
SEED = 2811
CHEAP = 600
"""Pence."""

Part = Callable[[TrainingData], pl.DataFrame]
"""Its events, in EVENT_SCHEMA."""


def part_of(data: TrainingData, part: Part) -> TrainingData:
    """As if it were a shop."""
    return replace(data, events=part(data).sort("time", maintain_order=True))


def all_of(data: TrainingData) -> pl.DataFrame:
    """The whole shop."""
    return data.events


def since(year: int, month: int) -> Part:
    """A shop whose records begin later."""
    return lambda data: data.events.filter(pl.col("time") >= datetime(year, month, 1, tzinfo=UTC))


def at_home(data: TrainingData) -> pl.DataFrame:
    """Customers in the shop's own country."""
    home = data.customers.filter(pl.col("country") == HOME)
    return data.events.join(home, on="customer_id", how="semi")


def abroad(data: TrainingData) -> pl.DataFrame:
    """All others."""
    return data.events.join(at_home(data), on="customer_id", how="anti")


def customers(low: float, high: float) -> Part:
    """Some of them, at random."""
    return lambda data: data.events.filter(_random("customer_id", data.events).is_between(low, high, closed="left"))


def by_first_order(low: float, high: float) -> Part:
    """Customers whose first order was small or large among all, by quantiles of its amount."""

    def part(data: TrainingData) -> pl.DataFrame:
        bought = _purchases(data).filter(pl.col("order_id") == pl.col("order_id").first().over("customer_id"))
        first = bought.group_by("customer_id").agg(_AMOUNT.sum().alias("amount"))
        rank = pl.col("amount").rank("ordinal") / pl.len()
        return data.events.join(first.filter(rank.is_between(low, high)), on="customer_id", how="semi")

    return part


def by_week(data: TrainingData) -> pl.DataFrame:
    """A shop that knows the week of an order alone."""
    week = pl.col("time").dt.truncate("1w")
    order = pl.col("customer_id") + "-" + week.dt.date().cast(pl.String)
    return data.events.with_columns(time=week, order_id=order)


def times_price(factor: float) -> Part:
    """Another currency."""
    price = (pl.col("unit_price_minor") * factor).round().clip(1).cast(pl.Int64)
    return lambda data: data.events.with_columns(unit_price_minor=price)


def without_lines(data: TrainingData) -> pl.DataFrame:
    """A shop that records totals of orders alone."""
    orders = _purchases(data).group_by("order_id", "customer_id", maintain_order=True)
    first = pl.exclude("time", "unit_price_minor", "order_id", "customer_id").first()
    merged = orders.agg(pl.col("time").min(), _AMOUNT.sum().round().cast(pl.Int64).alias("unit_price_minor"), first)
    merged = merged.with_columns(item_id=pl.lit("order"), quantity=1.0)
    return merged.select(data.events.columns)


def without_returns(data: TrainingData) -> pl.DataFrame:
    """A shop that keeps its returns elsewhere."""
    return _purchases(data)


def hours_later(data: TrainingData) -> pl.DataFrame:
    """In another zone."""
    return data.events.with_columns(pl.col("time") + pl.duration(hours=9))


def products(share: float) -> Part:
    """Its products as customers, who buy customers, of some of the orders."""

    def part(data: TrainingData) -> pl.DataFrame:
        lines = _purchases(data).filter(_random("order_id", data.events) < share, pl.col("item_id").is_not_null())
        return lines.with_columns(customer_id="p" + pl.col("item_id"), item_id="c" + pl.col("customer_id"))

    return part


def half_the_orders(data: TrainingData) -> pl.DataFrame:
    """Every other one, and all returns: the rest went through another till."""
    other = (pl.col("event_type") == int(EventType.RETURN)) | (_random("order_id", data.events) < 1 / 2)
    return data.events.filter(other)


def cheap_lines(data: TrainingData) -> pl.DataFrame:
    """Lines below six pounds, of half the orders."""
    return half_the_orders(data).filter((pl.col("event_type") == int(EventType.PURCHASE)) & (_AMOUNT < CHEAP))


_AMOUNT = pl.col("quantity") * pl.col("unit_price_minor")


def _purchases(data: TrainingData) -> pl.DataFrame:
    return data.events.filter(pl.col("event_type") == int(EventType.PURCHASE))


def _random(column: str, events: pl.DataFrame) -> pl.Expr:
    """A number in [0, 1) of each value, equal for equal values."""
    values = events[column].drop_nulls().unique().sort()
    numbers = np.random.default_rng(SEED).random(len(values))
    return pl.col(column).replace_strict(values, numbers, default=0.0, return_dtype=pl.Float64)


PARTS: Mapping[str, tuple[Part, tuple[str, ...]]] = {
    "all": (all_of, ("2010-07-01", "2010-10-01", "2011-01-15", "2011-05-01")),
    "since 2010-06": (since(2010, 6), ("2011-03-01",)),
    "since 2010-12": (since(2010, 12), ("2011-05-15",)),
    "at home": (at_home, ("2011-04-20",)),
    "abroad": (abroad, ("2011-05-15",)),
    "a third": (customers(0, 1 / 3), ("2010-11-15",)),
    "another third": (customers(1 / 3, 2 / 3), ("2011-03-01",)),
    "the last third": (customers(2 / 3, 1), ("2011-06-01",)),
    "a tenth": (customers(0, 0.1), ("2011-01-15", "2011-06-01")),
    "another tenth": (customers(0.5, 0.6), ("2011-04-01",)),
    "a twentieth": (customers(0.8, 0.85), ("2011-05-15",)),
    "large first orders": (by_first_order(2 / 3, 1), ("2011-06-01",)),
    "small first orders": (by_first_order(0, 1 / 3), ("2011-06-01",)),
    "weeks alone": (by_week, ("2011-06-06",)),
    "prices times 100": (times_price(100), ("2011-06-01",)),
    "prices by 20": (times_price(1 / 20), ("2011-06-01",)),
    "orders alone": (without_lines, ("2011-06-01",)),
    "no returns": (without_returns, ("2011-02-20",)),
    "nine hours later": (hours_later, ("2011-06-01",)),
    "half the orders": (half_the_orders, ("2011-05-01",)),
    "cheap lines": (cheap_lines, ("2011-04-01",)),
    "products": (products(1), ("2010-09-01", "2011-05-15")),
    "products, seldom": (products(0.06), ("2011-05-15",)),
}
"""And when windows begin."""
