"""The table of what shadows would have said, beside what callers were told."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class ShadowComparisonRow(Row):
    """Sums over all answers of one model that another one, its shadow, was asked for too."""

    __tablename__ = "shadow_comparisons"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    """The shadow."""
    against: Mapped[str] = mapped_column(primary_key=True)
    """The model that answered."""
    currency: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    purchase_difference: Mapped[float]
    """Sum of absolute differences of the probability to buy within 90 days."""
    spend_difference_minor: Mapped[float]
    """Sum of absolute differences of the expected spend within 90 days."""
    joint: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Answers by bins of both probabilities, row by row: the bin of the model that answered is the row."""
    failed_count: Mapped[int] = mapped_column(BigInteger)
    """Answers that the shadow failed at."""
    skipped_count: Mapped[int] = mapped_column(BigInteger)
    """Answers that it was not asked for, because too many waited."""
    begin_time: Mapped[datetime]
    update_time: Mapped[datetime]
