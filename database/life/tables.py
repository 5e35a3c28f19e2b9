"""Versions of campaigns' plans and what approvers decided, what the clock has done, and the kill switch."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class CampaignVersionRow(Row):
    """A plan as it was at one version; it outlives a draft that is deleted."""

    __tablename__ = "campaign_versions"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    plan: Mapped[dict[str, Any]]
    """The document of `campaigns.terms.stored`."""
    authors: Mapped[list[str]]
    """Who changed it since a version was approved, the last one at the end."""
    segments: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """The saved segments that its audience depends on, each with the `rule_revision` that it had."""
    rule_authors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Who changed the rules of these since a plan that asks about them was approved, the last one at the end."""
    tier_scheme: Mapped[int | None]
    """That gave the tiers when it was written; null where there were none, and in versions of before it was kept."""
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)


class ApprovalRow(Row):
    """What one approver decided about one version, once."""

    __tablename__ = "approvals"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    approver: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    """APPROVED or REJECTED."""
    comment: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (
        ForeignKeyConstraint(
            ["campaign_id", "version"], ["campaign_versions.campaign_id", "campaign_versions.version"]
        ),
    )


class ScheduleTickRow(Row):
    """A due time that came. Two clocks may see it; one of them writes this row, with what follows from it."""

    __tablename__ = "schedule_ticks"
    schedule: Mapped[str] = mapped_column(primary_key=True)
    """The campaign_id of what was scheduled."""
    due_time: Mapped[datetime] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    """LAUNCHED or MISSED."""
    tick_time: Mapped[datetime]


class StopRow(Row):
    """Everything, or one campaign, stands still while its row is here."""

    __tablename__ = "stops"
    scope: Mapped[str] = mapped_column(primary_key=True)
    """A campaign_id, or `-` for everything."""
    reason: Mapped[str]
    stopped_by: Mapped[str]
    stop_time: Mapped[datetime]
