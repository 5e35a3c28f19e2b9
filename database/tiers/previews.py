"""Who would move between tiers: counted by where from and where to, by live campaign, and some of them by name.

Everyone is counted where they would settle: who is kept for the grace period only is counted as gone, and apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import TextClause, text

from database.session import Snapshot
from database.terms.validity import EXPIRE_TIME
from database.tiers.standings import Placing, StoredStanding, following

LATEST = text("SELECT as_of, model_id, currency FROM scores ORDER BY as_of DESC, customer_id LIMIT 1")
CELLS = """
WITH {next} SELECT from_tier, settles, count(*), count(*) FILTER (WHERE settles <> to_tier), sum(spend_minor)::bigint,
  sum(stored_spend_minor)::bigint
FROM next GROUP BY from_tier, settles
"""
HOLDERS = f"""
WITH {{next}} SELECT campaign_id, count(*),
  count(*) FILTER (WHERE next.from_tier IS DISTINCT FROM coupons.tier),
  count(*) FILTER (WHERE array_position(ranks, next.settles) > array_position(ranks, coupons.tier)),
  count(*) FILTER (WHERE array_position(ranks, next.settles) < array_position(ranks, coupons.tier))
FROM coupons JOIN campaigns USING (campaign_id) JOIN next USING (customer_id)
CROSS JOIN (SELECT ARRAY['LOW', 'MID', 'HIGH']) AS ordered (ranks)
WHERE coupons.state = 'ISSUED' AND {EXPIRE_TIME} > :present AND campaigns.state <> 'ENDED'
GROUP BY campaign_id ORDER BY campaign_id
"""  # noqa: S608 - made of constants
# Some of each kind of move before more of any.
MOVERS = """
WITH {next}, drawn AS (
  SELECT *, row_number() OVER (PARTITION BY from_tier, settles ORDER BY hashtextextended(customer_id, :seed)) AS place
  FROM next WHERE from_tier <> settles
)
SELECT customer_id, from_tier, coalesce(from_since, :now) AS since, from_below_since, settles, value, stored_value
FROM drawn WHERE place <= :size ORDER BY place, from_tier, settles LIMIT :size
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """What the last rescoring left."""

    as_of: datetime
    model_id: str
    currency: str


class Cell(NamedTuple):
    """Customers of one tier who would settle in one tier."""

    from_tier: str | None
    """None for customers who have no tier yet."""
    to_tier: str
    customers: int
    waiting: int
    """Of them, those who keep the tier for the grace period."""
    spend_minor: int
    """What they are expected to spend, by the scores that are placed."""
    stored_spend_minor: int
    """The same by the stored scores."""


class Holders(NamedTuple):
    """Of live coupons of one campaign, beside the tier that the coupon was issued for."""

    campaign_id: str
    customers: int
    outside: int
    """Those who have another tier already."""
    above: int
    """Those who would settle in a higher one."""
    below: int


class Mover(NamedTuple):
    """A customer who would settle in another tier."""

    customer_id: str
    had: StoredStanding
    to_tier: str
    value: float
    """What the scheme measures: by the scores that are placed."""
    stored_value: float
    """The same by the stored scores."""


def latest(snapshot: Snapshot) -> Latest | None:
    """Of the stored scores; None when there are none."""
    row = snapshot.execute(LATEST).one_or_none()
    return None if row is None else Latest(as_of=row.as_of, model_id=row.model_id, currency=row.currency)


def cells(snapshot: Snapshot, placing: Placing) -> list[Cell]:
    """Every cell that is not empty."""
    return [Cell(*row) for row in snapshot.execute(_query(CELLS, placing), placing.parameters())]


def holders(snapshot: Snapshot, placing: Placing, present: datetime) -> list[Holders]:
    """By campaign: those whose coupon is unused and good until after the present."""
    asked = placing.parameters() | {"present": present}
    return [Holders(*row) for row in snapshot.execute(_query(HOLDERS, placing), asked)]


def movers(snapshot: Snapshot, placing: Placing, *, size: int, seed: int) -> Sequence[Mover]:
    """Up to so many, some of each kind of move; the same seed draws the same ones."""
    asked = placing.parameters() | {"size": size, "seed": seed}
    return [
        Mover(row.customer_id, StoredStanding(row.from_tier, row.since, row.from_below_since), *row[4:])
        for row in snapshot.execute(_query(MOVERS, placing), asked)
    ]


def _query(statement: str, placing: Placing) -> TextClause:
    return text(statement.format(next=following(placing)))
