"""Coupons that are used on one order, or held for it."""

from datetime import datetime
from typing import NamedTuple

from database.session import Snapshot, Transaction, driver_connection

HOLD = "SELECT pg_advisory_xact_lock(hashtext('orders'), hashtext(%s))"
# The ledger numbers what is booked for an order as it comes, whatever the clocks of servers say: a code that was held
# keeps its place when it is used, and when it is held anew.
PRESENT = """
WITH present AS (
  SELECT redemptions.code, redemptions.discount_minor,
    coalesce('reserve/' || coalesce(place_of, reservation_id), 'redeem/' || redemption_id) AS key
  FROM redemptions LEFT JOIN reservations USING (reservation_id)
  WHERE redemptions.order_id = %(order_id)s AND NOT given_back
  UNION ALL
  SELECT code, discount_minor, 'reserve/' || coalesce(place_of, reservation_id)
  FROM reservations WHERE order_id = %(order_id)s AND state = 'HELD' AND expire_time > %(now)s
)
SELECT present.code, coupons.campaign_id, priority, exclusivity_group, alone, discount ->> 'kind' = 'FREE_SHIPPING',
  discount_minor, number
FROM present JOIN coupons ON coupons.code = present.code JOIN campaigns ON campaigns.campaign_id = coupons.campaign_id
JOIN ledger USING (key) ORDER BY number
"""


class Present(NamedTuple):
    """A coupon of an order."""

    code: str
    campaign_id: str
    priority: int
    group: str | None
    alone: bool
    off_shipping: bool
    """Whether it takes its discount off shipping; else off goods."""
    discount_minor: int
    place: int
    """Ascending as they came."""


def hold(transaction: Transaction, order_id: str) -> None:
    """Let nobody else use a coupon on this order until the transaction ends."""
    driver_connection(transaction).execute(HOLD, (order_id,))


def present(snapshot: Snapshot, order_id: str, now: datetime) -> list[Present]:
    """Used on the order or held for it, in the order in which they came."""
    rows = driver_connection(snapshot).execute(PRESENT, {"order_id": order_id, "now": now}).fetchall()
    return [Present(*row) for row in rows]  # type: ignore[arg-type]  # the driver knows no types of columns
