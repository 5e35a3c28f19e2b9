"""A month of campaigns: windows on the days of their own zones, and occurrences to come."""

from datetime import UTC, date, datetime

from made.campaigns import approve_campaign, create_campaign

from campaigns.life.calendar import Entry, weeks
from campaigns.terms.recurrence import Recurrence
from database.session import Database

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)


def month(database: Database) -> dict[date, list[Entry]]:
    with database.reading() as snapshot:
        return {day.day: list(day.entries) for week in weeks(snapshot, date(2026, 10, 1), NOW) for day in week}


def test_a_window_stands_on_the_days_of_its_own_zone(database: Database) -> None:
    create_campaign(
        database, zone="Pacific/Auckland", start_time=datetime(2026, 10, 4, 11, 30, tzinfo=UTC),
        end_time=datetime(2026, 10, 6, 11, tzinfo=UTC),
    )  # fmt: skip
    days = month(database)

    assert (min(days), max(days), len(days)) == (date(2026, 9, 28), date(2026, 11, 1), 35)
    assert [day.day for day, entries in days.items() if entries] == [5, 6]
    (first,), (last,) = days[date(2026, 10, 5)], days[date(2026, 10, 6)]
    assert (first.begins is not None, first.ends, last.begins, last.ends is not None) == (True, None, None, True)


def test_of_a_window_of_centuries_the_days_of_the_month_are_told(database: Database) -> None:
    create_campaign(database, start_time=datetime(1970, 1, 1, tzinfo=UTC), end_time=datetime(2999, 1, 1, tzinfo=UTC))

    days = month(database)

    assert [len(entries) for entries in days.values()] == [1] * 35
    assert not any(entry.begins or entry.ends for (entry,) in days.values())


def test_a_series_stands_where_the_clock_will_launch_it(database: Database) -> None:
    create_campaign(
        database, recurrence=Recurrence(cron="0 9 * * MON", days=1), zone="Europe/London", start_time=NOW,
        end_time=datetime(2026, 12, 1, tzinfo=UTC),
    )  # fmt: skip
    assert not any(month(database).values()), "a draft is launched by nobody"
    approve_campaign(database, now=NOW)

    begun = [entry.begins for entries in month(database).values() for entry in entries if entry.begins]

    assert begun == [datetime(2026, 10, 19, 8, tzinfo=UTC), datetime(2026, 10, 26, 9, tzinfo=UTC)]
