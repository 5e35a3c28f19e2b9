"""Looks of the clock."""

from collections.abc import Callable
from datetime import datetime

from database.session import Database
from worker.clock.tick import Tick


def tick_at(
    database: Database, now: datetime, *, seconds: float = 60, enough: Callable[[], bool] = lambda: False
) -> Tick:
    """With time for everything unless a test says otherwise."""
    return Tick(database=database, now=now, seconds=seconds, enough=enough)
