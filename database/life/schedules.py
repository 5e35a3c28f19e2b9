"""What is due by the clock, and what came of it."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from database.life.tables import ScheduleTickRow
from database.session import Snapshot, Transaction
from database.terms.tables import CampaignRow

ENDING = ("LAUNCHING", "ACTIVE", "PAUSED")
"""What is scheduled comes due before it is over, and leaves this state then."""


def due(snapshot: Snapshot, now: datetime) -> list[str]:
    """Scheduled campaigns whose time has come, the longest overdue first."""
    query = select(CampaignRow.campaign_id).where(CampaignRow.state == "SCHEDULED", CampaignRow.due_time <= now)
    return list(snapshot.scalars(query.order_by(CampaignRow.due_time, CampaignRow.campaign_id)))


def ending(snapshot: Snapshot, now: datetime) -> list[str]:
    """Campaigns that should be over."""
    query = select(CampaignRow.campaign_id).where(CampaignRow.state.in_(ENDING), CampaignRow.end_time <= now)
    return list(snapshot.scalars(query.order_by(CampaignRow.end_time, CampaignRow.campaign_id)))


def overdue_since(snapshot: Snapshot, now: datetime) -> datetime | None:
    """When that came due which waits longest for a clock; None where nothing does."""
    begins = select(func.min(CampaignRow.due_time)).where(CampaignRow.state == "SCHEDULED", CampaignRow.due_time <= now)
    ends = select(func.min(CampaignRow.end_time)).where(CampaignRow.state.in_(ENDING), CampaignRow.end_time <= now)
    earliest: datetime | None = snapshot.scalar(select(func.least(begins.scalar_subquery(), ends.scalar_subquery())))
    return earliest


def claim(transaction: Transaction, schedule: str, due_time: datetime, *, outcome: str, now: datetime) -> bool:
    """Take a due time; False when it was taken before, which changes nothing."""
    new = insert(ScheduleTickRow).values(schedule=schedule, due_time=due_time, outcome=outcome, tick_time=now)
    added = new.on_conflict_do_nothing().returning(ScheduleTickRow.schedule)
    return transaction.execute(added).one_or_none() is not None
