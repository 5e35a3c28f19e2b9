"""How campaigns stand with one customer, all in one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text

from database.coupons.by_hand import BY_HAND
from database.models.tables import ScoreRow
from database.session import Snapshot
from database.terms.counters import USED
from database.terms.validity import EXPIRE_TIME

# Whoever asks for codes only is answered by way of the customer's coupons, whoever asks for everything by way of the
# campaigns. Of audiences and limits each campaign looks up its own by key: audiences have no index by customer, and
# what is used is added up only where there is a code to use.
STANDINGS = """
SELECT campaigns.campaign_id, display_name, campaigns.state, start_time, end_time, currency, priority,
  exclusivity_group, alone, redemption_limit, budget_minor, ARRAY(SELECT jsonb_object_keys(offers)), rule,
  launch_time IS NOT NULL,
  (SELECT reason FROM stops WHERE scope IN ('-', campaigns.campaign_id, campaigns.series)
    ORDER BY scope = '-' DESC LIMIT 1),
  (SELECT arm FROM audiences WHERE audiences.campaign_id = campaigns.campaign_id AND customer_id = :customer_id),
  (SELECT reason FROM exclusions WHERE exclusions.campaign_id = campaigns.campaign_id AND customer_id = :customer_id),
  code, coupons.state, tier, channel, discount, issue_time, {expires}, {by_hand},
  (SELECT order_id FROM reservations WHERE reservations.code = coupons.code AND reservations.state = 'HELD'
    AND reservations.expire_time > :now),
  spent_count + reserved_count - lapsed.number, spent_minor + reserved_minor - lapsed.minor
FROM campaigns
{coupons} coupons ON coupons.campaign_id = campaigns.campaign_id AND coupons.customer_id = :customer_id
CROSS JOIN LATERAL ({used} AND coupons.state = 'ISSUED') AS used CROSS JOIN LATERAL (
  SELECT count(*) AS number, coalesce(sum(discount_minor), 0)::bigint AS minor FROM reservations
  WHERE reservations.campaign_id = campaigns.campaign_id AND reservations.state = 'HELD'
    AND reservations.expire_time <= :now AND coupons.state = 'ISSUED'
) AS lapsed
WHERE campaigns.state NOT IN ('DRAFT', 'SUBMITTED') AND end_time > :since
ORDER BY campaigns.campaign_id
"""
OF_CODES, OF_EVERY = (
    text(STANDINGS.format(coupons=join, used=USED, expires=EXPIRE_TIME, by_hand=BY_HAND))
    for join in ("JOIN", "LEFT JOIN")
)


class Found(NamedTuple):
    """A campaign that was approved, and what it has for the customer."""

    campaign_id: str
    display_name: str
    state: str
    start_time: datetime
    end_time: datetime
    currency: str
    priority: int
    exclusivity_group: str | None
    alone: bool
    redemption_limit: int | None
    budget_minor: int | None
    tiers: list[str]
    """That it has offers for."""
    rule: Mapping[str, Any] | None
    launched: bool
    """Whether its audience is frozen."""
    stop: str | None
    """Why it is stopped, by itself or with everything."""
    arm: str | None
    """None where the customer is not in the audience."""
    exclusion: str | None
    code: str | None
    """Of the customer; None, like all that is said of it, where there is none."""
    coupon_state: str
    tier: str
    channel: str
    discount: Mapping[str, Any]
    issue_time: datetime
    expire_time: datetime
    by_hand: bool
    held_order: str | None
    """What the code is held for at this moment."""
    used_count: int
    """What of the limits is held or spent; 0 where there is no code to use."""
    used_minor: int


def of(snapshot: Snapshot, customer_id: str, now: datetime, *, since: datetime, every: bool) -> list[Found]:
    """Campaigns that end after `since`, by id: `every` one of them, or those that the customer has a code of."""
    asked = {"customer_id": customer_id, "now": now, "since": since}
    return [Found(*row) for row in snapshot.execute(OF_EVERY if every else OF_CODES, asked)]


def tier_of(snapshot: Snapshot, customer_id: str) -> str | None:
    """The tier that the last rescoring gave; None before the first."""
    return snapshot.scalars(select(ScoreRow.tier).where(ScoreRow.customer_id == customer_id)).one_or_none()
