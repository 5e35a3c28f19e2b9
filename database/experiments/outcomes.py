"""What the customers of a campaign did in a span of time, as the sums that its results are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, text

from database.session import Snapshot
from events.event import EventType

EVENT_TYPES = {"purchase": int(EventType.PURCHASE), "return": int(EventType.RETURN)}
DRAWN = 20_000
"""Customers by whom it is told how revenue differs: of a million, a year of events takes a minute to read."""
PAID = """CASE WHEN currency IS NULL OR currency = :currency THEN
  CASE WHEN event_type = :purchase THEN 1 ELSE -1 END * round(coalesce(quantity, 1) * unit_price_minor)
END"""
"""By an event, in minor units: a return takes back what was paid, and money in another currency does not count."""
# Prices are before coupons, and what those of any
# campaign took off was not paid: whoever is held out of this one may have used another's. Nobody knows what those
# bought who were erased, so no group counts them; what their coupons took off was spent all the same.
MEMBERS = """
WITH member AS (
  SELECT customer_id, tier, arm, coalesce(nullif(purchase_90, 'NaN'), 0) AS chance, spend_minor::float8 AS expected,
    customers.create_time IS NOT NULL AS known
  FROM audiences LEFT JOIN customers USING (customer_id) WHERE campaign_id = :campaign_id
"""
SOME = """
  ORDER BY hashtext(customer_id), customer_id LIMIT :drawn
"""
OUTCOMES = f"""
), outcome AS (
  SELECT tier, arm, known, earliest, counted.*, coalesce(saved.discount, 0) AS discount,
    coalesce(saved.redeemed, 0) AS redeemed
  FROM member LEFT JOIN LATERAL (
    SELECT bool_or(event_type = :purchase) AS bought, min(time) AS earliest,
      sum({PAID}) AS paid
    FROM events WHERE customer_id = member.customer_id AND event_type IN (:purchase, :return)
      AND time >= :since AND time < :until
  ) AS acted ON true LEFT JOIN (
    SELECT customer_id, sum(discount_minor - refunded_minor) AS taken_off,
      sum(discount_minor - refunded_minor) FILTER (WHERE campaign_id = :campaign_id) AS discount,
      count(*) FILTER (WHERE campaign_id = :campaign_id AND NOT given_back) AS redeemed
    FROM redemptions
    WHERE currency = :currency AND redeem_time >= :since AND redeem_time < :until GROUP BY customer_id
  ) AS saved USING (customer_id) LEFT JOIN LATERAL (
    SELECT chance, expected, coalesce(acted.bought, false)::integer::float8 AS bought,
      (coalesce(acted.paid, 0) - coalesce(saved.taken_off, 0))::float8 AS revenue,
      (coalesce(acted.paid, 0) * :margin - coalesce(saved.taken_off, 0))::float8 AS margin
  ) AS counted ON known
)
"""  # noqa: S608 - made of constants
SUMS = text(
    MEMBERS
    + OUTCOMES
    + """
SELECT tier, arm, count(*) FILTER (WHERE known) AS count, count(*) FILTER (WHERE NOT known) AS erased,
  sum(redeemed)::bigint AS redeemed, sum(discount)::bigint AS discount,
  coalesce(sum(discount) FILTER (WHERE known), 0)::bigint AS known_discount,
  sum(bought) AS bought, sum(chance) AS chance, sum(chance * chance) AS chance_squared,
  sum(chance * bought) AS chance_bought, sum(expected) AS expected, sum(expected * expected) AS expected_squared,
  sum(revenue) AS revenue, sum(revenue * revenue) AS revenue_squared, sum(expected * revenue) AS expected_revenue,
  sum(margin) AS margin, sum(margin * margin) AS margin_squared, sum(expected * margin) AS expected_margin
FROM outcome GROUP BY tier, arm ORDER BY tier, arm
"""
)
SPREAD = text(
    MEMBERS
    + SOME
    + OUTCOMES
    + """
SELECT coalesce(avg(revenue), 0) AS mean, coalesce(stddev_pop(revenue), 0) AS deviation, min(earliest) AS earliest
FROM outcome
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Sums over the customers of a group: of an outcome y, of its prediction x, and of their products."""

    y: float
    y_squared: float
    x: float
    x_squared: float
    xy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOutcome:
    """What the customers of one tier did who are in one group of the experiment."""

    tier: str
    arm: str
    count: int
    """Without those who were erased."""
    erased_count: int
    redeemed_count: int
    """Coupons that were used, by those who were erased too."""
    discount_minor: int
    """What its coupons took off orders, likewise."""
    known_discount_minor: int
    """Of that, off the orders of those who are counted."""
    bought: Product
    """1 for a customer who bought, else 0; predicted by the purchase probability frozen in the audience."""
    revenue: Product
    """Minor units: purchases less returns less what coupons of any campaign took off; predicted by the expected spend
    frozen in the audience."""
    margin: Product
    """Minor units: the margin's part of purchases less returns, less the same; predicted likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of revenue, over the audience or those who were drawn of it."""

    mean: float
    deviation: float
    """Standard deviation."""
    earliest: datetime | None
    """When anybody first bought or returned something; None where nobody did."""


def outcomes(
    snapshot: Snapshot, campaign_id: str, *, currency: str, since: datetime, until: datetime, margin: float = 1.0
) -> list[GroupOutcome]:
    """Of every tier and group that have customers, from `since` until before `until`; `margin` is a part of a price."""
    asked = {**_parameters(campaign_id, currency, since, until), "margin": margin}
    return [_group(row) for row in snapshot.execute(SUMS, asked).mappings()]


def spread(snapshot: Snapshot, campaign_id: str, *, currency: str, since: datetime, until: datetime) -> Spread:
    """How revenue differs between customers, by always the same ones; the audience is not empty."""
    asked = {**_parameters(campaign_id, currency, since, until), "margin": 1.0, "drawn": DRAWN}
    return Spread(**snapshot.execute(SPREAD, asked).mappings().one())


def _parameters(campaign_id: str, currency: str, since: datetime, until: datetime) -> Mapping[str, object]:
    return {"campaign_id": campaign_id, "currency": currency, "since": since, "until": until, **EVENT_TYPES}


def _group(row: RowMapping) -> GroupOutcome:
    def product(outcome: str, predicted: str, squared: str) -> Product:
        return Product(
            y=row[outcome] or 0.0, y_squared=row[squared] or 0.0, x=row[predicted] or 0.0,
            x_squared=row[f"{predicted}_squared"] or 0.0, xy=row[f"{predicted}_{outcome}"] or 0.0,
        )  # fmt: skip

    return GroupOutcome(
        tier=row["tier"], arm=row["arm"], count=row["count"], erased_count=row["erased"],
        redeemed_count=row["redeemed"], discount_minor=row["discount"], known_discount_minor=row["known_discount"],
        bought=product("bought", "chance", "bought"),
        revenue=product("revenue", "expected", "revenue_squared"),
        margin=product("margin", "expected", "margin_squared"),
    )  # fmt: skip
