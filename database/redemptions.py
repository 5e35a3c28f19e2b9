"""Uses of codes on orders, and what was given back of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from database.budget_tables import RedemptionRow
from database.session import Snapshot, Transaction, changed_rows
from database.tables import CouponRow

FRESH = {"populate_existing": True}


def get(snapshot: Snapshot, redemption_id: str) -> RedemptionRow | None:
    """One redemption."""
    query = select(RedemptionRow).where(RedemptionRow.redemption_id == redemption_id)
    return snapshot.scalars(query.execution_options(**FRESH)).one_or_none()


def on_order(snapshot: Snapshot, code: str, order_id: str) -> RedemptionRow | None:
    """The use of a code on an order, given back or not."""
    query = select(RedemptionRow).where(RedemptionRow.code == code, RedemptionRow.order_id == order_id)
    return snapshot.scalars(query.execution_options(**FRESH)).one_or_none()


def add(transaction: Transaction, redemption: Mapping[str, Any]) -> bool:
    """Use a coupon that is locked and unused; False when it was used on this order before, which changes nothing."""
    new = insert(RedemptionRow).values(**redemption).on_conflict_do_nothing(index_elements=["code", "order_id"])
    if transaction.execute(new.returning(RedemptionRow.redemption_id)).one_or_none() is None:
        return False
    _mark(transaction, redemption["code"], "REDEEMED")
    return True


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
    _mark(transaction, code, "ISSUED")


def _mark(transaction: Transaction, code: str, state: str) -> None:
    transaction.execute(update(CouponRow).where(CouponRow.code == code).values(state=state))
