"""Uses of codes on orders, and what was given back of them."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update

from database.coupons.tables import CouponRow, RedemptionRow
from database.session import Snapshot, Transaction, changed_rows, driver_connection

ADD = """
WITH added AS (
  INSERT INTO redemptions (redemption_id, code, campaign_id, customer_id, order_id, order_minor, discount_minor,
    currency, redeem_time, reservation_id, shard)
  VALUES (%(redemption_id)s, %(code)s, %(campaign_id)s, %(customer_id)s, %(order_id)s, %(order_minor)s,
    %(discount_minor)s, %(currency)s, %(redeem_time)s, %(reservation_id)s, %(shard)s)
), closed AS (
  UPDATE reservations SET state = 'REDEEMED' WHERE reservation_id = %(reservation_id)s AND state = 'HELD'
)
UPDATE coupons SET state = 'REDEEMED' WHERE code = %(code)s AND state = 'ISSUED'
"""
# Every zone of today begins its days at a quarter of an hour of UTC. PostgreSQL is not asked about zones: it takes CET
# for an hour all year long, and may be older than the zone.
BY_QUARTER = text("""
SELECT date_bin('15 minutes', redeem_time, 'epoch') AS quarter, sum(discount_minor - refunded_minor)::bigint
FROM redemptions WHERE campaign_id = :campaign_id GROUP BY quarter
""")
BY_HOUR = text("""
SELECT date_trunc('hour', redeem_time, 'UTC') AS hour, count(*) FROM redemptions
WHERE campaign_id = :campaign_id AND redeem_time >= :since AND NOT given_back GROUP BY hour
""")


def get(snapshot: Snapshot, redemption_id: str) -> RedemptionRow | None:
    query = select(RedemptionRow).where(RedemptionRow.redemption_id == redemption_id)
    return snapshot.scalars(query).one_or_none()


def on_order(snapshot: Snapshot, code: str, order_id: str) -> RedemptionRow | None:
    """The use of a code on an order, given back or not."""
    query = select(RedemptionRow).where(RedemptionRow.code == code, RedemptionRow.order_id == order_id)
    return snapshot.scalars(query).one_or_none()


def of_code(snapshot: Snapshot, code: str) -> list[RedemptionRow]:
    """Every use of a code, oldest first, also those that were given back."""
    query = select(RedemptionRow).where(RedemptionRow.code == code).order_by(RedemptionRow.redeem_time)
    return list(snapshot.scalars(query))


def spent_by_day(snapshot: Snapshot, campaign_id: str, zone: str) -> list[tuple[date, int]]:
    """What was taken off orders on each local day, less what was refunded of it since; days without any have none."""
    there, days = ZoneInfo(zone), Counter[date]()
    for quarter, minor in snapshot.execute(BY_QUARTER, {"campaign_id": campaign_id}):
        days[quarter.astimezone(there).date()] += minor
    return sorted(days.items())


def by_hour(snapshot: Snapshot, campaign_id: str, since: datetime) -> dict[datetime, int]:
    """Redemptions that count in each hour from `since` on; hours without any have none."""
    return dict(snapshot.execute(BY_HOUR, {"campaign_id": campaign_id, "since": since}).all())


def given_back_by(snapshot: Snapshot, order_id: str) -> set[str]:
    """Codes that an order used and gave back."""
    query = select(RedemptionRow.code).where(RedemptionRow.order_id == order_id, RedemptionRow.given_back)
    return set(snapshot.scalars(query))


def add(transaction: Transaction, redemption: Mapping[str, Any]) -> None:
    """Use a coupon that is locked and unused, and what holds it."""
    marked = driver_connection(transaction).execute(ADD, redemption).rowcount
    assert marked == 1, "a coupon that is locked and unused can be used"


def refund(transaction: Transaction, redemption_id: str, minor: int) -> bool:
    """Give back a part of what was taken off; False when less than that is left."""
    which = update(RedemptionRow).where(
        RedemptionRow.redemption_id == redemption_id,
        RedemptionRow.refunded_minor + minor <= RedemptionRow.discount_minor,
    )
    refunded = which.values(refunded_minor=RedemptionRow.refunded_minor + minor)
    return changed_rows(transaction.execute(refunded)) == 1


def give_back(transaction: Transaction, redemption_id: str, code: str) -> None:
    """Let a code that is locked be used again."""
    which = update(RedemptionRow).where(RedemptionRow.redemption_id == redemption_id)
    transaction.execute(which.values(given_back=True))
    transaction.execute(update(CouponRow).where(CouponRow.code == code).values(state="ISSUED"))
