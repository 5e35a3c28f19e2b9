"""What is seen of customers day by day, as far as the laws of behaviour let it tell who will buy.

n customers, D days of history. Which items somebody looked at or bought says nothing of when the next order comes, and
is left out; so are the words of reviews, since the stars say the same.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import norm

from events.event import EventType
from simulator import behaviour as law
from simulator.catalogue import Floats, Ints
from simulator.history import DWELL_SPREAD, MAIN_ITEM_VIEWS, RETURNED_AFTER, REVIEWED_AFTER, interest
from simulator.journeys import Flags
from simulator.reviews import BAD_STARS, GOOD_STARS, STARS_SPREAD
from simulator.shop import Shop
from simulator.traits import POSITIVITY_SPREAD

SURE = 0.95
"""Of a chance that talkative customers would raise above 1."""
DISCOUNTED = 1 - law.COUPON_DISCOUNT / 2
"""Part of its full price below which an item was bought with a coupon."""
MOST_TOLD = 15.0
"""Of one order, as a logarithm of odds: what rounds a chance to 0 or 1 could never be unsaid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """[n, D] each unless another shape is said; nothing before a customer joined."""

    joined: Ints
    """[n] day of the first visit."""
    reachable: Flags
    """[n] whether a coupon or a message ever came."""
    views: Ints
    """But for those of items bought along."""
    dwell: Floats
    """[levels, 2, n, D] log-likelihood of the seconds on pages when idle and when engaged; 0 on days with an order."""
    carted: Flags
    ordered: Flags
    discounted: Flags
    """An order was paid with a coupon."""
    told: Floats
    """Log-odds that the day's order turned out bad, by what was returned and reviewed since, without the prior's."""
    coupon: Flags
    message: Flags

    def __len__(self) -> int:
        return len(self.joined)


def evidence_of(shop: Shop, events: pl.DataFrame, items: pl.DataFrame, customer_ids: pl.Series) -> Evidence:
    """Of these customers, by the events before the shop's `as_of`; ValueError for a customer without any."""
    mine = _placed(shop, events, customer_ids)
    seen = {kind: mine.filter(pl.col("event_type") == kind) for kind in EventType}
    shape = (len(customer_ids), shop.days)
    lines, order = _count(seen[EventType.PURCHASE], shape), seen[EventType.PURCHASE].unique(["customer", "order_id"])
    ordered = _count(order, shape) > 0
    along = np.where(ordered, lines - 1, 0)
    paid = seen[EventType.PURCHASE].join(items.select("item_id", full="unit_price_minor"), on="item_id", how="left")
    first = mine.group_by("customer").agg(pl.col("day").min()).sort("customer")
    if len(first) < len(customer_ids):
        raise ValueError(f"{len(customer_ids) - len(first)} customers have no event before {shop.as_of}")
    coupon, message = (_count(seen[kind], shape) > 0 for kind in (EventType.COUPON, EventType.MESSAGE))
    return Evidence(
        joined=first["day"].to_numpy(),
        reachable=np.asarray((coupon | message).any(axis=1)),
        views=np.maximum(_count(seen[EventType.VIEW], shape) - along, 0),
        dwell=_dwell(seen[EventType.VIEW], ordered),
        carted=_count(seen[EventType.CART], shape) > along,
        ordered=ordered,
        discounted=_count(paid.filter(pl.col("unit_price_minor") < DISCOUNTED * pl.col("full")), shape) > 0,
        told=_told(shop, seen, shape),
        coupon=coupon,
        message=message,
    )


def _placed(shop: Shop, events: pl.DataFrame, customer_ids: pl.Series) -> pl.DataFrame:
    """The events of these customers with the number of the `customer` and of the `day`."""
    numbers = pl.DataFrame({"customer_id": customer_ids, "customer": np.arange(len(customer_ids))})
    day = (pl.col("time") - pl.lit(shop.start)).dt.total_days()
    return events.filter(pl.col("time") < shop.as_of).join(numbers, on="customer_id").with_columns(day=day)


def _count(rows: pl.DataFrame, shape: tuple[int, int]) -> Ints:
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (rows["customer"].to_numpy(), rows["day"].to_numpy()), 1)
    return counts


def _dwell(views: pl.DataFrame, ordered: Flags) -> Floats:
    """On the day of an order pages of what was bought along cannot be told from others."""
    customer, day = views["customer"].to_numpy(), views["day"].to_numpy()
    alone = ~ordered[customer, day]
    place, seconds = (customer[alone], day[alone]), np.log(views["dwell_seconds"].to_numpy()[alone].clip(0.1))
    likelihood = np.zeros((law.LEVELS, 2, *ordered.shape))
    for level in range(law.LEVELS):
        idle, around, main = (
            norm.logpdf(seconds, interest(level, engaged=engaged, on_main=on_main), DWELL_SPREAD)
            for engaged, on_main in ((False, False), (True, False), (True, True))
        )
        engaged = np.logaddexp(np.log(1 - MAIN_ITEM_VIEWS) + around, np.log(MAIN_ITEM_VIEWS) + main)
        np.add.at(likelihood[level, 0], place, idle)
        np.add.at(likelihood[level, 1], place, engaged)
    return likelihood


def _told(shop: Shop, seen: dict[EventType, pl.DataFrame], shape: tuple[int, int]) -> Floats:
    orders = seen[EventType.PURCHASE].group_by("customer", "order_id").agg(pl.col("day").first(), lines=pl.len())
    returned = seen[EventType.RETURN].group_by("customer", "order_id").agg(returned=pl.len())
    reviewed = (
        seen[EventType.REVIEW].group_by("customer", "order_id").agg(reviewed=pl.len(), stars=pl.col("rating").mean())
    )
    rows = orders.join(returned, on=["customer", "order_id"], how="left")
    rows = rows.join(reviewed, on=["customer", "order_id"], how="left")
    bad, good = (_spoken(rows, shop.days, *chances) for chances in (
        (law.RETURN_BAD, law.REVIEW_BAD, BAD_STARS), (law.RETURN_GOOD, law.REVIEW_GOOD, GOOD_STARS),
    ))  # fmt: skip
    odds = np.zeros(shape)
    np.add.at(odds, (rows["customer"].to_numpy(), rows["day"].to_numpy()), (bad - good).clip(-MOST_TOLD, MOST_TOLD))
    return odds


def _spoken(orders: pl.DataFrame, days: int, returning: float, reviewing: float, stars: float) -> Floats:
    """[orders] log-likelihood of what came back and of what was said by now, of customers as talkative as the mean."""
    lines, age = orders["lines"].to_numpy(), days - orders["day"].to_numpy()
    likelihood = np.zeros(len(orders))
    for name, chance, (first, last) in (
        ("returned", returning, RETURNED_AFTER),
        ("reviewed", reviewing, REVIEWED_AFTER),
    ):
        done = orders[name].fill_null(0).to_numpy()
        by_now = np.minimum(chance, SURE) * np.clip((age - first) / (last - first), 1e-9, 1)
        likelihood += done * np.log(by_now) + np.maximum(lines - done, 0) * np.log1p(-by_now)
    spread = np.hypot(STARS_SPREAD, POSITIVITY_SPREAD)
    given = orders["stars"].to_numpy()
    return likelihood + np.where(np.isnan(given), 0.0, norm.logpdf(np.nan_to_num(given), stars, spread))
