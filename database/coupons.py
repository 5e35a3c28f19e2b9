"""Coupons: issued in bulk, read and locked one by one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
from psycopg import sql
from sqlalchemy import select

from database.campaigns import AudienceMember
from database.copying import copy_frame
from database.session import Snapshot, Transaction, driver_connection
from database.tables import CouponRow, EventRow
from events.event import EventType

FRESH = {"populate_existing": True}
STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS coupon_stage (code text, customer_id text, tier text, channel text, arm text)
ON COMMIT DELETE ROWS
"""
ISSUE = sql.SQL("""
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time, expire_time)
SELECT code, %s, customer_id, tier, channel, discount, 'ISSUED', %s, %s
FROM coupon_stage JOIN unnest(%s::text[], %s::text[], %s::jsonb[]) AS offers (arm, tier, discount) USING (arm, tier)
ON CONFLICT DO NOTHING
""")
WITHOUT = """
SELECT customer_id, tier, channel, arm FROM coupon_stage
WHERE NOT EXISTS (SELECT FROM coupons WHERE campaign_id = %s AND coupons.customer_id = coupon_stage.customer_id)
ORDER BY customer_id
"""


class ArmOffer(NamedTuple):
    """What a tier gets in one arm."""

    arm: str
    tier: str
    discount: Mapping[str, Any]


class Terms(NamedTuple):
    """What the coupons of a campaign are made from."""

    campaign_id: str
    offers: Sequence[ArmOffer]
    issue_time: datetime
    expire_time: datetime


def issue(
    transaction: Transaction, terms: Terms, members: Sequence[AudienceMember], codes: Sequence[str]
) -> tuple[int, list[AudienceMember]]:
    """One coupon for each member who has none of this campaign, with the code at the same place.

    A member who has one keeps it. Returns how many coupons are new, and the members who still have none because their
    code was taken: (campaign, customer) and the code are both unique, and the two conflicts mean different things.
    """
    connection = driver_connection(transaction)
    connection.execute(STAGE)
    connection.execute("DELETE FROM coupon_stage")
    frame = pl.DataFrame(
        {
            "code": codes,
            "customer_id": [member.customer_id for member in members],
            "tier": [member.tier for member in members],
            "channel": [member.channel for member in members],
            "arm": [member.arm for member in members],
        }
    )
    copy_frame(connection, "coupon_stage", frame)
    shared = (terms.campaign_id, terms.issue_time, terms.expire_time, *_columns(terms.offers))
    count = connection.execute(ISSUE, shared).rowcount
    if count == len(members):
        return count, []
    left_out = connection.execute(WITHOUT, (terms.campaign_id,)).fetchall()
    return count, [AudienceMember(*map(str, row)) for row in left_out]


def _columns(offers: Sequence[ArmOffer]) -> tuple[list[str], list[str], list[str]]:
    """Arms, tiers and discounts, at the same place in each."""
    return (
        [offer.arm for offer in offers], [offer.tier for offer in offers],
        [json.dumps(offer.discount) for offer in offers],
    )  # fmt: skip


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
