"""Whether transactions stand in each other's way, as PostgreSQL tells it."""

from sqlalchemy import text

from database.session import Database

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def somebody_waits(database: Database) -> bool:
    """Somebody in this database waits for a lock."""
    with database.reading() as snapshot:
        return bool(snapshot.scalar(WAITING))
