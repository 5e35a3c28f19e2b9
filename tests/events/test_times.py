"""Times become UTC whatever the file's spelling, and what cannot be a time says why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.terms.recurrence import instant
from events.written.times import Clock, read_times

LONDON = Clock(zone="Europe/London")
SPRING_GAP = "2026-03-29 01:30:00"
AUTUMN_TWICE = "2026-10-25 01:30:00"


def own(*formats: str) -> Clock:
    return replace(LONDON, formats=formats)


def read(value: object, clock: Clock = LONDON) -> tuple[datetime | None, str | None, bool]:
    time, problem, repaired = read_times(pl.Series([value]), clock).row(0)
    return time, problem, repaired


@pytest.mark.parametrize(
    ("value", "clock", "expected"),
    [
        ("2026-07-01 12:00:00", LONDON, datetime(2026, 7, 1, 11, tzinfo=UTC)),
        ("2026-07-01T12:00:00.250", LONDON, datetime(2026, 7, 1, 11, 0, 0, 250_000, tzinfo=UTC)),
        (" 2026-01-01 12:00 ", LONDON, datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01", LONDON, datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", LONDON, datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00+05:30", LONDON, datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
        ("2026-07-01 12:00+02:00", LONDON, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01 12:00:00.5+02", LONDON, datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-07-01 12:00:00 +0200", LONDON, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01 12:00:00 UTC", LONDON, datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("1767225600", LONDON, datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600, LONDON, datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600000, Clock(epoch_unit="ms"), datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600.5, LONDON, datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("31/12/2025 23:59", Clock(formats=("%d/%m/%Y %H:%M",)), datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
        ("01/07/2026 12:00 +0200", own("%d/%m/%Y %H:%M %z"), datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("01/07/2026 12:00 UTC", own("%d/%m/%Y %H:%M UTC"), datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("01/07/2026T12:00", own("%d/%m/%YT%H:%M", "%d/%m/%Y %z"), datetime(2026, 7, 1, 11, tzinfo=UTC)),
        ("1401151230", own("%y%m%d%H%M"), datetime(2014, 1, 15, 12, 30, tzinfo=UTC)),
        ("12/1/10 8:26", own("%m/%d/%Y %H:%M", "%m/%d/%y %H:%M"), datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        (202607011200, own("%Y%m%d%H%M"), datetime(2026, 7, 1, 11, tzinfo=UTC)),
        ("1767225600", own("%d.%m.%Y"), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12), LONDON, datetime(2026, 7, 1, 11, tzinfo=UTC)),  # noqa: DTZ001 - local on purpose
        (datetime(2026, 7, 1, 12, tzinfo=UTC), LONDON, datetime(2026, 7, 1, 12, tzinfo=UTC)),
        (date(2026, 7, 1), LONDON, datetime(2026, 6, 30, 23, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(value: object, clock: Clock, expected: datetime) -> None:
    assert read(value, clock) == (expected, None, False)


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2026-02-30 10:00:00",
        "2026-01-01 25:00:00",
        "01/02/2026",
        "45615.5",
    ],
)
def test_what_is_no_time_is_unreadable(value: object) -> None:
    assert read(value) == (None, "UNREADABLE_TIME", False)


@pytest.mark.parametrize(
    ("value", "clock"),
    [
        *((1767225600 * unit, LONDON) for unit in (10**3, 10**6, 10**9)),
        *((str(1767225600 * unit), LONDON) for unit in (10**3, 10**6, 10**9)),
        *((1767225600, Clock(epoch_unit=unit)) for unit in ("ms", "us")),
        pytest.param(46023.5, LONDON, id="days of a spreadsheet"),
        pytest.param(20260101.0, LONDON, id="a date without its format"),
    ],
)
def test_a_number_that_is_a_time_in_another_unit_is_told_as_one(value: object, clock: Clock) -> None:
    assert read(value, clock)[1] == "TIME_IN_ANOTHER_UNIT"


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_zero_is_of_no_other_unit(unit: str) -> None:
    assert read(0, Clock(epoch_unit=unit)) == (datetime(1970, 1, 1, tzinfo=UTC), None, False)  # type: ignore[arg-type]


def test_a_column_that_has_gaps_is_read_by_its_format_and_not_as_seconds() -> None:
    dates = pl.Series([20260701.0, None, 1767225600.5])
    midnight, _, seconds = read_times(dates, own("%Y%m%d"))["time"]
    assert (midnight, seconds) == (
        datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_time_is_no_problem_of_reading(value: str | None) -> None:
    assert read_times(pl.Series([value], dtype=pl.String), LONDON).row(0) == (None, None, False)


def test_a_time_skipped_by_the_clock_is_refused_or_read_by_the_clock_before() -> None:
    assert read(SPRING_GAP) == (None, "NONEXISTENT_TIME", True)
    shifting = Clock(zone="Europe/London", nonexistent="shift")
    assert read(SPRING_GAP, shifting) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None, True)


def test_a_shift_by_half_an_hour_is_right_too() -> None:
    lord_howe = Clock(zone="Australia/Lord_Howe", nonexistent="shift")
    assert read("2026-10-04 02:15:00", lord_howe) == (datetime(2026, 10, 3, 15, 45, tzinfo=UTC), None, True)


@pytest.mark.parametrize("spelt", ["2018-11-04", "2018-11-04 00:00:00", date(2018, 11, 4)])
def test_a_date_whose_midnight_the_clock_skips_begins_when_the_day_does(spelt: object) -> None:
    """In summers of São Paulo, and still of Cairo and Santiago: no shop there should lose a day's orders each year."""
    assert read(spelt, Clock(zone="America/Sao_Paulo")) == (datetime(2018, 11, 4, 3, tzinfo=UTC), None, True)


def test_a_whole_day_that_was_left_out_is_refused_or_read_by_the_clock_before() -> None:
    apia = Clock(zone="Pacific/Apia")
    for spelt, moment in (("2011-12-30", 10), ("2011-12-30 12:00", 22)):
        assert read(spelt, apia) == (None, "NONEXISTENT_TIME", True)
        expected = datetime(2011, 12, 30, moment, tzinfo=UTC)
        assert read(spelt, replace(apia, nonexistent="shift")) == (expected, None, True)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("earliest", (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None, True)),
        ("latest", (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None, True)),
        ("reject", (None, "AMBIGUOUS_TIME", True)),
    ],
)
def test_a_time_that_comes_twice_is_chosen_as_configured(choice: str, expected: tuple[object, ...]) -> None:
    clock = Clock(zone="Europe/London", ambiguous=choice)  # type: ignore[arg-type]  # parametrised literals
    assert read(AUTUMN_TWICE, clock) == expected


@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_a_time_with_its_offset_means_the_same_instant_in_every_zone_of_the_file(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read(moment.isoformat()) == (moment.astimezone(UTC), None, False)
    assert read(moment.isoformat(), Clock(zone="Asia/Tokyo")) == read(moment.isoformat())


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
    st.sampled_from(
        ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo"]
    ),
)
def test_a_local_time_is_the_instant_that_a_campaign_would_begin_at(naive: datetime, zone: str) -> None:
    assert read(naive.isoformat(), Clock(zone=zone, nonexistent="shift"))[0] == instant(naive, zone)
