"""What campaigns may still use: counters in shards, each moved by one guarded statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from database.budget_tables import BudgetShardRow
from database.ledger import Amounts
from database.session import Snapshot, Transaction, driver_connection

MOVE = """
UPDATE budget_shards SET reserved_count = reserved_count + %(reserved_count)s,
  reserved_minor = reserved_minor + %(reserved_minor)s, spent_count = spent_count + %(spent_count)s,
  spent_minor = spent_minor + %(spent_minor)s
WHERE campaign_id = %(campaign_id)s AND shard = %(shard)s
  AND reserved_count + %(reserved_count)s >= 0 AND reserved_minor + %(reserved_minor)s >= 0
  AND spent_count + %(spent_count)s >= 0 AND spent_minor + %(spent_minor)s >= 0
  AND coalesce(reserved_count + spent_count + %(reserved_count)s + %(spent_count)s <= quota_count, true)
  AND coalesce(reserved_minor + spent_minor + %(reserved_minor)s + %(spent_minor)s <= quota_minor, true)
"""
# One statement sees one moment, so that a reservation is in both sums or in neither.
USAGE = text("""
SELECT coalesce(sum(reserved_count), 0)::bigint - lapsed.number AS reserved_count,
  coalesce(sum(reserved_minor), 0)::bigint - lapsed.minor AS reserved_minor,
  coalesce(sum(spent_count), 0)::bigint AS spent_count, coalesce(sum(spent_minor), 0)::bigint AS spent_minor
FROM (
  SELECT count(*) AS number, coalesce(sum(discount_minor), 0)::bigint AS minor FROM reservations
  WHERE campaign_id = :campaign_id AND state = 'HELD' AND expire_time <= :now
) AS lapsed LEFT JOIN budget_shards ON campaign_id = :campaign_id GROUP BY lapsed.number, lapsed.minor
""")


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


def shards_of(snapshot: Snapshot, campaign_id: str) -> int:
    """How many shards a campaign has; 0 before its launch."""
    last = "SELECT max(shard) FROM budget_shards WHERE campaign_id = %s"
    found = driver_connection(snapshot).execute(last, (campaign_id,)).fetchone()
    return 0 if found is None or found[0] is None else int(str(found[0])) + 1


def move(transaction: Transaction, campaign_id: str, shard: int, change: Amounts) -> bool:
    """Amounts the counters of a shard; False when it has not so much left, or would give back what it never took.

    However many call at once, no counter passes its quota or falls below nothing.
    """
    parameters = {"campaign_id": campaign_id, "shard": shard, **change._asdict()}
    return driver_connection(transaction).execute(MOVE, parameters).rowcount == 1


def usage(snapshot: Snapshot, campaign_id: str, now: datetime) -> Amounts:
    """What all shards count; reservations that lapsed by `now` count no more, swept or not."""
    row = snapshot.execute(USAGE, {"campaign_id": campaign_id, "now": now}).one()
    return Amounts(*row)


def locked(transaction: Transaction, campaign_id: str) -> list[Shard]:
    """Every shard of a campaign, which nobody else moves until the transaction ends."""
    query = select(BudgetShardRow).where(BudgetShardRow.campaign_id == campaign_id).order_by(BudgetShardRow.shard)
    rows = transaction.scalars(query.with_for_update().execution_options(populate_existing=True))
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
