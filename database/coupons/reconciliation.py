"""The figures that must agree if nothing was lost or made up, of campaigns, from one snapshot; and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from database.coupons.tables import ReconciliationRow
from database.session import Snapshot, Transaction
from database.terms.tables import CampaignRow

# Each figure as the ledger has it (or the rows themselves) beside the counter that caches it. A campaign is in the
# answer with its name and no figure if it has nothing to compare yet.
FIGURES = text("""
WITH page AS (
  SELECT campaign_id, redemption_limit, budget_minor, issued_count FROM campaigns
  WHERE campaign_id > :after AND campaign_id = coalesce(:only, campaign_id) ORDER BY campaign_id LIMIT :limit
), booked AS (
  SELECT campaign_id, shard, sum(reserved_count)::bigint AS reserved_count,
    sum(reserved_minor)::bigint AS reserved_minor, sum(spent_count)::bigint AS spent_count,
    sum(spent_minor)::bigint AS spent_minor
  FROM ledger JOIN page USING (campaign_id) GROUP BY campaign_id, shard
), shard AS (
  SELECT campaign_id, shard, quota_count, quota_minor, budget_shards.reserved_count, budget_shards.reserved_minor,
    budget_shards.spent_count, budget_shards.spent_minor
  FROM budget_shards JOIN page USING (campaign_id)
), total AS (
  SELECT campaign_id, sum(reserved_count)::bigint AS reserved_count, sum(reserved_minor)::bigint AS reserved_minor,
    sum(spent_count)::bigint AS spent_count, sum(spent_minor)::bigint AS spent_minor
  FROM booked GROUP BY campaign_id
), opened AS (
  SELECT campaign_id, sum(quota_count)::bigint AS quota_count, sum(quota_minor)::bigint AS quota_minor
  FROM shard GROUP BY campaign_id
), held AS (
  SELECT campaign_id, count(*) AS number, sum(discount_minor)::bigint AS minor
  FROM reservations JOIN page USING (campaign_id) WHERE state = 'HELD' GROUP BY campaign_id
), used AS (
  SELECT campaign_id, count(*) FILTER (WHERE NOT given_back) AS number,
    sum(discount_minor - refunded_minor)::bigint AS minor
  FROM redemptions JOIN page USING (campaign_id) GROUP BY campaign_id
), given AS (
  SELECT campaign_id, count(*) AS number, count(*) FILTER (WHERE state = 'REDEEMED') AS redeemed
  FROM coupons JOIN page USING (campaign_id) GROUP BY campaign_id
)
SELECT campaign_id, name, coalesce(truth, 0) AS truth, coalesce(counter, 0) AS counter FROM (
  SELECT campaign_id, figure.* FROM booked FULL JOIN shard USING (campaign_id, shard) CROSS JOIN LATERAL (VALUES
    ('reserved_count of shard ' || shard, booked.reserved_count, shard.reserved_count),
    ('reserved_minor of shard ' || shard, booked.reserved_minor, shard.reserved_minor),
    ('spent_count of shard ' || shard, booked.spent_count, shard.spent_count),
    ('spent_minor of shard ' || shard, booked.spent_minor, shard.spent_minor)
  ) AS figure (name, truth, counter)
  UNION ALL
  SELECT campaign_id, figure.* FROM page LEFT JOIN total USING (campaign_id) LEFT JOIN held USING (campaign_id)
  LEFT JOIN used USING (campaign_id) LEFT JOIN given USING (campaign_id) CROSS JOIN LATERAL (VALUES
    ('reservations held', total.reserved_count, held.number),
    ('money held by reservations', total.reserved_minor, held.minor),
    ('redemptions that count', total.spent_count, used.number),
    ('money of redemptions less refunds', total.spent_minor, used.minor),
    ('coupons redeemed', total.spent_count, given.redeemed),
    ('coupons issued', given.number, page.issued_count)
  ) AS figure (name, truth, counter)
  UNION ALL
  SELECT campaign_id, figure.* FROM page JOIN opened USING (campaign_id) CROSS JOIN LATERAL (VALUES
    ('limit on redemptions', page.redemption_limit, opened.quota_count),
    ('budget', page.budget_minor, opened.quota_minor)
  ) AS figure (name, truth, counter)
) AS figures ORDER BY campaign_id, name
""")


class Figure(NamedTuple):
    """One figure, from two sides."""

    campaign_id: str
    name: str
    truth: int
    """As the ledger has it, or the plan, or the rows themselves."""
    counter: int
    """As it is cached."""


class Verdict(NamedTuple):
    """What came of one campaign."""

    campaign_id: str
    figures: int
    """That were compared."""
    differences: Sequence[Mapping[str, Any]]


def figures(snapshot: Snapshot, *, after: str, limit: int, only: str | None = None) -> list[Figure]:
    """Of the campaigns that follow, by id; each has some. `only` is the one campaign that is looked at."""
    rows = snapshot.execute(FIGURES, {"after": after, "limit": limit, "only": only})
    return [Figure(*row) for row in rows]


def count_campaigns(snapshot: Snapshot) -> int:
    """How many there are to look at."""
    return snapshot.execute(select(func.count()).select_from(CampaignRow)).scalar_one()


def keep(transaction: Transaction, operation_id: str, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Write down what came of campaigns."""
    rows = [{"operation_id": operation_id, "time": now, **verdict._asdict()} for verdict in verdicts]
    if rows:
        transaction.execute(insert(ReconciliationRow).values(rows).on_conflict_do_nothing())


def verdicts(snapshot: Snapshot, operation_id: str) -> list[Verdict]:
    """What came of each campaign, by id."""
    query = select(ReconciliationRow).where(ReconciliationRow.operation_id == operation_id)
    rows = snapshot.scalars(query.order_by(ReconciliationRow.campaign_id))
    return [Verdict(row.campaign_id, row.figures, row.differences) for row in rows]
