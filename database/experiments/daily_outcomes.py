"""How the sums behind a campaign's results grew, day by day: the same sums as in `database.experiments.outcomes`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, text

from database.experiments.outcomes import EVENT_TYPES, PAID
from database.session import Snapshot

# What a day of a customer changes of y, of y squared and of x times y: y is the customer's running total.
CHANGES = text(f"""
WITH member AS (
  SELECT customer_id, arm, coalesce(nullif(purchase_90, 'NaN'), 0) AS chance, spend_minor::float8 AS expected
  FROM audiences JOIN customers USING (customer_id) WHERE campaign_id = :campaign_id
), acted AS (
  SELECT customer_id, width_bucket(time, CAST(:ends AS timestamptz[])) AS day, event_type = :purchase AS bought,
    {PAID} AS paid, 0 AS discount
  FROM member JOIN events USING (customer_id)
  WHERE event_type IN (:purchase, :return) AND time >= :since AND time < :until
  UNION ALL
  SELECT customer_id, width_bucket(redeem_time, CAST(:ends AS timestamptz[])), false, 0, discount_minor - refunded_minor
  FROM member JOIN redemptions USING (customer_id)
  WHERE redemptions.currency = :currency AND redeem_time >= :since AND redeem_time < :until
), daily AS (
  SELECT customer_id, day, bool_or(bought)::integer AS bought, (coalesce(sum(paid), 0) - sum(discount))::float8 AS net,
    (coalesce(sum(paid), 0) * :margin - sum(discount))::float8 AS kept
  FROM acted GROUP BY customer_id, day
), running AS (
  SELECT arm, day, chance, expected, max(bought) OVER past AS bought, coalesce(max(bought) OVER before, 0) AS bought_0,
    sum(net) OVER past AS revenue, coalesce(sum(net) OVER before, 0) AS revenue_0,
    sum(kept) OVER past AS margin, coalesce(sum(kept) OVER before, 0) AS margin_0
  FROM daily JOIN member USING (customer_id)
  WINDOW past AS (PARTITION BY customer_id ORDER BY day), before AS (past ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW)
)
SELECT arm, day, sum(bought - bought_0)::float8 AS bought, sum(bought - bought_0)::float8 AS bought_squared,
  sum(chance * (bought - bought_0)) AS chance_bought,
  sum(revenue - revenue_0) AS revenue, sum(revenue * revenue - revenue_0 * revenue_0) AS revenue_squared,
  sum(expected * (revenue - revenue_0)) AS expected_revenue,
  sum(margin - margin_0) AS margin, sum(margin * margin - margin_0 * margin_0) AS margin_squared,
  sum(expected * (margin - margin_0)) AS expected_margin
FROM running GROUP BY arm, day ORDER BY arm, day
""")  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one day added to sums over the customers of a group."""

    y: float
    """Of the outcome."""
    y_squared: float
    xy: float
    """Of the outcome times its prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOutcome:
    """What one day added to the outcomes of one group; days without any have none."""

    arm: str
    day: int
    """Counted from 0."""
    bought: Growth
    revenue: Growth
    margin: Growth


def daily_outcomes(
    snapshot: Snapshot, campaign_id: str, *, currency: str, since: datetime, ends: Sequence[datetime], margin: float
) -> list[DayOutcome]:
    """Of days that end at `ends`, each exclusive; the first begins at `since`."""
    asked = {
        "campaign_id": campaign_id, "currency": currency, "since": since, "until": ends[-1], "ends": list(ends),
        "margin": margin, **EVENT_TYPES,
    }  # fmt: skip
    return [_day(row) for row in snapshot.execute(CHANGES, asked).mappings()]


def _day(row: RowMapping) -> DayOutcome:
    def growth(outcome: str, predicted: str) -> Growth:
        return Growth(y=row[outcome], y_squared=row[f"{outcome}_squared"], xy=row[f"{predicted}_{outcome}"])

    return DayOutcome(
        arm=row["arm"], day=row["day"], bought=growth("bought", "chance"), revenue=growth("revenue", "expected"),
        margin=growth("margin", "expected"),
    )  # fmt: skip
