"""Customers of a frozen audience, each with the coupon."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from database.session import Snapshot

PAGE = text("""
SELECT member.customer_id, member.tier, arm, member.channel, channel_reason, code, state, issue_time, redeem_time
FROM (
  SELECT campaign_id, customer_id, tier, arm, channel, channel_reason FROM audiences
  WHERE campaign_id = :campaign_id AND customer_id > :after ORDER BY customer_id LIMIT :limit
) AS member LEFT JOIN coupons ON coupons.campaign_id = member.campaign_id AND coupons.customer_id = member.customer_id
LEFT JOIN LATERAL (
  SELECT redeem_time FROM redemptions WHERE redemptions.code = coupons.code AND NOT given_back
) AS used ON true
ORDER BY member.customer_id
""")


class Member(NamedTuple):
    """A customer of a campaign."""

    customer_id: str
    tier: str
    arm: str
    channel: str
    """By which the offer reaches the customer, or would if the customer were not held out."""
    channel_reason: str
    code: str | None
    """None for who is held out, and before it is issued."""
    state: str | None
    issue_time: datetime | None
    redeem_time: datetime | None


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str) -> list[Member]:
    """By customer_id; the next page is `after` the last one of this."""
    asked = {"campaign_id": campaign_id, "limit": limit, "after": after}
    return [Member(*row) for row in snapshot.execute(PAGE, asked)]
