"""The kill switch: a row for each thing that is stopped."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class StopRow(Row):
    """Everything, or one campaign, stands still while its row is here."""

    __tablename__ = "stops"
    scope: Mapped[str] = mapped_column(primary_key=True)
    """A campaign_id, or `-` for everything."""
    reason: Mapped[str]
    stopped_by: Mapped[str]
    stop_time: Mapped[datetime]
