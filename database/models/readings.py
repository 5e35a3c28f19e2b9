"""What became of scores, of everybody and by tier and slice: few rows, written by the clock."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from database.models.tables import ModelReadingRow, SliceReadingRow
from database.session import Snapshot


class Reading(NamedTuple):
    """Customers whose scores were alike: of one month and one tenth of the probability."""

    month: date
    bin: int
    customers: int
    predicted: float
    """Sum of the probabilities."""
    bought: int


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


def of_model(snapshot: Snapshot, model_id: str, *, horizon: int) -> list[Reading]:
    """Of scores whose horizon (days) is over."""
    row = ModelReadingRow
    query = select(row.month, row.bin, row.customers, row.predicted, row.bought)
    return [
        Reading(*found) for found in snapshot.execute(query.where(row.model_id == model_id, row.horizon == horizon))
    ]


def of_slices(snapshot: Snapshot, model_id: str, *, horizon: int) -> list[SliceReading]:
    """Of scores whose horizon (days) is over, by kind and name, the newest month first."""
    row = SliceReadingRow
    query = select(row.kind, row.name, row.month, row.bin, row.customers, row.predicted, row.bought).where(
        row.model_id == model_id, row.horizon == horizon
    )
    ordered = query.order_by(row.kind, row.name, row.month.desc(), row.bin)
    return [SliceReading(*found) for found in snapshot.execute(ordered)]
