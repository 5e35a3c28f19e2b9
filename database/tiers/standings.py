"""Where all customers stand at once: who is placed in which tier, and who moves.

The same meaning as `campaigns.tiers.standing.next_standing`.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text

from database.session import Snapshot, Transaction

MEASURES = {
    "PURCHASE_90": "coalesce(nullif({row}.purchase_90, 'NaN'), 0)",
    "EXPECTED_VALUE": "{row}.spend_minor::float8",
}
# Customers of one value form a group; a group is never torn apart.
TOP = """
WITH grouped AS (SELECT {value} AS value, count(*) AS size FROM {table} GROUP BY 1), ranked AS (
  SELECT value, sum(size) OVER (ORDER BY value DESC) AS reached, sum(size) OVER () AS everyone FROM grouped
)
SELECT min(value) FILTER (WHERE reached <= :share * everyone), coalesce(max(value), 0) FROM ranked
"""
STORED = """
  SELECT customer_id, tier, tier_since, below_since, model_id, spend_minor, spend_minor AS stored_spend_minor,
    {stored} AS value, {stored} AS stored_value
  FROM scores
"""
SHADOWED = """
  SELECT shadow_scores.customer_id, tier, tier_since, below_since, model_id, shadow_scores.spend_minor,
    coalesce(scores.spend_minor, 0) AS stored_spend_minor, {shadow} AS value, {stored} AS stored_value
  FROM shadow_scores LEFT JOIN scores USING (customer_id) WHERE shadow_scores.operation_id = :shadow
"""
# The tier to come, and the one that it settles in when the grace period is over and nothing else happens.
NEXT = """
measured AS ({scored}), placed AS (
  SELECT *, array_position(ARRAY['LOW', 'MID', 'HIGH'], tier) AS was,
    CASE WHEN value >= :high THEN 3 WHEN value >= :mid THEN 2 ELSE 1 END AS reached,
    CASE WHEN value >= :keeps_high THEN 3 WHEN value >= :keeps_mid THEN 2 ELSE 1 END AS kept
  FROM measured
), judged AS (
  SELECT *, CASE WHEN was IS NULL OR reached > was THEN reached WHEN kept >= was THEN was
    WHEN least(below_since, :now) <= :grace_began THEN kept ELSE was END AS will
  FROM placed
), next AS (
  SELECT customer_id, model_id, spend_minor, stored_spend_minor, value, stored_value,
    tier AS from_tier, tier_since AS from_since, below_since AS from_below_since,
    (ARRAY['LOW', 'MID', 'HIGH'])[will] AS to_tier,
    (ARRAY['LOW', 'MID', 'HIGH'])[CASE WHEN will = was AND kept < was THEN kept ELSE will END] AS settles,
    CASE WHEN will = was THEN coalesce(tier_since, :now) ELSE :now END AS since,
    CASE WHEN will = was AND kept < was THEN least(below_since, :now) END AS below_since
  FROM judged
)"""
ASSIGN = """
WITH {next}, moved AS (
  INSERT INTO tier_changes (customer_id, operation_id, time, from_tier, to_tier, value, tier_scheme, model_id)
  SELECT customer_id, :operation_id, :now, from_tier, to_tier, value, :version, model_id
  FROM next WHERE from_tier IS DISTINCT FROM to_tier
  ON CONFLICT DO NOTHING RETURNING 1
), written AS (
  UPDATE scores SET (tier, tier_scheme, tier_model_id, tier_since, below_since)
    = (next.to_tier, :version, next.model_id, next.since, next.below_since)
  FROM next WHERE scores.customer_id = next.customer_id
    AND (scores.tier, scores.tier_scheme, scores.tier_model_id, scores.tier_since, scores.below_since)
    IS DISTINCT FROM (next.to_tier, :version, next.model_id, next.since, next.below_since)
)
SELECT count(*) FROM moved
"""
SIZES = text("SELECT tier, count(*) FROM scores WHERE tier IS NOT NULL GROUP BY tier")


class StoredStanding(NamedTuple):
    """A customer's tier with its past."""

    tier: str
    since: datetime
    below_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """By what customers are placed."""

    measure: str
    high: float
    """Lowest measure that gives HIGH."""
    mid: float
    keeps_high: float
    """Lowest measure that keeps HIGH."""
    keeps_mid: float
    grace_days: int
    now: datetime
    """What the scores are as of."""
    shadow: str | None = None
    """The run whose shadow scores are placed; None for the stored scores."""

    def parameters(self) -> dict[str, Any]:
        """Of the statements."""
        return {
            "high": self.high, "mid": self.mid, "keeps_high": self.keeps_high, "keeps_mid": self.keeps_mid,
            "now": self.now, "grace_began": self.now - timedelta(days=self.grace_days),
            **({} if self.shadow is None else {"shadow": self.shadow}),
        }  # fmt: skip


def lowest_of_top(snapshot: Snapshot, *, measure: str, share: float, shadow: str | None = None) -> float:
    """The lowest measure that no more than `share` of all stored scores reach, or of those of a shadow run.

    Customers of equal measure are never torn apart: where a whole group would exceed the share it stays below, for a
    tier costs money. When not even the best group fits, the answer lies just above every score.
    """
    table = "scores" if shadow is None else "shadow_scores"
    whose = "" if shadow is None else " WHERE operation_id = :shadow"
    query = text(TOP.format(value=MEASURES[measure].format(row=table), table=table + whose))
    lowest, highest = snapshot.execute(query, {"share": share, "shadow": shadow}).one()
    return math.nextafter(float(highest), math.inf) if lowest is None else float(lowest)


def following(placing: Placing) -> str:
    """The common table expressions up to `next`: what becomes of everyone."""
    scored = STORED if placing.shadow is None else SHADOWED
    value = MEASURES[placing.measure]
    values = {"stored": value.format(row="scores"), "shadow": value.format(row="shadow_scores")}
    return NEXT.format(scored=scored.format(**values))


def assign(transaction: Transaction, operation_id: str, version: int, placing: Placing) -> int:
    """Give every stored score its next tier by this version of the scheme, and write down who moved.

    Returns how many moved by this call.
    """
    asked = placing.parameters() | {"operation_id": operation_id, "version": version}
    return int(transaction.execute(text(ASSIGN.format(next=following(placing))), asked).scalar_one())


def sizes(snapshot: Snapshot) -> dict[str, int]:
    """How many stored scores each tier has; scores without a tier are left out."""
    return dict(snapshot.execute(SIZES).all())
