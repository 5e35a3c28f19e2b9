"""The rows that reports keep: what is due, and how they are made anew while everybody reads on."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text

from database.leading import leads
from database.session import Snapshot, Transaction, changed_rows

CONFIGURE = text("""
UPDATE report_settings SET key = coalesce(sha256(convert_to(:key, 'UTF8')), key), minimum_group = :minimum_group,
  currency = :currency, update_time = :now
WHERE (key, minimum_group, currency)
  IS DISTINCT FROM (coalesce(sha256(convert_to(:key, 'UTF8')), key), :minimum_group, :currency)
""")
DUE = text("""
SELECT name FROM report_views CROSS JOIN report_settings
WHERE stored AND (coalesce(due_time <= :now, true) OR as_of <= :stale OR as_of > :ahead OR as_of < update_time)
  AND coalesce(attempt_time <= :tired OR attempt_time > :now, true)
ORDER BY as_of, name
""")
FRESH = text("SELECT name, as_of FROM report_views WHERE stored ORDER BY name")
REFRESH = text("SELECT refresh_report(:name, :now)")
SECONDS = text("SELECT coalesce(refresh_seconds, 0) FROM report_views WHERE name = :name")
PLAN = text("UPDATE report_views SET due_time = :due WHERE name = :name")
FAILED = text("UPDATE report_views SET attempt_time = :now, error = :error WHERE name = :name")
RETRY = timedelta(minutes=5)


class ReportSettings(NamedTuple):
    """What views read of the settings."""

    key: str | None
    """Makes the pseudonyms; None keeps the key that was drawn."""
    minimum_group: int
    currency: str


def configure(transaction: Transaction, wanted: ReportSettings, now: datetime) -> bool:
    """Let the views go by these settings; whether that changed anything. Rows that were kept are due then."""
    return changed_rows(transaction.execute(CONFIGURE, {**wanted._asdict(), "now": now})) == 1


def shop_currency(snapshot: Snapshot) -> str:
    """In which the shop counts money; other money does not count."""
    return str(snapshot.execute(text("SELECT currency FROM report_settings")).scalar_one())


def due(snapshot: Snapshot, now: datetime, *, every: timedelta) -> list[str]:
    """The views whose time has come, or whose rows are older than that, oldest first.

    One whose refresh just failed waits some minutes.
    Also what is as of a time to come: a clock that was ahead made it.
    """
    return list(snapshot.scalars(DUE, {"now": now, "stale": now - every, "ahead": now + every, "tired": now - RETRY}))


def as_of(snapshot: Snapshot) -> dict[str, datetime]:
    """What the kept rows of each view are as of."""
    return {name: time for name, time in snapshot.execute(FRESH)}  # noqa: C416 - rows are no pairs to mypy


def refresh(transaction: Transaction, name: str, now: datetime) -> bool:
    """Make the rows of a view anew, as of now; False when somebody else is at it.

    Readers see the old rows until the transaction ends, and go on seeing them if it fails.
    """
    if not leads(transaction, "tierwise report", name):
        return False
    transaction.execute(REFRESH, {"name": name, "now": now})
    return True


def seconds(snapshot: Snapshot, name: str) -> float:
    """How long the last refresh of a view took."""
    return float(snapshot.execute(SECONDS, {"name": name}).scalar_one())


def plan(transaction: Transaction, name: str, due: datetime) -> None:
    """Let the rows of a view be made anew at that time."""
    transaction.execute(PLAN, {"name": name, "due": due})


def failed(transaction: Transaction, name: str, error: str, now: datetime) -> None:
    """Note that a refresh failed."""
    transaction.execute(FAILED, {"name": name, "error": error, "now": now})
