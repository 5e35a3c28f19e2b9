"""Each local time happens once, in every zone and year, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.terms.recurrence import Occurrence, Recurrence, check_recurrence, days_later, instant, occurrences
from campaigns.terms.refusals import InvalidCampaign
from events.zones import zones

ZONES = st.sampled_from(sorted(zones()))
YEARS = st.integers(2012, 2037)
"""From 2012 on no zone has skipped a whole day, as Apia did on 30 December 2011."""


def wall(*parts: int) -> datetime:
    """What a clock on the wall shows, which has no zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def of_year(cron: str, zone: str, year: int) -> list[Occurrence]:
    begin, end = (instant(wall(each, 1, 1), zone) for each in (year, year + 1))
    return list(occurrences(Recurrence(cron=cron, days=1), zone, since=begin, until=end))


def shown_at(local: datetime, zone: str) -> list[datetime]:
    """The moments at which clocks show a local time: one, two in a doubled hour, none in a gap."""
    found = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in found if each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local)


@given(ZONES, YEARS, st.integers(0, 23), st.integers(0, 59))
@example("Europe/London", 2026, 1, 30)
@example("America/New_York", 2026, 2, 30)
@example("Australia/Lord_Howe", 2026, 2, 15)
@example("Africa/Casablanca", 2026, 2, 30)
def test_every_day_has_its_occurrence_once_and_in_order(zone: str, year: int, hour: int, minute: int) -> None:
    found = of_year(f"{minute} {hour} * * *", zone, year)

    first = date(year, 1, 1)
    assert [each.day for each in found] == [
        first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)
    ]
    starts = [each.start_time for each in found]
    assert all(earlier < later for earlier, later in pairwise(starts))
    for each in found:
        local = datetime.combine(each.day, datetime.min.time()).replace(hour=hour, minute=minute)
        moments = shown_at(local, zone)
        if moments:
            assert each.start_time == moments[0], "the first of two, and the only one otherwise"
        else:
            before = local.replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()
            assert before is not None
            assert each.start_time == (local - before).replace(tzinfo=UTC), "as much later as the clocks jump"


@pytest.mark.parametrize(
    ("zone", "local", "moment"),
    [
        pytest.param("Europe/London", (2026, 3, 29, 1, 30), (2026, 3, 29, 1, 30), id="skipped-in-London"),
        pytest.param("Europe/London", (2026, 10, 25, 1, 30), (2026, 10, 25, 0, 30), id="doubled-in-London"),
        pytest.param("America/New_York", (2026, 3, 8, 2, 30), (2026, 3, 8, 7, 30), id="skipped-in-New-York"),
        pytest.param("America/New_York", (2026, 11, 1, 1, 30), (2026, 11, 1, 5, 30), id="doubled-in-New-York"),
        pytest.param("Asia/Kolkata", (2026, 3, 29, 1, 30), (2026, 3, 28, 20, 0), id="no-daylight-saving"),
    ],
)
def test_what_the_clocks_skip_comes_later_and_what_they_double_comes_first(
    zone: str, local: tuple[int, ...], moment: tuple[int, ...]
) -> None:
    assert instant(wall(*local), zone) == wall(*moment).replace(tzinfo=UTC)


def test_a_week_ends_at_the_local_time_at_which_it_began() -> None:
    before_the_change = instant(wall(2026, 3, 25, 9), "Europe/London")

    assert days_later(before_the_change, 7, "Europe/London") == before_the_change + timedelta(days=7, hours=-1)


@given(ZONES, YEARS, st.integers(1, 10), st.integers(0, 364))
def test_an_occurrence_is_open_and_splitting_a_span_loses_and_doubles_none(
    zone: str, year: int, days: int, cut: int
) -> None:
    recurrence = Recurrence(cron="30 2 * * MON,THU", days=days)
    begin, end = (instant(wall(each, 1, 1), zone) for each in (year, year + 1))
    middle = begin + timedelta(days=cut, hours=2, minutes=30)

    whole = list(occurrences(recurrence, zone, since=begin, until=end))
    halves = [
        *occurrences(recurrence, zone, since=begin, until=middle),
        *occurrences(recurrence, zone, since=middle, until=end),
    ]

    assert halves == whole
    assert all(each.start_time < each.end_time for each in whole)
    assert {each.day.weekday() for each in whole} == {0, 3}


@pytest.mark.parametrize(("cron", "months"), [("0 9 31 * *", 7), ("0 9 L * *", 12)])
def test_months_without_a_day_are_left_out_and_each_has_a_last_one(cron: str, months: int) -> None:
    assert len(of_year(cron, "Europe/Berlin", 2026)) == months


@pytest.mark.parametrize("cron", ["0 9 * * MON", "30 18 1 * *", "0 0 L * *", "15 7 29 2 *", "0 12 * 12 FRI#1"])
def test_calendars_that_happen_at_most_once_a_day_are_accepted(cron: str) -> None:
    check_recurrence(Recurrence(cron=cron, days=366))


@pytest.mark.parametrize(
    ("cron", "days", "field"),
    [
        pytest.param("* 9 * * *", 1, "cron", id="every-minute"),
        pytest.param("0 9,18 * * *", 1, "cron", id="twice-a-day"),
        pytest.param("0 9 * *", 1, "cron", id="a-field-short"),
        pytest.param("0 0 9 * * *", 1, "cron", id="with-seconds"),
        pytest.param("0 24 * * *", 1, "cron", id="no-such-hour"),
        pytest.param("0 9 * * NEVER", 1, "cron", id="no-such-day"),
        pytest.param("0 9 31 2 *", 1, "cron", id="never"),
        pytest.param("0 9 * * *", 0, "days", id="empty"),
        pytest.param("0 9 * * *", 367, "days", id="too-long"),
    ],
)
def test_calendars_that_make_no_sense_name_their_field(cron: str, days: int, field: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        check_recurrence(Recurrence(cron=cron, days=days))

    assert refused.value.metadata == {"field": f"recurrence.{field}"}
