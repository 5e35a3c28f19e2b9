"""What the clock has done: each due time of each schedule once."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class ScheduleTickRow(Row):
    """A due time that came. Two clocks may see it; one of them writes this row, with what follows from it."""

    __tablename__ = "schedule_ticks"
    schedule: Mapped[str] = mapped_column(primary_key=True)
    """The campaign_id of what was scheduled."""
    due_time: Mapped[datetime] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    """LAUNCHED or MISSED."""
    tick_time: Mapped[datetime]
