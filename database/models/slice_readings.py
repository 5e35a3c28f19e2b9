"""What became of scores by tier and by slice: few rows, written by the clock beside those of everybody."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from database.models.tables import SliceReadingRow
from database.session import Snapshot


class SliceReading(NamedTuple):
    """Customers of one slice whose scores were alike."""

    kind: str
    name: str
    month: date
    bin: int
    customers: int
    predicted: float
    """Sum of the probabilities."""
    bought: int


def of_model(snapshot: Snapshot, model_id: str, *, horizon: int) -> list[SliceReading]:
    """Of scores whose horizon (days) is over, by kind and name, the newest month first."""
    row = SliceReadingRow
    query = select(row.kind, row.name, row.month, row.bin, row.customers, row.predicted, row.bought).where(
        row.model_id == model_id, row.horizon == horizon
    )
    ordered = query.order_by(row.kind, row.name, row.month.desc(), row.bin)
    return [SliceReading(*found) for found in snapshot.execute(ordered)]
