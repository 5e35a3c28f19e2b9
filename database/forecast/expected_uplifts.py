"""The fact `expected_uplift`: what it is reckoned from, chunk by chunk; what it is, and by whose lesson."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import select, text

from database.audiences.tables import CustomerFactsRow
from database.forecast.tables import UpliftRow
from database.forecast.uplifts import FEATURES, frame
from database.session import Snapshot, Transaction, changed_rows

FACTS = CustomerFactsRow.__table__.c
# Rows are locked in the order of their ids, so that a refresh of the same customers cannot deadlock with it.
KEEP = text("""
WITH held AS MATERIALIZED (
  SELECT customer_id FROM customer_facts WHERE customer_id = ANY(:customer_ids) ORDER BY customer_id FOR NO KEY UPDATE
)
UPDATE customer_facts SET (expected_uplift, uplift_campaign_id) = (expected.effect, :campaign_id)
FROM held JOIN unnest(CAST(:customer_ids AS text[]), CAST(:effects AS float8[])) AS expected (customer_id, effect)
  USING (customer_id)
WHERE customer_facts.customer_id = held.customer_id
  AND (expected_uplift, uplift_campaign_id) IS DISTINCT FROM (expected.effect, :campaign_id)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedUplift:
    """Of one customer, with where it comes from."""

    value: float
    """What an offer is expected to add to the chance to buy, as a difference of shares."""
    campaign_id: str
    """Whose lesson says it."""
    learner: str
    learn_time: datetime
    average: float
    """What that campaign's offer added, in the mean of all of its customers."""
    average_low: float
    average_high: float


def of_customer(snapshot: Snapshot, customer_id: str) -> ExpectedUplift | None:
    """As rules see it; None where it is not known."""
    query = select(
        FACTS.expected_uplift.label("value"), UpliftRow.campaign_id, UpliftRow.learner,
        UpliftRow.create_time.label("learn_time"), UpliftRow.effect.label("average"),
        UpliftRow.effect_low.label("average_low"), UpliftRow.effect_high.label("average_high"),
    ).join(UpliftRow, UpliftRow.campaign_id == FACTS.uplift_campaign_id)  # fmt: skip
    row = snapshot.execute(query.where(FACTS.customer_id == customer_id)).mappings().one_or_none()
    return None if row is None else ExpectedUplift(**row)


def next_features(snapshot: Snapshot, *, after: str | None, limit: int) -> pl.DataFrame:
    """`customer_id` and FEATURES, as rules see them, of the customers after one, by customer_id; empty at the end."""
    columns = [FACTS.customer_id, *(FACTS[name] for name in FEATURES)]
    query = select(*columns).where(FACTS.customer_id > (after or ""))
    return frame(snapshot.execute(query.order_by(FACTS.customer_id).limit(limit)).mappings())


def keep(transaction: Transaction, campaign_id: str, customer_ids: Sequence[str], effects: Sequence[float]) -> int:
    """What an offer as of this campaign is expected to change of each; returns of how many that is news."""
    expected = {"campaign_id": campaign_id, "customer_ids": list(customer_ids), "effects": list(effects)}
    return changed_rows(transaction.execute(KEEP, expected))
