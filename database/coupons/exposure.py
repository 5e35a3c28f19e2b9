"""Coupons that may still cost something, counted by arm and tier, and how those of past campaigns fared."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, delete, func, insert, literal, select, text, update

from database.audiences.tables import AudienceRow, ExclusionRow
from database.coupons.tables import CouponRow
from database.experiments.assignment import position
from database.session import Snapshot, Transaction, changed_rows
from database.terms.counters import USED
from database.terms.tables import CampaignRow
from database.terms.validity import EXPIRE_TIME

SOME = 1_000
"""Customers from whose scores a usual order is told."""
# A score that is no number counts as none.
SUMS = """
count(*) AS coupons, coalesce(sum(nullif(purchase_90, 'NaN')), 0)::float8 AS buyers,
  coalesce(sum(spend_minor), 0)::float8 AS spend_minor
"""
TO_ISSUE = text(f"""
SELECT arm, tier, {SUMS} FROM audiences WHERE campaign_id = :campaign_id AND arm <> 'holdout'
GROUP BY arm, tier ORDER BY arm, tier
""")  # noqa: S608 - made of constants
# Issued, good still, and not held by a reservation, which counts by itself.
IS_OUT = f"""
coupons.state = 'ISSUED' AND {EXPIRE_TIME} > :now AND NOT EXISTS (
  SELECT FROM reservations WHERE reservations.code = coupons.code AND reservations.state = 'HELD'
    AND reservations.expire_time > :now
)
"""
OUTSTANDING = text(f"""
SELECT arm, audiences.tier, {SUMS} FROM audiences JOIN coupons USING (campaign_id, customer_id)
JOIN campaigns USING (campaign_id)
WHERE campaign_id = :campaign_id AND {IS_OUT}
GROUP BY arm, audiences.tier ORDER BY arm, audiences.tier
""")  # noqa: S608 - made of constants
NOT_BY_HAND = """
NOT EXISTS (
  SELECT FROM by_hand_coupons AS given WHERE given.campaign_id = :campaign_id AND given.code = redemptions.code
)
"""
# Coupons are only ever added, and so are uses of codes: what was counted of either is too few, if anything. It is all
# there is where the counter of the campaign, or of its budget, says the same number; else there is no row. Neither
# knows those that were given by hand.
FROM_COUNTS = text(f"""
WITH counted AS (
  SELECT issued_count - by_hand_count AS issued_count, used_until, end_time, used.spent_count - (
    SELECT count(*) FROM by_hand_coupons JOIN redemptions USING (campaign_id, code)
    WHERE campaign_id = :campaign_id AND NOT given_back
  ) AS spent_count
  FROM campaigns JOIN counted_campaigns USING (campaign_id) CROSS JOIN LATERAL ({USED}) AS used
  WHERE campaign_id = :campaign_id AND used_until IS NOT NULL
), groups AS (
  SELECT arm, tier, sum(issued_count) AS issued, sum(used_count) AS used, sum(buyers - used_buyers) AS buyers,
    sum(spend_minor - used_spend_minor) AS spend_minor
  FROM counted_groups WHERE campaign_id = :campaign_id GROUP BY arm, tier
), later AS (
  SELECT customer_id, 1 AS number FROM redemptions
  WHERE campaign_id = :campaign_id AND redeem_time >= (SELECT used_until FROM counted) AND {NOT_BY_HAND}
  UNION ALL
  SELECT customer_id, -1 FROM redemptions WHERE campaign_id = :campaign_id AND given_back AND {NOT_BY_HAND}
), less AS (
  SELECT arm, audiences.tier, sum(number) AS coupons, sum(number * nullif(purchase_90, 'NaN')) AS buyers,
    sum(number * spend_minor) AS spend_minor
  FROM (
    TABLE later
    UNION ALL
    SELECT customer_id, 1 FROM reservations JOIN coupons USING (code)
    WHERE reservations.campaign_id = :campaign_id AND reservations.state = 'HELD' AND reservations.expire_time > :now
      AND coupons.state = 'ISSUED' AND coalesce(close_time > :now, true)
    UNION ALL
    SELECT customer_id, 1 FROM withdrawn_coupons JOIN coupons USING (code)
    WHERE withdrawn_coupons.campaign_id = :campaign_id
      AND (state = 'BLOCKED' OR state = 'ISSUED' AND close_time <= :now)
  ) AS not_out JOIN audiences ON audiences.campaign_id = :campaign_id AND audiences.customer_id = not_out.customer_id
  GROUP BY arm, audiences.tier
)
SELECT arm, tier, (issued - used - coalesce(less.coupons, 0))::bigint AS coupons,
  greatest(groups.buyers - coalesce(less.buyers, 0), 0)::float8 AS buyers,
  (groups.spend_minor - coalesce(less.spend_minor, 0))::float8 AS spend_minor
FROM groups LEFT JOIN less USING (arm, tier)
WHERE (SELECT end_time > :now FROM counted)
  AND (SELECT sum(issued) FROM groups) = (SELECT issued_count FROM counted)
  AND (SELECT sum(used) FROM groups) + (SELECT coalesce(sum(number), 0) FROM later)
    = (SELECT spent_count FROM counted)
ORDER BY arm, tier
""")  # noqa: S608 - made of constants
# What they order where they do is told from the scores of now: no audience has frozen them. Who has none orders as
# others do.
OUT_BY_HAND = text(f"""
SELECT :arm AS arm, coupons.tier, count(*) AS coupons, count(*)::float8 AS buyers,
  count(*) * coalesce(avg(spend_minor / nullif(nullif(purchase_90, 'NaN'), 0)), (
    SELECT sum(spend_minor) / nullif(sum(purchase_90), 0)
    FROM (SELECT spend_minor, purchase_90 FROM scores WHERE purchase_90 <> 'NaN' LIMIT {SOME}) AS others
  ), 0)::float8 AS spend_minor
FROM by_hand_coupons JOIN coupons USING (campaign_id, code) JOIN campaigns USING (campaign_id)
LEFT JOIN scores USING (customer_id)
WHERE campaign_id = :campaign_id AND {IS_OUT}
GROUP BY coupons.tier ORDER BY coupons.tier
""")  # noqa: S608 - made of constants
PAST = text("""
WITH over AS (
  SELECT campaign_id FROM campaigns JOIN counted_campaigns USING (campaign_id)
  WHERE ran_to_its_end AND end_time <= least(:now, count_time) AND issued_count > by_hand_count
  ORDER BY end_time DESC, campaign_id LIMIT :limit
)
SELECT tier, sum(counted_groups.issued_count)::bigint AS coupons, sum(buyers) AS buyers,
  sum(redeemed_count)::bigint AS redeemed
FROM over JOIN counted_groups USING (campaign_id) WHERE counted_groups.issued_count > 0
GROUP BY campaign_id, tier ORDER BY campaign_id, tier
""")


BY_HAND = "by hand"
"""Stands for an arm where coupons have none; no arm can have this name."""
OWN_CODE = (CouponRow.campaign_id == AudienceRow.campaign_id, CouponRow.customer_id == AudienceRow.customer_id)
WITHOUT_CODE = ~select(CouponRow).where(*OWN_CODE).exists()
IS_OFFERED = AudienceRow.arm != "holdout"


class Exposed(NamedTuple):
    """Customers of one tier in one arm whose coupons may cost something."""

    arm: str
    tier: str
    coupons: int
    buyers: float
    """Sum of their probabilities to buy within 90 days."""
    spend_minor: float
    """Sum of what they are expected to spend in that time."""


class Fared(NamedTuple):
    """The coupons of one tier of a campaign that ran to its end."""

    tier: str
    coupons: int
    buyers: float
    redeemed: int


def to_issue(snapshot: Snapshot, campaign_id: str) -> list[Exposed]:
    """Of the frozen audience, whoever is not held out."""
    return [Exposed(*row) for row in snapshot.execute(TO_ISSUE, {"campaign_id": campaign_id})]


def outstanding(snapshot: Snapshot, campaign_id: str, now: datetime) -> list[Exposed]:
    """Coupons that are out: issued, not redeemed, and not held by a reservation.

    From what was counted of the campaign, if that is whole with what happened since; else each one is looked at. Those
    that were given by hand are looked at in any case, and whoever asked for one counts as a buyer.
    """
    told = counted(snapshot, campaign_id, now)
    if told is not None:
        return told
    looked_at = snapshot.execute(OUTSTANDING, {"campaign_id": campaign_id, "now": now})
    return [*(Exposed(*row) for row in looked_at), *_by_hand(snapshot, campaign_id, now)]


def counted(snapshot: Snapshot, campaign_id: str, now: datetime) -> list[Exposed] | None:
    """The same from what was counted alone, however large the campaign; None where that is not whole."""
    found = snapshot.execute(FROM_COUNTS, {"campaign_id": campaign_id, "now": now}).all()
    if not found:
        return None
    told = [exposed for exposed in (Exposed(*row) for row in found) if exposed.coupons]
    return [*told, *_by_hand(snapshot, campaign_id, now)]


def _by_hand(snapshot: Snapshot, campaign_id: str, now: datetime) -> list[Exposed]:
    asked = {"campaign_id": campaign_id, "now": now, "arm": BY_HAND}
    return [Exposed(*row) for row in snapshot.execute(OUT_BY_HAND, asked)]


def past(snapshot: Snapshot, now: datetime, *, campaigns: int) -> list[Fared]:
    """Of so many campaigns that ran to their end last and were counted since, each tier of each."""
    return [Fared(*row) for row in snapshot.execute(PAST, {"now": now, "limit": campaigns})]


def leave_out(transaction: Transaction, campaign_id: str, *, share: float) -> int:
    """Keep about this share of the frozen audience, held out or not, drawn by a hash of its own; how many go.

    Of a launch that is taken up again whoever has a code already stays, and all who are held out: there may be
    next to nobody else to compare with.
    """
    drawn = position(f"budget/{campaign_id}", AudienceRow.customer_id)
    begun = select(CouponRow).where(CouponRow.campaign_id == campaign_id).exists()
    gone = delete(AudienceRow).where(
        AudienceRow.campaign_id == campaign_id, drawn >= share, WITHOUT_CODE, ~begun | IS_OFFERED
    )
    known = ("campaign_id", "customer_id", "tier", "inputs")
    left = gone.returning(*(getattr(AudienceRow, name) for name in known)).cte("left_out")
    reason = select(*(left.c[name] for name in known), literal("OVER_BUDGET", Text))
    kept = insert(ExclusionRow).from_select((*known, "reason"), reason)
    # Of an INSERT the count is not kept unless it is asked for.
    count = changed_rows(transaction.execute(kept, execution_options={"preserve_rowcount": True}))
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    counted, least = CampaignRow.over_budget_count + count, func.least(CampaignRow.budget_share, share)
    transaction.execute(which.values(over_budget_count=counted, budget_share=least))
    return count


def may_leave_out(snapshot: Snapshot, campaign_id: str) -> bool:
    """Whether anybody of the frozen audience is to get a code and has none yet."""
    without = select(AudienceRow).where(AudienceRow.campaign_id == campaign_id, WITHOUT_CODE, IS_OFFERED)
    return snapshot.execute(select(without.exists())).scalar_one()
