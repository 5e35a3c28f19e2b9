"""What the customers of a canary and of the active model did meanwhile, as the sums that results are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Double, cast, column, func, select, text

from database.customers.tables import CustomerRow
from database.experiments.assignment import Groups, group
from database.experiments.outcomes import EVENT_TYPES, PAID, Product
from database.models.canary_runs import CanaryRun
from database.reporting.refreshing import shop_currency
from database.session import Snapshot

CANARY, BETWEEN, ACTIVE = "canary", "between", "active"
MONEY = f"""
WITH money AS (
  SELECT customer_id, time, event_type = :purchase AS bought, {PAID} AS paid
  FROM events WHERE event_type IN (:purchase, :return) AND time < :until
)
"""  # noqa: S608 - made of constants
# What a customer did in the 90 days before foretells what came, whichever model answered.
ACTED = text(
    MONEY
    + """
SELECT customer_id, bool_or(bought AND time >= :since)::integer AS bought,
  sum(paid) FILTER (WHERE time >= :since) AS paid, bool_or(bought AND time < :since)::integer AS bought_before,
  sum(paid) FILTER (WHERE time < :since) AS paid_before
FROM money WHERE time >= CAST(:since AS timestamptz) - interval '90 days' GROUP BY customer_id
"""
).columns(*map(column, ("customer_id", "bought", "paid", "bought_before", "paid_before")))
# Prices are before the coupon.
SAVED = text("""
SELECT customer_id, sum(discount_minor - refunded_minor) AS discount FROM redemptions
WHERE redeem_time >= :since AND redeem_time < :until AND currency = :currency GROUP BY customer_id
""").columns(*map(column, ("customer_id", "discount")))
BOUGHT = text("""
SELECT DISTINCT customer_id FROM events
WHERE customer_id = ANY(:customers) AND event_type = :purchase AND time >= :since AND time < :until
""")
SPANS = """, acted AS (
  SELECT span, customer_id, bool_or(bought)::integer AS bought, coalesce(sum(paid), 0) AS paid
  FROM unnest(CAST(:spans AS integer[])) AS asked (span)
  JOIN money ON time >= CAST(:until AS timestamptz) - make_interval(days => span)
  GROUP BY span, customer_id
)
SELECT span, sum(bought)::float8, sum(paid)::float8, sum(paid * paid)::float8 FROM acted GROUP BY span ORDER BY span
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOutcome:
    """Of customers who were with one model all along; their own past is the covariate."""

    customers: int
    bought: Product
    """1 for a customer who bought, else 0."""
    paid: Product
    """Minor units: purchases less returns less discounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What all customers did in the days before a moment, as sums."""

    days: int
    bought: float
    paid: float
    paid_squared: float


def outcomes(snapshot: Snapshot, run: CanaryRun, until: datetime) -> dict[str, GroupOutcome]:
    """Of CANARY and of ACTIVE, from the beginning of the run until before `until`; a group of nobody is absent.

    Who came to be known later, and whom another share took from one model to the other, is not counted.
    """
    place = _place(run).label("place")
    member = select(CustomerRow.customer_id, place).where(CustomerRow.create_time < until).cte("member")
    outcome = _outcome(member)
    sums = [*_sums(outcome.c.bought, outcome.c.bought_before), *_sums(outcome.c.paid, outcome.c.paid_before)]
    query = select(outcome.c.place, func.count(), *sums).where(outcome.c.place != BETWEEN).group_by(outcome.c.place)
    asked = {"since": run.begin_time, "until": until, "currency": run.currency, **EVENT_TYPES}
    return {
        place: GroupOutcome(customers=count, bought=_product(found[:5]), paid=_product(found[5:]))
        for place, count, *found in snapshot.execute(query, asked)
    }


def members(snapshot: Snapshot, run: CanaryRun, place: str, *, limit: int) -> list[str]:
    """Customers of CANARY or ACTIVE who were known when the run began, drawn by a hash: the same ones tomorrow."""
    query = select(CustomerRow.customer_id).where(CustomerRow.create_time < run.begin_time, _place(run) == place)
    drawn = func.hashtext(CustomerRow.customer_id)
    return list(snapshot.scalars(query.order_by(drawn, CustomerRow.customer_id).limit(limit)))


def buyers(snapshot: Snapshot, customers: Sequence[str], *, since: datetime, until: datetime) -> set[str]:
    """Those of them who bought something from `since` until before `until`."""
    asked = {"customers": list(customers), "since": since, "until": until, **EVENT_TYPES}
    return set(snapshot.scalars(BOUGHT, asked))


def spans(snapshot: Snapshot, days: Sequence[int], *, until: datetime) -> list[Span]:
    """What customers did in the last of each of so many days before a moment; none where nobody did anything."""
    asked = {"spans": list(days), "until": until, "currency": shop_currency(snapshot), **EVENT_TYPES}
    return [
        Span(days=length, bought=bought, paid=paid, paid_squared=squared)
        for length, bought, paid, squared in snapshot.execute(text(MONEY + SPANS), asked)
    ]


def _place(run: CanaryRun) -> ColumnElement[str]:
    """With which model a customer was all along, or BETWEEN."""
    drawn = Groups((CANARY, BETWEEN, ACTIVE), (run.smallest_share, run.largest_share))
    return group(drawn, run.model_id, CustomerRow.customer_id)


def _outcome(member: CTE) -> CTE:
    """A row for each customer; zeros for who did nothing."""
    acted, saved = ACTED.cte("acted"), SAVED.cte("saved")
    joined = member.outerjoin(acted, acted.c.customer_id == member.c.customer_id).outerjoin(
        saved, saved.c.customer_id == member.c.customer_id
    )
    return (
        select(
            member.c.place,
            _known(acted.c.bought).label("bought"),
            (_known(acted.c.paid) - _known(saved.c.discount)).label("paid"),
            _known(acted.c.bought_before).label("bought_before"),
            _known(acted.c.paid_before).label("paid_before"),
        )
        .select_from(joined)
        .cte("outcome")
    )


def _known(value: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.coalesce(value, 0), Double)


def _product(sums: Sequence[float]) -> Product:
    y, y_squared, x, x_squared, xy = sums
    return Product(y=y, y_squared=y_squared, x=x, x_squared=x_squared, xy=xy)


def _sums(y: ColumnElement[float], x: ColumnElement[float]) -> list[ColumnElement[float]]:
    """In the order of `Product`."""
    return [func.sum(each) for each in (y, y * y, x, x * x, x * y)]
