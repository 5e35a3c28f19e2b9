"""What a page shows of an experiment: the same marks whether they are reckoned now or were kept at midnight."""

from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import make_cause
from running.databases import filled_once
from shops.watched_shop import LAUNCHED, open_watched

from campaigns.experiments.decision import Verdict
from campaigns.experiments.results import Metric
from campaigns.life import campaigns
from campaigns.watching import course, readings
from database.session import Database

MIDNIGHT = datetime.combine(LAUNCHED.date() + timedelta(days=17), datetime.min.time(), tzinfo=UTC)


@filled_once
def shop(database: Database) -> None:
    open_watched(database)


def numbers(found: course.Course, arm: str) -> dict[Metric, list[float]]:
    """All that a page says."""
    return {
        metric: [mark.difference, mark.interval.low, mark.interval.high, mark.mean, mark.holdout_mean, mark.p_value]
        for metric, mark in found.last(arm).items()
    }


def test_what_was_kept_says_what_would_be_reckoned(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (-1, 0):
        with shop.writing() as transaction:
            readings.take(transaction, "spring", MIDNIGHT + timedelta(days=days, hours=6))
    with shop.reading() as snapshot:
        now = course.course(snapshot, "spring", MIDNIGHT)
        monkeypatch.setattr(course, "AT_ONCE", 10)
        then = course.course(snapshot, "spring", MIDNIGHT + timedelta(hours=7))
        asked = course.course(snapshot, "spring", MIDNIGHT, at_once=True)

    assert (now.kept, then.kept, asked.kept) == (False, True, False)
    assert now.until == then.until == asked.until == MIDNIGHT
    for arm in ("ALL", "plain", "bold"):
        for metric, said in numbers(now, arm).items():
            # Sums of floats depend a little on the order of the rows.
            assert numbers(then, arm)[metric] == pytest.approx(said)
            assert numbers(asked, arm)[metric] == pytest.approx(said)
    assert len(then.line("plain", Metric.REVENUE)) == 2
    assert then.decisions["ALL"].verdict == now.decisions["ALL"].verdict == Verdict.SHIP
    assert then.sample_ratio == now.sample_ratio
    assert then.arms == ["bold", "plain"]


def test_what_was_open_at_midnight_stays_so_where_the_campaign_ended_since(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign that is over is told to run on by nobody, and a week later nobody looks at it any more."""
    monkeypatch.setattr(course, "AT_ONCE", 10)
    second = datetime.combine(LAUNCHED.date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    ended = second + timedelta(hours=6)
    with shop.writing() as transaction:
        readings.take(transaction, "spring", second)
        running = course.course(transaction, "spring", ended)
        campaigns.end(transaction, make_cause(ended), "spring")
        over = course.course(transaction, "spring", ended)
        due = [readings.due(transaction, ended + timedelta(days=days)) for days in (7.9, 8.1)]

    assert [each.decisions["plain"].verdict for each in (running, over)] == [Verdict.KEEP_RUNNING, Verdict.INCONCLUSIVE]
    assert due == [["spring"], []]


def test_totals_are_those_of_all_customers(shop: Database) -> None:
    with shop.reading() as snapshot:
        found = course.course(snapshot, "spring", LAUNCHED + timedelta(days=20))
    mark = found.last()[Metric.REVENUE]

    assert (found.primary, mark.customers + mark.holdout_customers) == (Metric.MARGIN, 300)
    assert mark.total == mark.difference * mark.customers
    assert mark.total_interval.low == mark.interval.low * mark.customers
