"""What the engine reckoned of campaigns on a day, kept for whoever reports: written once a day, read by views."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from database.reporting.tables import LiabilityReadingRow, ResultReadingRow
from database.session import Snapshot, Transaction

# A launch that goes on for days is looked at all the same.
DUE = text("""
SELECT campaign_id FROM campaigns
WHERE (activate_time IS NOT NULL OR launch_time <= :yesterday)
  AND end_time > :over AND (finish_time IS NULL OR finish_time > :over) AND NOT EXISTS (
  SELECT FROM liability_readings WHERE liability_readings.campaign_id = campaigns.campaign_id AND day = :day
) ORDER BY campaign_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityReading:
    """Of a campaign on a day."""

    campaign_id: str
    day: date
    time: datetime
    coupons: int
    expected_minor: float
    deviation_minor: float
    most_minor: float | None
    used_minor: int
    overspend: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReading:
    """Of one metric of one arm of a campaign, up to the midnight at which a day begins."""

    campaign_id: str
    day: date
    arm: str
    metric: str
    customers: int
    holdout_customers: int
    mean: float
    holdout_mean: float
    difference: float
    low: float
    high: float
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    p_value: float
    verdict: str
    mismatch: bool


def due(snapshot: Snapshot, day: date, *, since: timedelta, now: datetime) -> list[str]:
    """Campaigns whose coupons are issued that have no reading of the day, until so long after they are over."""
    facts = {"day": day, "over": now - since, "yesterday": now - timedelta(days=1)}
    return list(snapshot.scalars(DUE, facts))


def results(snapshot: Snapshot, campaign_id: str) -> list[ResultReading]:
    """Every reading of a campaign's results, oldest day first."""
    query = select(ResultReadingRow).where(ResultReadingRow.campaign_id == campaign_id)
    rows = snapshot.scalars(query.order_by(ResultReadingRow.day, ResultReadingRow.arm, ResultReadingRow.metric))
    return [row.held(ResultReading) for row in rows]


def liabilities(snapshot: Snapshot, campaign_id: str) -> list[LiabilityReading]:
    """Every reading of what a campaign's coupons may cost, oldest day first."""
    query = select(LiabilityReadingRow).where(LiabilityReadingRow.campaign_id == campaign_id)
    return [row.held(LiabilityReading) for row in snapshot.scalars(query.order_by(LiabilityReadingRow.day))]


def keep(transaction: Transaction, liability: LiabilityReading, results: Sequence[ResultReading]) -> bool:
    """Write a day's readings of a campaign down; False when it has some, which stay."""
    new = insert(LiabilityReadingRow).values(**asdict(liability)).on_conflict_do_nothing()
    added = transaction.execute(new.returning(LiabilityReadingRow.campaign_id)).one_or_none()
    if added is not None and results:
        transaction.execute(insert(ResultReadingRow).values([asdict(each) for each in results]))
    return added is not None
