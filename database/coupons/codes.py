"""Coupons: issued in bulk, read and locked one by one."""

from typing import NamedTuple

from sqlalchemy import select, update

from database.coupons.by_hand import BY_HAND
from database.coupons.tables import CouponRow
from database.events.tables import EventRow
from database.session import Snapshot, Transaction, driver_connection, one
from database.terms.validity import EXPIRE_TIME
from events.event import EventType

GET = f"""
SELECT {CouponRow.column_names()}, {EXPIRE_TIME} AS expire_time, {BY_HAND} AS by_hand
FROM coupons JOIN campaigns USING (campaign_id) WHERE code = %(code)s
"""  # noqa: S608 - made of constants
LOCK = f"{GET} FOR UPDATE OF coupons"
STANDING = """
SELECT EXISTS (SELECT FROM reservations WHERE code = %(code)s AND state = 'HELD'),
  EXISTS (SELECT FROM redemptions WHERE code = %(code)s AND order_id = %(order_id)s),
  (SELECT coalesce(max(shard) + 1, 0) FROM budget_shards WHERE campaign_id = %(campaign_id)s)
"""


class Standing(NamedTuple):
    """What a code stands among."""

    reserved: bool
    """Whether something holds it, lapsed or not."""
    used_before: bool
    """Whether it was used on this order, given back since or not."""
    shards: int
    """Of its campaign's budget."""


def get(snapshot: Snapshot, code: str) -> CouponRow | None:
    return one(snapshot, CouponRow, GET, {"code": code})


def locked(transaction: Transaction, code: str) -> CouponRow | None:
    """A coupon that nobody else reserves, redeems or refunds until the transaction ends."""
    return one(transaction, CouponRow, LOCK, {"code": code})


def set_state(transaction: Transaction, code: str, state: str) -> None:
    """Of a coupon that is locked."""
    transaction.execute(update(CouponRow).where(CouponRow.code == code).values(state=state))


def standing(transaction: Transaction, campaign_id: str, code: str, order_id: str) -> Standing:
    """What a coupon that is locked stands among; in a statement of its own, for the lock may have been waited for."""
    asked = {"campaign_id": campaign_id, "code": code, "order_id": order_id}
    found = driver_connection(transaction).execute(STANDING, asked).fetchone()
    assert found is not None, "it selects one row"
    reserved, used_before, shards = found
    return Standing(bool(reserved), bool(used_before), int(str(shards)))


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str = "") -> list[CouponRow]:
    """Coupons of a campaign by customer_id; the next page is `after` the last customer of this one."""
    query = select(CouponRow).where(CouponRow.campaign_id == campaign_id, CouponRow.customer_id > after)
    return list(snapshot.scalars(query.order_by(CouponRow.customer_id).limit(limit)))


def of_customer(snapshot: Snapshot, campaign_id: str, customer_id: str) -> CouponRow | None:
    """The one that a campaign gave to a customer."""
    query = select(CouponRow).where(CouponRow.campaign_id == campaign_id, CouponRow.customer_id == customer_id)
    return snapshot.scalars(query).one_or_none()


def has_bought(snapshot: Snapshot, customer_id: str, *, other_than: str | None) -> bool:
    """Whether a customer has any purchase on record; the order at hand may be recorded already and does not count."""
    bought = select(EventRow).where(EventRow.customer_id == customer_id, EventRow.event_type == EventType.PURCHASE)
    if other_than is not None:
        bought = bought.where(EventRow.order_id.is_distinct_from(other_than))
    return snapshot.execute(select(bought.exists())).scalar_one()
