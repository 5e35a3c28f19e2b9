"""What it takes to count the rows anew that reports keep."""

import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure
from database.reporting import refreshing
from database.session import Database

BOUND_SECONDS = 60.0


def refreshed(database: Database) -> dict[str, Figure]:
    """Seconds of each report whose rows are kept."""
    now = datetime.now(UTC)
    with database.reading() as snapshot:
        names = refreshing.due(snapshot, now, every=timedelta(0))
    return {f"refresh of {name}": _figure(_seconds(database, name, now)) for name in names}


def _seconds(database: Database, name: str, now: datetime) -> float:
    started = time.perf_counter()
    with database.writing() as transaction:
        refreshing.refresh(transaction, name, now)
    return time.perf_counter() - started


def _figure(seconds: float) -> Figure:
    return Figure(value=seconds, unit="s", against=f"{BOUND_SECONDS:g} s", ratio=seconds / BOUND_SECONDS)
