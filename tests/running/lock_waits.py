"""Whether transactions stand in each other's way, as PostgreSQL tells it."""

from sqlalchemy import text

from database.session import Database

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def waiters(database: Database) -> int:
    """How many in this database wait for a lock."""
    with database.reading() as snapshot:
        return int(snapshot.scalar(WAITING) or 0)


def somebody_waits(database: Database) -> bool:
    """Whether anybody does."""
    return waiters(database) > 0
