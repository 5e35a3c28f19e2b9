"""What is due by the clock. The clock ticks each minute and may tick twice or not at all: due times are remembered."""

from datetime import UTC, datetime, time, timedelta

from campaigns import rescoring
from campaigns.actor import BEAT, Cause
from campaigns.errors import NoActiveModel
from database import requests
from database.operations import Operation
from database.session import Database

TICK = "tierwise.tick"
TICK_SECONDS = 60
CATCH_UP = timedelta(hours=1)
"""A night missed by more than this waits for the next."""
ANSWERS_KEPT = timedelta(days=30)
"""A request id that comes again later than this is a new request (AIP-155 leaves the time to us)."""


def last_due(at: time, now: datetime) -> datetime:
    """The last moment, today or yesterday, at which the daily work was due."""
    today = datetime.combine(now.astimezone(UTC).date(), at, tzinfo=UTC)
    return today if today <= now else today - timedelta(days=1)


def forget_answers(database: Database, now: datetime) -> int:
    """Drop what request ids were answered long ago; how many."""
    with database.writing() as transaction:
        return requests.forget(transaction, now - ANSWERS_KEPT)


def tick(database: Database, *, rescore_at: time, now: datetime) -> Operation | None:
    """Begin the night's rescoring if it is due and was not begun; None otherwise."""
    due = last_due(rescore_at, now)
    if now - due > CATCH_UP:
        return None
    try:
        with database.writing() as transaction:
            return rescoring.begin_due(transaction, Cause(actor=BEAT, now=now), due=due)
    except NoActiveModel:
        return None
