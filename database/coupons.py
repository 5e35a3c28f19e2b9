"""Coupons: issued in bulk, read and locked one by one."""

from sqlalchemy import select

from database.session import Snapshot, Transaction
from database.tables import CouponRow, EventRow
from events.event import EventType

FRESH = {"populate_existing": True}


def get(snapshot: Snapshot, code: str) -> CouponRow | None:
    """One coupon."""
    query = select(CouponRow).where(CouponRow.code == code)
    return snapshot.scalars(query.execution_options(**FRESH)).one_or_none()


def locked(transaction: Transaction, code: str) -> CouponRow | None:
    """A coupon that nobody else reserves or redeems until the transaction ends."""
    query = select(CouponRow).where(CouponRow.code == code).with_for_update()
    return transaction.scalars(query.execution_options(**FRESH)).one_or_none()


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str = "") -> list[CouponRow]:
    """Coupons of a campaign by customer_id; the next page is `after` the last customer of this one."""
    query = select(CouponRow).where(CouponRow.campaign_id == campaign_id, CouponRow.customer_id > after)
    return list(snapshot.scalars(query.order_by(CouponRow.customer_id).limit(limit)))


def has_bought(snapshot: Snapshot, customer_id: str, *, other_than: str | None) -> bool:
    """Whether a customer has any purchase on record; the order at hand may be recorded already and does not count."""
    bought = select(EventRow).where(EventRow.customer_id == customer_id, EventRow.event_type == EventType.PURCHASE)
    if other_than is not None:
        bought = bought.where(EventRow.order_id.is_distinct_from(other_than))
    return snapshot.execute(select(bought.exists())).scalar_one()
