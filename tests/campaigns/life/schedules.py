"""Campaigns that wait for the clock, and what it did."""

from datetime import datetime, timedelta

from made.campaigns import NOW, approve_campaign, create_campaign, make_cause, store_scores
from sqlalchemy import text

from campaigns.life import campaigns, scheduling
from campaigns.terms.campaign import Campaign
from campaigns.terms.recurrence import Recurrence
from database.session import Database
from database.work import operations
from database.work.operations import Operation

SOON = NOW + timedelta(hours=3)
MONDAYS = Recurrence(cron="0 9 * * MON", days=3)
"""In London; NOW is a Friday, so next on the 23rd, the 30th and so on, of November 2026."""
FIRST = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
WEEK = timedelta(days=7)


SPENDS = {"anna": 9000, "bert": 9000}


def stocked(database: Database) -> Database:
    """Two of the highest tier."""
    store_scores(database, SPENDS)
    return database


def read(database: Database, campaign_id: str = "spring") -> Campaign:
    with database.reading() as snapshot:
        return campaigns.get(snapshot, campaign_id)


def scheduled(database: Database, **changes: object) -> Campaign:
    create_campaign(database, **changes)
    approve_campaign(database)
    with database.writing() as transaction:
        return scheduling.schedule(transaction, make_cause(), "spring")


def under_way(database: Database) -> list[Operation]:
    with database.reading() as snapshot:
        return operations.under_way(snapshot, operations.LAUNCH_CAMPAIGN)


def ticks(database: Database) -> list[tuple[str, datetime, str]]:
    with database.reading() as snapshot:
        rows = snapshot.execute(text("SELECT schedule, due_time, outcome FROM schedule_ticks ORDER BY due_time"))
        return [(schedule, due_time, outcome) for schedule, due_time, outcome in rows]


def campaigns_of(database: Database) -> list[str]:
    with database.reading() as snapshot:
        return sorted(each.campaign_id for each in campaigns.page(snapshot, limit=99))
