"""The scores of each month's first rescoring, kept, and what became of them when their horizon was over."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import text

from database.session import Snapshot, Transaction, changed_rows
from events.event import EventType

HORIZONS = (30, 60, 90)
# A month is found by the key: many rows have it, so the planner would look for one of them from the table's beginning.
KEEP = text("""
INSERT INTO score_history
  (month, customer_id, model_id, as_of, purchase_30, purchase_60, purchase_90, churn, spend_minor, expected_orders,
  currency, tier)
SELECT :month, customer_id, model_id, as_of, purchase_30, purchase_60, purchase_90, churn, spend_minor, expected_orders,
  currency, tier
FROM scores WHERE operation_id = :operation_id
  AND (SELECT month FROM score_history WHERE month = :month ORDER BY customer_id LIMIT 1) IS NULL
""")
# All rows of a month are of one rescoring, so any of them says what it was as of. As long as nobody of some customers
# has an order of after the horizon, those within it may be missing too: a shop may bring its files once a week. To draw
# these customers a month is read whole, so only months that wait are.
DUE = text("""
WITH known AS (
  SELECT months.month::date AS month, (
    SELECT as_of FROM score_history AS kept WHERE kept.month = months.month::date ORDER BY customer_id LIMIT 1
  ) AS as_of
  FROM generate_series((SELECT min(month) FROM score_history), CAST(:now AS timestamptz), interval '1 month')
    AS months (month)
), waiting AS MATERIALIZED (
  SELECT month, horizon, as_of FROM known CROSS JOIN unnest(CAST(:horizons AS integer[])) AS asked (horizon)
  WHERE as_of + make_interval(days => horizon + 1) <= :now AND NOT EXISTS (
    SELECT FROM model_readings WHERE model_readings.month = known.month AND model_readings.horizon = asked.horizon
  )
)
SELECT month, horizon FROM waiting WHERE EXISTS (
  SELECT FROM (
    SELECT customer_id FROM score_history AS kept WHERE kept.month = waiting.month
    ORDER BY hashtext(customer_id) LIMIT :looked_at
  ) AS drawn JOIN events USING (customer_id)
  WHERE event_type = :purchase AND time >= as_of + make_interval(days => horizon)
) ORDER BY month, horizon
""").bindparams(horizons=list(HORIZONS), looked_at=4000, purchase=int(EventType.PURCHASE))
MEASURE = """
INSERT INTO model_readings (month, model_id, horizon, bin, customers, predicted, bought, squared_error)
SELECT month, model_id, :horizon, least(floor(chance * 10), 9), count(*), sum(chance), count(*) FILTER (WHERE bought),
  sum((chance - bought::integer) ^ 2)
FROM (
  SELECT month, model_id, purchase_{horizon} AS chance, EXISTS (
    SELECT FROM events WHERE events.customer_id = score_history.customer_id AND event_type = :purchase
      AND time >= as_of AND time < as_of + make_interval(days => :horizon)
  ) AS bought
  FROM score_history WHERE month = :month AND purchase_{horizon} <> 'NaN'
) AS outcome GROUP BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
"""

# The border between those who are there and those who lapse is the window that is foretold (decision 52).
MEASURE_SLICES = """
INSERT INTO slice_readings (month, model_id, horizon, kind, name, bin, customers, predicted, bought)
SELECT month, model_id, :horizon, kind, name, least(floor(chance * 10), 9), count(*), sum(chance),
  count(*) FILTER (WHERE bought)
FROM (
  SELECT month, model_id, purchase_{horizon} AS chance, tier, bool_or(time >= as_of) IS TRUE AS bought,
    count(DISTINCT coalesce(order_id, event_id)) FILTER (WHERE time < as_of) AS orders,
    max(time) FILTER (WHERE time < as_of) >= as_of - interval '90 days' AS lately
  FROM score_history LEFT JOIN events ON events.customer_id = score_history.customer_id
    AND event_type = :purchase AND time < as_of + make_interval(days => :horizon)
  WHERE month = :month AND purchase_{horizon} <> 'NaN'
  GROUP BY month, model_id, score_history.customer_id, as_of, chance, tier
) AS outcome CROSS JOIN LATERAL (
  VALUES ('TIER', tier), ('SLICE', CASE WHEN orders = 0 THEN 'NO_ORDER' WHEN orders = 1 THEN 'ONE_ORDER'
    WHEN lately THEN 'ESTABLISHED' ELSE 'LAPSING' END)
) AS slice (kind, name)
WHERE name IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING
"""


class Due(NamedTuple):
    """Scores whose horizon is over, with orders of after it, and a day more for the last ones to come in."""

    month: date
    horizon: int
    """Days."""


def keep(transaction: Transaction, operation_id: str, as_of: datetime) -> int:
    """Keep the scores of a rescoring if its month has none yet; how many."""
    month = as_of.astimezone(UTC).date().replace(day=1)
    return changed_rows(transaction.execute(KEEP, {"month": month, "operation_id": operation_id}))


def due(snapshot: Snapshot, now: datetime) -> list[Due]:
    """What can be measured, and was not."""
    return [Due(*row) for row in snapshot.execute(DUE, {"now": now})]


def measure(transaction: Transaction, what: Due) -> None:
    """Compare what was predicted with what came; doing it again changes nothing."""
    asked = {"month": what.month, "horizon": what.horizon, "purchase": int(EventType.PURCHASE)}
    for statement in (MEASURE, MEASURE_SLICES):
        transaction.execute(text(statement.format(horizon=what.horizon)), asked)
