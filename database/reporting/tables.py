"""Tables behind the schema `reporting`: its settings, its views as they were installed, and what is kept for it."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class ReportSettingsRow(Row):
    """The one row that views read: SQL sees no environment."""

    __tablename__ = "report_settings"
    singleton: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    key: Mapped[bytes]
    """Of the hash that stands for a customer. Drawn by the migration, until a setting says otherwise."""
    minimum_group: Mapped[int] = mapped_column(Integer, server_default=text("10"))
    """Fewer people than this are not shown as a group."""
    currency: Mapped[str] = mapped_column(server_default=text("'GBP'"))
    """Of the facts of customers, which count no other."""
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    """Rows that were kept before are of other settings."""
    __table_args__ = (CheckConstraint("singleton", name="singleton"),)


class ReportViewRow(Row):
    """A view of the schema `reporting` as it was installed."""

    __tablename__ = "report_views"
    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    """SHA-256 of its file."""
    definition: Mapped[str]
    """A hash of what PostgreSQL made of it: tells whether a hand changed it since."""
    stored: Mapped[bool]
    """Whether its rows are kept, and refreshed by the clock."""
    as_of: Mapped[datetime]
    """Of a stored one: what the rows are as of."""
    refresh_seconds: Mapped[float | None]
    attempt_time: Mapped[datetime | None]
    """Of the last refresh that failed, with its error; null after one that did not."""
    error: Mapped[str | None]
    due_time: Mapped[datetime | None]
    """When the rows are to be made anew; null before they were for the first time."""


class LiabilityReadingRow(Row):
    """What the outstanding coupons of a campaign might still cost, as the engine saw it on a day."""

    __tablename__ = "liability_readings"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    time: Mapped[datetime]
    coupons: Mapped[int]
    """Issued, and neither used nor held."""
    expected_minor: Mapped[float]
    deviation_minor: Mapped[float]
    most_minor: Mapped[float | None]
    """Null where nothing bounds it."""
    used_minor: Mapped[int]
    """Reserved and spent."""
    overspend: Mapped[float | None]
    """Probability that they cost more than is left; null without a budget."""


class ResultReadingRow(Row):
    """What a campaign had changed up to a midnight, as the engine saw it: one metric of one arm."""

    __tablename__ = "result_readings"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """Outcomes count from the launch until this day begins, UTC."""
    arm: Mapped[str] = mapped_column(primary_key=True)
    """`ALL` for all arms as one."""
    metric: Mapped[str] = mapped_column(primary_key=True)
    customers: Mapped[int]
    holdout_customers: Mapped[int]
    mean: Mapped[float]
    holdout_mean: Mapped[float]
    difference: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    """Infinite where nothing can be said."""
    lift: Mapped[float | None]
    lift_low: Mapped[float | None]
    lift_high: Mapped[float | None]
    p_value: Mapped[float]
    verdict: Mapped[str]
    mismatch: Mapped[bool]
    """Whether the sizes of the groups contradict the plan."""
