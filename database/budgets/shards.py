"""What campaigns may still use: limits and counters in shards. Only `database.budgets.ledger` moves a counter."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from database.budgets.ledger import Amounts
from database.budgets.tables import BudgetShardRow
from database.session import Snapshot, Transaction, driver_connection

# One statement sees one moment, so that a reservation is in both sums or in neither.
USAGE = """
SELECT coalesce(sum(reserved_count), 0)::bigint - lapsed.number AS reserved_count,
  coalesce(sum(reserved_minor), 0)::bigint - lapsed.minor AS reserved_minor,
  coalesce(sum(spent_count), 0)::bigint AS spent_count, coalesce(sum(spent_minor), 0)::bigint AS spent_minor
FROM (
  SELECT count(*) AS number, coalesce(sum(discount_minor), 0)::bigint AS minor FROM reservations
  WHERE campaign_id = %(campaign_id)s AND state = 'HELD' AND expire_time <= %(now)s
) AS lapsed LEFT JOIN budget_shards ON campaign_id = %(campaign_id)s GROUP BY lapsed.number, lapsed.minor
"""


class Quota(NamedTuple):
    """The most that a shard may give; None means without limit."""

    redemptions: int | None
    minor: int | None


class Shard(NamedTuple):
    """A shard as it stands."""

    quota: Quota
    redemptions: int
    """Reserved or spent."""
    minor: int
    """Likewise."""


def open_shards(transaction: Transaction, campaign_id: str, quotas: Sequence[Quota]) -> None:
    """Give a campaign its shards; one that has them keeps them."""
    rows = [
        {"campaign_id": campaign_id, "shard": shard, "quota_count": quota.redemptions, "quota_minor": quota.minor}
        for shard, quota in enumerate(quotas)
    ]
    transaction.execute(insert(BudgetShardRow).values(rows).on_conflict_do_nothing())


def usage(snapshot: Snapshot, campaign_id: str, now: datetime) -> Amounts:
    """What all shards count; reservations that lapsed by `now` count no more, swept or not."""
    found = driver_connection(snapshot).execute(USAGE, {"campaign_id": campaign_id, "now": now}).fetchone()
    assert found is not None, "sums have a row"
    return Amounts(*(int(str(amount)) for amount in found))


def locked(transaction: Transaction, campaign_id: str) -> list[Shard]:
    """Every shard of a campaign, which nobody else moves until the transaction ends."""
    query = select(BudgetShardRow).where(BudgetShardRow.campaign_id == campaign_id).order_by(BudgetShardRow.shard)
    rows = transaction.scalars(query.with_for_update())
    return [
        Shard(
            Quota(row.quota_count, row.quota_minor), row.reserved_count + row.spent_count,
            row.reserved_minor + row.spent_minor,
        )
        for row in rows
    ]  # fmt: skip


def set_quotas(transaction: Transaction, campaign_id: str, quotas: Sequence[Quota]) -> None:
    """Divide anew what a campaign may use, over shards that are locked."""
    for shard, quota in enumerate(quotas):
        which = update(BudgetShardRow).where(BudgetShardRow.campaign_id == campaign_id, BudgetShardRow.shard == shard)
        transaction.execute(which.values(quota_count=quota.redemptions, quota_minor=quota.minor))
