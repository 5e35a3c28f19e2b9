"""The table of how far features have moved since a model learned."""

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class DriftReadingRow(Row):
    """A feature of today's customers against the histogram that the model's training left."""

    __tablename__ = "drift_readings"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    stability: Mapped[float]
    """Population stability index."""
