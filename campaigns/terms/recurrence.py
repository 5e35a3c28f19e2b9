"""When a campaign happens again: calendars in its own time zone, daylight saving included. Pure.

A local time that the clocks skip in spring is taken with the offset from before, so that it comes as much later as they
jump; one that they show twice in autumn is the first of the two (RFC 5545, section 3.3.5). Either happens once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from campaigns.terms.refusals import InvalidCampaign

LONGEST_DAYS = 366
LONGEST_SERIES = timedelta(days=5 * 366)
FIELDS = 5
WIDEST = timedelta(days=2)
"""More than any zone is away from UTC, and than any clock was ever turned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """On which local days and at what local time, and for how long."""

    cron: str
    """Minute, hour, day of month, month, day of week; minute and hour are one number each, so at most once a day."""
    days: int
    """That an occurrence lasts, to the same local time of its last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that it happens."""

    day: date
    """Of its start, in the zone."""
    start_time: datetime
    end_time: datetime
    """Exclusive."""


def instant(local: datetime, zone: str) -> datetime:
    """The moment, in UTC, of a local time without a zone."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def days_later(moment: datetime, days: int, zone: str) -> datetime:
    """The same local time so many local days later."""
    return instant(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(days=days), zone)


def check_recurrence(recurrence: Recurrence) -> None:
    """Raises InvalidCampaign."""
    fields = recurrence.cron.split()
    once = len(fields) == FIELDS and all(field.isascii() and field.isdigit() for field in fields[:2])
    if not once:
        raise InvalidCampaign(
            f"{recurrence.cron!r}: give minute hour day month weekday, such as '0 9 * * MON'; minute and hour are one "
            "number each, since a series recurs at most once a day",
            field="recurrence.cron",
        )
    try:
        next(CronSim(recurrence.cron, datetime(2024, 1, 1)))  # noqa: DTZ001 - local days have no zone here
    except (CronSimError, StopIteration) as error:
        raise InvalidCampaign(f"{recurrence.cron!r} never happens: {error}", field="recurrence.cron") from error
    if not 1 <= recurrence.days <= LONGEST_DAYS:
        raise InvalidCampaign(f"an occurrence lasts 1 to {LONGEST_DAYS} days", field="recurrence.days")


def occurrences(recurrence: Recurrence, zone: str, *, since: datetime, until: datetime) -> Iterator[Occurrence]:
    """Those that start from `since` on and before `until`, in order."""
    begin = since.astimezone(UTC).replace(tzinfo=None) - WIDEST
    for local in CronSim(recurrence.cron, begin):
        start = instant(local, zone)
        if start >= until:
            return
        if start >= since:
            end = instant(local + timedelta(days=recurrence.days), zone)
            yield Occurrence(day=local.date(), start_time=start, end_time=end)
