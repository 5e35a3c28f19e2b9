"""Times as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from admin.shell.output import fail
from campaigns.terms.checking import EARLIEST, LATEST
from events.zones import zones


def read_time(typed: str, option: str, zone: str = "UTC") -> datetime:
    """An ISO time, in the zone where it names none. The command ends, naming the option, where it is none."""
    if zone not in zones():
        fail(f"--zone {zone}: give an IANA time zone such as Europe/London")
    try:
        read = datetime.fromisoformat(typed)
        time = (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        fail(f"{option} {typed}: give an ISO time such as 2026-12-01T08:00:00+00:00")
    if not EARLIEST <= time <= LATEST:
        fail(f"{option} {typed}: give a time between {EARLIEST.year} and {LATEST.year}")
    return time


def read_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """What `--since` and `--until` say. The command ends, naming the option, where that holds no time."""
    first, last = (
        None if typed is None else read_time(typed, option)
        for typed, option in ((since, "--since"), (until, "--until"))
    )
    if first is not None and last is not None and last <= first:
        fail(f"--until {until}: give a time after --since {since}")
    return first, last


def written(time: datetime | None) -> str | None:
    """A time as commands tell it, to the second; None for none."""
    return None if time is None else time.isoformat(timespec="seconds")
