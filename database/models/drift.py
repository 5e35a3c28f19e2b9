"""How far features have moved since a model learned: a reading a day, kept."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from database.models.tables import DriftReadingRow
from database.session import Snapshot, Transaction


def latest_day(snapshot: Snapshot, model_id: str) -> date | None:
    """Of the newest reading."""
    query = select(func.max(DriftReadingRow.day)).where(DriftReadingRow.model_id == model_id)
    return snapshot.execute(query).scalar_one()


def keep(transaction: Transaction, model_id: str, day: date, drifts: Mapping[str, float]) -> None:
    """The reading of a day; a second one of the same day changes nothing."""
    rows = [{"model_id": model_id, "day": day, "feature": name, "stability": value} for name, value in drifts.items()]
    transaction.execute(insert(DriftReadingRow).on_conflict_do_nothing(), rows)


def of_day(snapshot: Snapshot, model_id: str, day: date) -> dict[str, float]:
    """Population stability index of each feature, those that moved most first."""
    row = DriftReadingRow
    query = select(row.feature, row.stability).where(row.model_id == model_id, row.day == day)
    found: dict[str, float] = dict(snapshot.execute(query.order_by(row.stability.desc(), row.feature)).all())
    return found
