"""Quiet hours are those of clocks on the wall, whatever the clocks do, and end."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from channels.quiet_hours import QuietHours
from events.zones import zones

ZONES = st.sampled_from(sorted(zones()))
MOMENTS = st.datetimes(datetime(2012, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made so here
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
TURNED = timedelta(hours=2)
"""More than clocks are turned by."""


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written)


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        ("21:00-08:00", "Europe/Berlin", "2026-11-28T20:59:59+01:00", None),
        ("21:00-08:00", "Europe/Berlin", "2026-11-28T21:00:00+01:00", "2026-11-29T08:00:00+01:00"),
        ("21:00-08:00", "Europe/Berlin", "2026-11-29T02:00:00+00:00", "2026-11-29T08:00:00+01:00"),
        ("21:00-08:00", "Europe/Berlin", "2026-11-29T08:00:00+01:00", None),
        ("21:00-08:00", "Asia/Tokyo", "2026-11-28T12:00:00+00:00", "2026-11-29T08:00:00+09:00"),
        ("12:00-14:00", "UTC", "2026-11-28T13:00:00+00:00", "2026-11-28T14:00:00+00:00"),
        ("00:00-06:00", "UTC", "2026-11-28T23:59:59+00:00", None),
        # The end is shown twice, and skipped.
        ("21:00-02:30", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("21:00-02:30", "Europe/Berlin", "2026-03-29T01:59:59+01:00", "2026-03-29T03:30:00+02:00"),
        # So is the start.
        ("02:30-08:00", "Europe/Berlin", "2026-10-25T02:10:00+01:00", "2026-10-25T08:00:00+01:00"),
        ("02:30-08:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00", "2026-03-29T08:00:00+02:00"),
        # Of a whole day but the hour that is skipped on the next.
        ("03:00-02:00", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "2026-03-30T02:00:00+02:00"),
        ("21:00-08:00", "Pacific/Apia", "2011-12-29T22:00:00-10:00", "2011-12-31T08:00:00+14:00"),
    ],
)
def test_quiet_hours_end_when_the_clocks_say_so(hours: str, zone: str, now: str, until: str | None) -> None:
    found = QuietHours.read(hours).until(moment(now), zone)

    assert (None if found is None else found.isoformat()) == until


@given(ZONES, MOMENTS, TIMES, TIMES)
@example("Australia/Lord_Howe", moment("2026-04-04T15:00:00+00:00"), time(2, 10), time(1, 50))
@example("Africa/Casablanca", moment("2026-02-15T02:00:00+00:00"), time(22, 0), time(2, 30))
@example("America/New_York", moment("2026-03-08T06:59:00+00:00"), time(2, 10), time(2, 0))
def test_whatever_clocks_show_in_quiet_hours_is_quiet_and_what_ends_them_is_not(
    zone: str, now: datetime, start: time, end: time
) -> None:
    assume(start != end)
    hours = QuietHours(start, end)

    until = hours.until(now, zone)

    shown = now.astimezone(ZoneInfo(zone)).time()
    inside = start <= shown < end if start < end else shown >= start or shown < end
    offsets = {(now + near).astimezone(ZoneInfo(zone)).utcoffset() for near in (-TURNED, timedelta(), TURNED)}
    if inside:
        assert until is not None
    elif len(offsets) == 1:
        assert until is None
    if until is not None:
        assert now < until <= now + timedelta(days=3)
        assert hours.until(until, zone) is None
        assert hours.until(until - timedelta(microseconds=1), zone) == until
