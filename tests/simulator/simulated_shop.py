"""A whole simulated shop in memory, for tests of statistics."""

from dataclasses import dataclass
from functools import cache

import polars as pl

from events.event import EventType
from simulator.catalogue import catalogue
from simulator.shop import Shop
from simulator.stream import simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedShop:
    """All blocks of a shop put together."""

    shop: Shop
    items: pl.DataFrame
    customers: pl.DataFrame
    events: pl.DataFrame
    future: pl.DataFrame
    truth: pl.DataFrame

    def of(self, kind: EventType) -> pl.DataFrame:
        """The events of one type in the history."""
        return self.events.filter(pl.col("event_type") == kind)

    def outcomes(self) -> pl.DataFrame:
        """The truth beside what happened in the 90 days: `bought`, `orders`, `spend`."""
        bought = self.future.filter(pl.col("event_type") == EventType.PURCHASE)
        happened = bought.group_by("customer_id").agg(
            orders=pl.col("order_id").n_unique(), spend=(pl.col("quantity") * pl.col("unit_price_minor")).sum()
        )
        joined = self.truth.join(happened, on="customer_id", how="left").with_columns(
            pl.col("orders", "spend").fill_null(0)
        )
        return joined.with_columns(bought=(pl.col("orders") > 0).cast(pl.Float64))


@cache
def simulated_shop(customers: int = 12_000) -> SimulatedShop:
    """Half of the customers get a coupon at `as_of`; made once for all tests of a process."""
    shop = Shop(customers=customers, seed=11, trial_share=0.5)
    blocks = list(simulate(shop))
    return SimulatedShop(
        shop=shop,
        items=catalogue(shop),
        customers=pl.concat(block.customers for block in blocks),
        events=pl.concat(block.events for block in blocks),
        future=pl.concat(block.future for block in blocks),
        truth=pl.concat(block.truth for block in blocks),
    )
