"""Codes held for an order until a time. Whoever changes one holds the lock of its coupon, except those who sweep."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from database.coupons.tables import ReservationRow
from database.session import Snapshot, Transaction, changed_rows, one

HELD = "HELD"
OF_CODE = f"SELECT {ReservationRow.column_names()} FROM reservations WHERE code = %(code)s AND state = 'HELD'"  # noqa: S608 - made of constants
HOLDER = f"{OF_CODE} AND expire_time > %(now)s"
LOCK_HOLDER = f"{HOLDER} FOR UPDATE"
LAPSED = f"{OF_CODE} AND expire_time <= %(now)s"


def add(transaction: Transaction, reservation: Mapping[str, Any]) -> None:
    """Hold a code that nobody holds."""
    transaction.execute(insert(ReservationRow).values(**reservation))


def get(snapshot: Snapshot, reservation_id: str) -> ReservationRow | None:
    query = select(ReservationRow).where(ReservationRow.reservation_id == reservation_id)
    return snapshot.scalars(query).one_or_none()


def held(transaction: Transaction, code: str) -> ReservationRow | None:
    """What holds a code, lapsed or not, so that nobody else closes it until the transaction ends."""
    query = select(ReservationRow).where(ReservationRow.code == code, ReservationRow.state == HELD)
    return transaction.scalars(query.with_for_update()).one_or_none()


def holder(snapshot: Snapshot, code: str, now: datetime) -> ReservationRow | None:
    """What holds a code at this moment."""
    return one(snapshot, ReservationRow, HOLDER, {"code": code, "now": now})


def locked_holder(transaction: Transaction, code: str, now: datetime) -> ReservationRow | None:
    """Likewise, so that nobody else closes it until the transaction ends."""
    return one(transaction, ReservationRow, LOCK_HOLDER, {"code": code, "now": now})


def lapsed(snapshot: Snapshot, code: str, now: datetime) -> ReservationRow | None:
    """What held a code until its time was over, and was not given back yet."""
    return one(snapshot, ReservationRow, LAPSED, {"code": code, "now": now})


def close(transaction: Transaction, reservation_id: str, state: str) -> bool:
    """Let a reservation hold no more; False when it did not."""
    which = update(ReservationRow).where(ReservationRow.reservation_id == reservation_id, ReservationRow.state == HELD)
    return changed_rows(transaction.execute(which.values(state=state))) == 1


def lapse(
    transaction: Transaction, campaign_id: str, now: datetime, *, limit: int | None, wait: bool
) -> list[ReservationRow]:
    """Close what lapsed by `now`, by id; without `wait`, only what nobody else is closing."""
    due = select(ReservationRow).where(
        ReservationRow.campaign_id == campaign_id, ReservationRow.state == HELD, ReservationRow.expire_time <= now
    )
    due = due.order_by(ReservationRow.reservation_id).limit(limit).with_for_update(skip_locked=not wait)
    rows = list(transaction.scalars(due))
    ids = [row.reservation_id for row in rows]
    transaction.execute(
        update(ReservationRow).where(ReservationRow.reservation_id.in_(ids)).values(state="EXPIRED"),
        execution_options={"synchronize_session": False},
    )
    return rows


def lapsed_campaigns(snapshot: Snapshot, now: datetime) -> list[str]:
    """Campaigns with reservations to sweep."""
    query = select(ReservationRow.campaign_id).where(ReservationRow.state == HELD, ReservationRow.expire_time <= now)
    return list(snapshot.scalars(query.distinct().order_by(ReservationRow.campaign_id)))
