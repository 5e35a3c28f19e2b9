"""What it takes to count the rows anew that reports keep."""

import math
import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure
from database.reporting import refreshing
from database.session import Database
from worker.clock import reporting
from worker.clock.tick import Tick

BOUND_SECONDS = 60.0


def refreshed(database: Database) -> dict[str, Figure]:
    """Seconds of counting campaigns, and of each report whose rows are kept."""
    now = datetime.now(UTC)
    tick = Tick(database=database, now=now, seconds=math.inf, enough=lambda: False)
    started = time.perf_counter()
    reporting.count(tick, every=timedelta(0))
    counted = {"counting campaigns for reports": _figure(time.perf_counter() - started)}
    started = time.perf_counter()
    reporting.count_messages(tick)
    counted["counting messages that came"] = _figure(time.perf_counter() - started)
    with database.reading() as snapshot:
        names = refreshing.due(snapshot, now, every=timedelta(0))
    return counted | {f"refresh of {name}": _figure(_seconds(database, name, now)) for name in names}


def _seconds(database: Database, name: str, now: datetime) -> float:
    started = time.perf_counter()
    with database.writing() as transaction:
        refreshing.refresh(transaction, name, now)
    return time.perf_counter() - started


def _figure(seconds: float) -> Figure:
    return Figure(value=seconds, unit="s", against=f"{BOUND_SECONDS:g} s", ratio=seconds / BOUND_SECONDS)
