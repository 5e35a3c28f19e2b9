"""What became of scores, by month, horizon and tenth of the probability: few rows, written by the clock."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from database.models.tables import ModelReadingRow
from database.session import Snapshot


class Reading(NamedTuple):
    """Customers whose scores were alike."""

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
