"""What was reckoned of canaries, kept: how their customers did by each midnight, and how right the two models were."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from database.models.canary_runs import CanaryRun
from database.models.tables import CanaryAccuracyRow, CanaryReadingRow, CanaryRunRow
from database.session import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReading:
    """See the table."""

    model_id: str
    number: int
    day: date
    metric: str
    customers: int
    active_customers: int
    mean: float
    active_mean: float
    difference: float
    low: float
    high: float
    lift: float | None
    p_value: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryAccuracy:
    """See the table."""

    model_id: str
    number: int
    horizon: int
    said_by: str
    customers: int
    bought: int
    predicted: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    calibration_error: float | None


def due(snapshot: Snapshot, day: date, *, ended_after: datetime) -> list[CanaryRun]:
    """Runs without a reading of this day that began before it, and are open or ended late enough."""
    run, reading = CanaryRunRow, CanaryReadingRow
    taken = select(reading.day).where(
        reading.model_id == run.model_id, reading.number == run.number, reading.day == day
    )
    query = select(run).where(
        run.begin_time < day, or_(run.end_time.is_(None), run.end_time > ended_after), ~taken.exists()
    )
    return [row.held(CanaryRun) for row in snapshot.scalars(query.order_by(run.begin_time))]


def keep(transaction: Transaction, readings: Sequence[CanaryReading]) -> None:
    """Write a day's readings of a run down; those that are there stay."""
    transaction.execute(insert(CanaryReadingRow).on_conflict_do_nothing(), [asdict(each) for each in readings])


def of_run(snapshot: Snapshot, run: CanaryRun) -> list[CanaryReading]:
    """Every reading, oldest day first."""
    row = CanaryReadingRow
    query = select(row).where(row.model_id == run.model_id, row.number == run.number)
    return [each.held(CanaryReading) for each in snapshot.scalars(query.order_by(row.day, row.metric))]


def newest_verdict(snapshot: Snapshot, run: CanaryRun) -> str | None:
    """Of the last reading; None before the first."""
    row = CanaryReadingRow
    query = select(row.verdict).where(row.model_id == run.model_id, row.number == run.number)
    return snapshot.execute(query.order_by(row.day.desc()).limit(1)).scalar()


def not_measured(snapshot: Snapshot, horizon: timedelta, *, begun_before: datetime) -> list[CanaryRun]:
    """Runs whose models' answers for a horizon were not compared with what came, and that began early enough."""
    run, kept = CanaryRunRow, CanaryAccuracyRow
    measured = select(func.count()).where(
        kept.model_id == run.model_id, kept.number == run.number, kept.horizon == horizon.days
    )
    query = select(run).where(run.begin_time <= begun_before, measured.scalar_subquery() == 0)
    return [row.held(CanaryRun) for row in snapshot.scalars(query.order_by(run.begin_time))]


def keep_accuracy(transaction: Transaction, found: Sequence[CanaryAccuracy]) -> None:
    """Write down how right both models were; what is there stays."""
    transaction.execute(insert(CanaryAccuracyRow).on_conflict_do_nothing(), [asdict(each) for each in found])


def accuracy(snapshot: Snapshot, run: CanaryRun) -> list[CanaryAccuracy]:
    """Of both models, the shortest horizon first."""
    row = CanaryAccuracyRow
    query = select(row).where(row.model_id == run.model_id, row.number == run.number)
    return [each.held(CanaryAccuracy) for each in snapshot.scalars(query.order_by(row.horizon, row.said_by))]
