"""Coupons that somebody gave to one customer by hand: few, of nobody in the audience, and looked up one by one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import text

from database.session import Snapshot, Transaction, driver_connection

BY_HAND = """EXISTS (
  SELECT FROM by_hand_coupons AS given WHERE given.campaign_id = coupons.campaign_id AND given.code = coupons.code
)"""
"""SQL: whether a coupon was."""
# Of a code that is taken nothing is written.
GIVE = """
WITH given AS (
  INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
  VALUES (%(code)s, %(campaign_id)s, %(customer_id)s, %(tier)s, 'ON_SITE', %(discount)s, 'ISSUED', %(issue_time)s)
  ON CONFLICT (code) DO NOTHING RETURNING campaign_id, code
), noted AS (
  INSERT INTO by_hand_coupons (campaign_id, code) SELECT campaign_id, code FROM given RETURNING campaign_id
)
UPDATE campaigns SET issued_count = issued_count + 1, by_hand_count = by_hand_count + 1
FROM noted WHERE campaigns.campaign_id = noted.campaign_id
"""
SUMS = text("""
SELECT count(*) FILTER (WHERE NOT given_back) AS redeemed_count,
  coalesce(sum(discount_minor - refunded_minor), 0)::bigint AS discount_minor
FROM by_hand_coupons JOIN redemptions USING (campaign_id, code) WHERE campaign_id = :campaign_id
""")


class Used(NamedTuple):
    """What came of all of a campaign's."""

    redeemed_count: int
    discount_minor: int
    """Taken off orders less refunds."""


class New(NamedTuple):
    """A coupon that is to be given; it reaches its customer by word of mouth, as on the site."""

    code: str
    campaign_id: str
    customer_id: str
    tier: str
    discount: Mapping[str, Any]
    issue_time: datetime


def give(transaction: Transaction, new: New) -> bool:
    """Write it down and count it on its campaign, which is locked; False where the code is taken."""
    values = {**new._asdict(), "discount": Jsonb(dict(new.discount))}
    return driver_connection(transaction).execute(GIVE, values).rowcount == 1


def used(snapshot: Snapshot, campaign_id: str) -> Used:
    """Of one campaign; nothing where it gave none."""
    return Used(*snapshot.execute(SUMS, {"campaign_id": campaign_id}).one())
