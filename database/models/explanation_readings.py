"""Whether a model's reasons are true of it: a reading a day, kept."""

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from database.models.tables import ExplanationReadingRow
from database.session import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationReading:
    """Of the explanations of some customers: median rank correlations, None where no customer has any."""

    model_id: str
    day: date
    customers: int
    left_out: float | None
    """Of parts with leaving out each alone."""
    gradients: float | None
    """Of the networks' parts with their integrated gradients."""


def newest(snapshot: Snapshot, model_id: str) -> ExplanationReading | None:
    """The last one of a model."""
    row = ExplanationReadingRow
    query = select(row).where(row.model_id == model_id).order_by(row.day.desc()).limit(1)
    found = snapshot.execute(query).scalar_one_or_none()
    return None if found is None else found.held(ExplanationReading)


def keep(transaction: Transaction, reading: ExplanationReading) -> None:
    """The reading of a day; a second one of the same day changes nothing."""
    transaction.execute(insert(ExplanationReadingRow).values(asdict(reading)).on_conflict_do_nothing())
