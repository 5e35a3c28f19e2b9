"""How far the customers of each launched campaign came, counted for reports and kept: one campaign at a time.

A campaign that is over for a day changes no more by itself; it is counted anew when its counters have moved. So how
long that takes goes by what runs, however much there was before.
"""

import time
from datetime import datetime, timedelta

from sqlalchemy import text

from database import planner
from database.leading import leads
from database.session import Snapshot, Transaction
from database.terms.counters import USED
from database.terms.validity import EXPIRE_TIME

LULL = timedelta(days=1)
"""After the end: no chunk of a launch is under way any more, and nothing is held."""
LATE = timedelta(minutes=5)
"""For uses of codes to commit, and for clocks that go differently: the time of a use is that of its server."""
DUE = text(f"""
SELECT campaigns.campaign_id FROM campaigns LEFT JOIN counted_campaigns AS counted USING (campaign_id)
CROSS JOIN LATERAL ({USED}) AS used
WHERE launch_time IS NOT NULL AND (
  count_time IS NULL OR count_time > :ahead
  OR NOT settled AND (count_time <= :stale OR count_time < (SELECT update_time FROM report_settings))
  OR (counted.spent_count, counted.spent_minor) <> (used.spent_count, used.spent_minor) AND settled
) ORDER BY count_time NULLS FIRST, campaign_id
""")  # noqa: S608 - made of constants
# The counters first: what moves them afterwards is counted again, whether it is among these counts or not.
NOTE = text(f"""
INSERT INTO counted_campaigns (campaign_id, count_time, settled, spent_count, spent_minor, used_until)
SELECT campaign_id, :now, state = 'ENDED' AND coalesce(finish_time, end_time) <= :over, spent_count, spent_minor, :until
FROM campaigns CROSS JOIN LATERAL ({USED}) AS used WHERE campaign_id = :campaign_id
ON CONFLICT (campaign_id) DO UPDATE SET (count_time, settled, spent_count, spent_minor, used_until) =
  (excluded.count_time, excluded.settled, excluded.spent_count, excluded.spent_minor, excluded.used_until)
""")  # noqa: S608 - made of constants
FORGET_GROUPS = text("DELETE FROM counted_groups WHERE campaign_id = :campaign_id")
FORGET_DAYS = text("DELETE FROM counted_days WHERE campaign_id = :campaign_id")
COUNT_GROUPS = text(f"""
INSERT INTO counted_groups (campaign_id, tier, channel, arm, customers, issued_count, buyers, held_count,
  redeemed_count, given_back_count, open_count, discount_minor, spend_minor, used_count, used_buyers, used_spend_minor)
WITH held AS (
  SELECT DISTINCT code FROM reservations WHERE campaign_id = :campaign_id AND state = 'HELD' AND expire_time > :now
), used AS (
  SELECT code, bool_or(given_back) AS given_back, bool_or(NOT given_back) AS counts,
    sum(discount_minor - refunded_minor) AS discount_minor, count(*) FILTER (WHERE redeem_time < :until) AS uses
  FROM redemptions WHERE campaign_id = :campaign_id GROUP BY code
)
SELECT campaign_id, audiences.tier, audiences.channel, arm, count(*), count(coupons.code),
  coalesce(sum(nullif(purchase_90, 'NaN')) FILTER (WHERE coupons.code IS NOT NULL), 0), count(held.code),
  count(*) FILTER (WHERE used.counts), count(*) FILTER (WHERE used.given_back),
  count(coupons.code) FILTER (
    WHERE coupons.state = 'ISSUED' AND held.code IS NULL AND campaigns.state <> 'ENDED' AND {EXPIRE_TIME} > :now
  ), coalesce(sum(used.discount_minor), 0), coalesce(sum(spend_minor) FILTER (WHERE coupons.code IS NOT NULL), 0),
  coalesce(sum(uses), 0), coalesce(sum(uses * nullif(purchase_90, 'NaN')), 0), coalesce(sum(uses * spend_minor), 0)
FROM campaigns JOIN audiences USING (campaign_id)
LEFT JOIN (SELECT code, customer_id, state, close_time FROM coupons WHERE campaign_id = :campaign_id) AS coupons
  USING (customer_id)
LEFT JOIN used ON used.code = coupons.code LEFT JOIN held ON held.code = coupons.code
WHERE campaign_id = :campaign_id GROUP BY campaign_id, audiences.tier, audiences.channel, arm
""")  # noqa: S608 - made of constants
COUNT_DAYS = text("""
INSERT INTO counted_days (campaign_id, day, tier, channel, arm, issued_count, redeemed_count, given_back_count,
  order_minor, discount_minor, refunded_minor)
WITH happened AS (
  SELECT customer_id, (issue_time AT TIME ZONE 'UTC')::date AS day, 1 AS issued, 0 AS redeemed, 0 AS given_back,
    0 AS order_minor, 0 AS discount_minor, 0 AS refunded_minor
  FROM coupons WHERE campaign_id = :campaign_id
  UNION ALL
  SELECT customer_id, (redeem_time AT TIME ZONE 'UTC')::date, 0, (NOT given_back)::integer, given_back::integer,
    CASE WHEN given_back THEN 0 ELSE order_minor END, discount_minor - refunded_minor, refunded_minor
  FROM redemptions WHERE campaign_id = :campaign_id
)
SELECT campaign_id, day, tier, channel, arm, sum(issued), sum(redeemed), sum(given_back), sum(order_minor),
  sum(discount_minor), sum(refunded_minor)
FROM happened JOIN audiences USING (customer_id) WHERE campaign_id = :campaign_id
GROUP BY campaign_id, day, tier, channel, arm
""")
TOOK = text("UPDATE counted_campaigns SET count_seconds = :seconds WHERE campaign_id = :campaign_id")
SECONDS = text("SELECT coalesce(sum(count_seconds), 0) FROM counted_campaigns WHERE NOT settled")
# Budgets are told from counts, and nobody should wait for those of a launch, nor for the first after an upgrade.
NEW = text("""
SELECT campaign_id FROM campaigns LEFT JOIN counted_campaigns USING (campaign_id)
WHERE state <> 'ENDED' AND activate_time <= :now
  AND (activate_time > coalesce(count_time, '-infinity') OR used_until IS NULL)
ORDER BY campaign_id
""")
AS_OF = text("SELECT min(count_time) FROM counted_campaigns WHERE NOT settled")


def due(snapshot: Snapshot, now: datetime, *, every: timedelta) -> list[str]:
    """Campaigns whose counts are older than that, or than the settings, or of a time to come, or not as their counters.

    Older than the settings, because views whose rows are would be made anew at every tick.
    """
    return list(snapshot.scalars(DUE, {"stale": now - every, "ahead": now + every}))


def new(snapshot: Snapshot, now: datetime) -> list[str]:
    """Campaigns that were not counted since their coupons were issued, or by an earlier version that counted less."""
    return list(snapshot.scalars(NEW, {"now": now}))


def seconds(snapshot: Snapshot) -> float:
    """How long it takes to count all campaigns whose counts change by themselves."""
    return float(snapshot.execute(SECONDS).scalar_one())


def count(transaction: Transaction, campaign_id: str, now: datetime) -> bool:
    """Count a campaign as of now; False when somebody else is at it."""
    facts = {"campaign_id": campaign_id, "now": now, "over": now - LULL, "until": now - LATE}
    if not leads(transaction, "tierwise count", campaign_id):
        return False
    planner.no_nested_loops(transaction)
    planner.sort_in_memory(transaction)
    began = time.monotonic()
    for statement in (NOTE, FORGET_GROUPS, FORGET_DAYS, COUNT_GROUPS, COUNT_DAYS):
        transaction.execute(statement, facts)
    transaction.execute(TOOK, {"campaign_id": campaign_id, "seconds": time.monotonic() - began})
    return True


def as_of(snapshot: Snapshot, now: datetime) -> datetime:
    """Of which time the oldest counts are that change by themselves."""
    return snapshot.execute(AS_OF).scalar_one() or now
