"""Kept rows are made anew without anybody waiting, and whatever dies in the middle leaves the ones before."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from made.campaigns import (
    NOW,
    begin_launch,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    launch_campaign,
    make_cause,
    rescore,
    store_scores,
)
from made.ticks import tick_at
from shops.reporting_shop import LATER, MINIMUM, PARIS, SPENDS, ask, bought, open_shop
from sqlalchemy import text

from campaigns.coupons import refunding
from campaigns.life import campaigns
from campaigns.models import registry
from database.coupons import counting
from database.events.store import insert_events
from database.models import score_history
from database.reporting import analyst, refreshing, views
from database.reporting.refreshing import ReportSettings
from database.session import Database
from settings import Settings
from worker.clock import reporting

HOUR = timedelta(hours=1)
STORED = ["campaign_performance", "coupon_funnel", "messages", "tier_migrations", "tiers"]
SETTINGS = ReportSettings(key=None, minimum_group=MINIMUM, currency="GBP")
TIERS = "SELECT tier, customers FROM reporting.tiers ORDER BY customers"


def refresh(database: Database, now: datetime, *, seconds: float = 60, left: int = 99) -> list[str]:
    """What one tick makes anew, with time for so many."""
    steps = count()
    tick = tick_at(database, now, seconds=seconds, enough=lambda: next(steps) >= left)
    return reporting.refresh(tick, every=HOUR, pace=math.inf)


def to_count(database: Database, now: datetime) -> list[str]:
    with database.reading() as snapshot:
        return counting.due(snapshot, now, every=HOUR)


def grow(database: Database) -> None:
    rescore(database, dict.fromkeys(SPENDS, 9000))


def as_of(url: str) -> datetime:
    return ask(url, "SELECT as_of FROM reporting.versions WHERE view = 'tiers'")[0][0]  # type: ignore[no-any-return]


def test_rows_are_made_anew_when_they_are_old(shop_of_reports: Database, shop_url: str) -> None:
    grow(shop_of_reports)

    assert refresh(shop_of_reports, LATER + HOUR - timedelta(seconds=1)) == []
    assert ask(shop_url, TIERS) == [("LOW", 30), ("MID", 38), ("HIGH", 52)]
    assert refresh(shop_of_reports, LATER + HOUR) == STORED
    assert ask(shop_url, TIERS) == [("HIGH", 120)]
    assert ask(shop_url, "SELECT DISTINCT as_of FROM reporting.tiers") == [(LATER + HOUR,)]
    assert refresh(shop_of_reports, LATER + HOUR) == []


def test_readers_wait_for_no_refresh_and_keep_what_they_saw(shop_of_reports: Database, shop_url: str) -> None:
    grow(shop_of_reports)
    with psycopg.connect(shop_url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert len(reader.execute(TIERS).fetchall()) == 3

        with shop_of_reports.writing() as transaction:
            assert refreshing.refresh(transaction, "tiers", LATER + HOUR)
            assert len(ask(shop_url, TIERS)) == 3

        assert len(reader.execute(TIERS).fetchall()) == 3
    assert len(ask(shop_url, TIERS)) == 1


def test_a_refresh_that_is_killed_leaves_the_rows_and_is_done_again(shop_of_reports: Database, shop_url: str) -> None:
    grow(shop_of_reports)
    with psycopg.connect(shop_url) as worker, psycopg.connect(shop_url, autocommit=True) as killer:
        worker.execute("SELECT refresh_report('tiers', %s)", (LATER + HOUR,))
        killer.execute("SELECT pg_terminate_backend(%s)", (worker.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            worker.execute("SELECT 1")

    assert (len(ask(shop_url, TIERS)), as_of(shop_url)) == (3, LATER)
    assert "tiers" in refresh(shop_of_reports, LATER + HOUR)
    assert (len(ask(shop_url, TIERS)), as_of(shop_url)) == (1, LATER + HOUR)


def test_one_that_fails_stops_no_other_and_is_tried_again_later(
    shop_of_reports: Database, shop_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = next(view.kept for view in views.views() if view.name == "messages")
    with psycopg.connect(shop_url, autocommit=True) as hand:
        hand.execute(f"DROP INDEX reporting_store.{kept}_day_kind_channel_idx".encode())
        now = LATER + HOUR

        assert refresh(shop_of_reports, now) == [name for name in STORED if name != "messages"]
        assert "reporting.messages was not refreshed; its rows stay" in caplog.text
        failed = ask(shop_url, "SELECT view, as_of, failed_time FROM reporting.versions WHERE failed_time IS NOT NULL")
        assert failed == [("messages", LATER, now)]
        assert len(ask(shop_url, "SELECT day FROM reporting.messages")) == 2

        hand.execute(f"CREATE UNIQUE INDEX ON reporting_store.{kept} (day, kind, channel)".encode())
    assert refresh(shop_of_reports, now + timedelta(minutes=4)) == []
    assert refresh(shop_of_reports, now + timedelta(minutes=5)) == ["messages"]
    assert ask(shop_url, "SELECT count(*) FROM reporting.versions WHERE failed_time IS NOT NULL") == [(0,)]


def test_two_clocks_do_not_wait_for_each_other(shop_of_reports: Database) -> None:
    with shop_of_reports.writing() as transaction:
        assert refreshing.refresh(transaction, "tiers", LATER + HOUR)

        assert refresh(shop_of_reports, LATER + HOUR) == [name for name in STORED if name != "tiers"]


def test_what_a_clock_that_was_ahead_made_is_made_anew(shop_of_reports: Database) -> None:
    assert refresh(shop_of_reports, LATER + timedelta(days=3)) == STORED
    assert refresh(shop_of_reports, LATER + HOUR) == STORED
    assert refresh(shop_of_reports, LATER + HOUR) == []


def test_what_there_is_no_time_for_is_due_at_the_next_tick(shop_of_reports: Database) -> None:
    assert refresh(shop_of_reports, LATER + HOUR, left=2) == []
    assert to_count(shop_of_reports, LATER + HOUR) == ["spring"]

    tick = LATER + HOUR + timedelta(minutes=1)
    assert refresh(shop_of_reports, tick, left=3) == STORED[:2]
    with shop_of_reports.reading() as snapshot:
        assert refreshing.as_of(snapshot)["coupon_funnel"] == LATER + HOUR, "as old as the oldest count"
    assert refresh(shop_of_reports, tick) == STORED[2:]


def test_a_campaign_that_is_over_is_counted_anew_where_its_counters_moved(
    shop_of_reports: Database, shop_url: str
) -> None:
    discounts = "SELECT sum(discount_minor) FROM reporting.{} WHERE campaign_id = 'spring'"

    def shown() -> list[Any]:
        return [ask(shop_url, discounts.format(view))[0][0] for view in STORED[:2]]

    with shop_of_reports.writing() as transaction:
        campaigns.end(transaction, make_cause(LATER), "spring")
        used = text("SELECT max(redemption_id) FROM redemptions WHERE campaign_id = 'spring' AND refunded_minor = 0")
        redemption_id = transaction.scalars(used).one()
    day = timedelta(days=1)
    refresh(shop_of_reports, LATER + day - HOUR)
    assert to_count(shop_of_reports, LATER + day) == ["paris", "spring"]
    refresh(shop_of_reports, LATER + day)
    before = shown()
    assert to_count(shop_of_reports, LATER + 2 * day) == ["paris"]

    with shop_of_reports.writing() as transaction:
        refunding.refund(transaction, make_cause(LATER + 2 * day), redemption_id, refund_id="late", amount_minor=100)
    assert to_count(shop_of_reports, LATER + 2 * day) == ["paris", "spring"]
    refresh(shop_of_reports, LATER + 2 * day)

    assert shown() == [minor - 100 for minor in before]
    assert to_count(shop_of_reports, LATER + 3 * day) == ["paris"]


def test_what_takes_little_is_made_anew_soon_and_says_when(shop_of_reports: Database, shop_url: str) -> None:
    def tick(now: datetime, pace: float) -> list[str]:
        return reporting.refresh(tick_at(shop_of_reports, now), every=HOUR, pace=pace)

    soon = LATER + HOUR + timedelta(minutes=1)
    assert tick(LATER + HOUR, reporting.PACE) == STORED
    planned = ask(shop_url, "SELECT view, due_time - as_of, refresh_seconds FROM reporting.versions WHERE stored")
    for view, wait, took in planned:
        exactly = 600 * took if view.startswith("tier") else wait.total_seconds()
        assert wait == HOUR or 600 * took - 1 < wait.total_seconds() < exactly + 1

    assert tick(LATER + 2 * HOUR, 0.0) == STORED
    assert tick(LATER + 2 * HOUR, math.inf) == STORED, "they were planned for now"
    assert tick(soon + HOUR, 0.0) == []


def test_a_campaign_shows_as_soon_as_its_coupons_are_issued(shop_of_reports: Database, shop_url: str) -> None:
    shown = "SELECT sum(issued_count) FROM reporting.coupon_funnel WHERE campaign_id = 'autumn'"
    launch_campaign(shop_of_reports, PARIS, "autumn")
    assert to_count(shop_of_reports, LATER + HOUR) == ["autumn", "paris", "spring"]

    assert refresh(shop_of_reports, LATER + timedelta(minutes=1)) == STORED[:2]
    assert ask(shop_url, shown) == [(52,)]
    assert refresh(shop_of_reports, LATER + timedelta(minutes=2)) == [], "and the others are not counted for it"

    with shop_of_reports.writing() as transaction:
        transaction.execute(text("UPDATE counted_campaigns SET used_until = NULL WHERE campaign_id = 'autumn'"))
    assert refresh(shop_of_reports, LATER + timedelta(minutes=3)) == STORED[:2], "an earlier version counted less"


def test_a_launch_is_not_read_before_all_its_coupons_are_issued(database: Database) -> None:
    def read(now: datetime) -> int:
        return reporting.take_readings(tick_at(database, now))

    store_scores(database, dict.fromkeys(("anna", "ben", "cara"), 9000))
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)
    assert read(NOW + HOUR) == 0, "the day's reading would be of none"
    finish_launch(database, operation)

    assert read(NOW + HOUR) == 1
    assert ask_coupons(database) == [3]


def ask_coupons(database: Database) -> list[int]:
    with database.reading() as snapshot:
        return list(snapshot.scalars(text("SELECT coupons FROM liability_readings")))


def test_another_setting_makes_all_rows_anew(shop_of_reports: Database) -> None:
    later = LATER + timedelta(minutes=1)

    assert not reporting.configure(shop_of_reports, SETTINGS, later)
    assert refresh(shop_of_reports, later) == []
    assert reporting.configure(shop_of_reports, SETTINGS._replace(minimum_group=50), later)
    assert refresh(shop_of_reports, later) == STORED
    assert refresh(shop_of_reports, later + timedelta(minutes=1)) == [], "once"


def test_another_key_gives_other_pseudonyms_and_no_key_keeps_the_one_before(
    shop_of_reports: Database, shop_url: str
) -> None:
    query = "SELECT customer FROM reporting.scores ORDER BY 1"
    before = ask(shop_url, query)

    assert not reporting.configure(shop_of_reports, SETTINGS, LATER)
    assert ask(shop_url, query) == before
    assert reporting.configure(shop_of_reports, SETTINGS._replace(key="salt"), LATER)
    assert not set(ask(shop_url, query)) & set(before)


def test_the_rows_have_an_index_to_be_refreshed_by(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        indexed = connection.execute(
            """SELECT count(*) FROM pg_matviews WHERE schemaname = 'reporting_store' AND EXISTS (
                SELECT FROM pg_indexes WHERE schemaname = 'reporting_store' AND tablename = matviewname
                AND indexdef LIKE 'CREATE UNIQUE%')"""
        ).fetchone()
    assert indexed == (len(STORED),)


def test_a_campaign_is_read_once_a_day_until_its_aftermath_is_over(shop_of_reports: Database) -> None:
    def take(now: datetime) -> int:
        return reporting.take_readings(tick_at(shop_of_reports, now))

    over = NOW + timedelta(days=30)
    assert take(LATER + HOUR) == 0
    assert take(LATER + timedelta(days=1)) == 2
    assert take(over + timedelta(days=8) - HOUR) == 2
    assert take(over + timedelta(days=9)) == 0
    assert counts(shop_of_reports, "liability_readings", "result_readings") == (6, 27)


def test_nothing_is_compared_before_the_first_midnight(database: Database) -> None:
    open_shop(database)

    assert reporting.take_readings(tick_at(database, NOW + HOUR)) == 2

    assert counts(database, "liability_readings", "result_readings") == (2, 0)


def test_the_first_rescoring_of_a_month_is_kept_and_no_other(shop_of_reports: Database) -> None:
    assert counts(shop_of_reports, "score_history") == (240,)
    grow(shop_of_reports)
    assert counts(shop_of_reports, "score_history") == (240,)
    rescore(shop_of_reports, SPENDS, as_of=NOW + timedelta(days=15))
    assert counts(shop_of_reports, "score_history") == (360,)


def test_what_a_model_says_of_days_that_it_has_learned_from_is_not_kept(shop_of_reports: Database) -> None:
    learned = {"as_of": (NOW - timedelta(days=20)).isoformat()}
    with shop_of_reports.writing() as transaction:
        registry.register(transaction, make_cause(), "late", folder="nowhere", manifest=learned)
        registry.activate(transaction, make_cause(reason="a test needs it"), "late", override=True)

    rescore(shop_of_reports, SPENDS, model_id="late", as_of=NOW - timedelta(days=40))
    assert counts(shop_of_reports, "score_history") == (240,)
    rescore(shop_of_reports, SPENDS, model_id="late", as_of=NOW + timedelta(days=15))
    assert counts(shop_of_reports, "score_history") == (360,)


def test_scores_are_measured_when_their_horizon_is_over(shop_of_reports: Database) -> None:
    def due(days: int) -> list[tuple[int, int]]:
        with shop_of_reports.reading() as snapshot:
            found = score_history.due(snapshot, NOW + timedelta(days=days))
        return [(what.month.month, what.horizon) for what in found]

    buy(shop_of_reports, 30)
    assert [due(days) for days in (10, 30, 31)] == [[], [], [(11, 30)]]
    assert reporting.measure_models(tick_at(shop_of_reports, NOW + timedelta(days=31))) == 1
    assert reporting.measure_models(tick_at(shop_of_reports, NOW + timedelta(days=31))) == 0


def test_months_that_wait_for_nothing_are_not_read_whole_each_minute(shop_of_reports: Database) -> None:
    def drawn(days: int) -> int:
        asked = score_history.DUE.compile().params | {"now": NOW + timedelta(days=days)}
        explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {score_history.DUE.text}")
        with shop_of_reports.reading() as snapshot:
            (found,) = snapshot.execute(explained, asked).scalar_one()
            return sum(sorted_loops(found["Plan"]))

    buy(shop_of_reports, 30)
    assert drawn(31) > 0
    reporting.measure_models(tick_at(shop_of_reports, NOW + timedelta(days=31)))
    assert drawn(31) == 0


def sorted_loops(node: dict[str, Any]) -> Iterator[int]:
    """How often each sorting by a hash began."""
    if "hashtext" in str(node.get("Sort Key")):
        yield node["Actual Loops"]
    for below in node.get("Plans", []):
        yield from sorted_loops(below)


def test_scores_wait_for_orders_of_after_their_horizon_which_a_file_may_bring_late(shop_of_reports: Database) -> None:
    def measured() -> int:
        return reporting.measure_models(tick_at(shop_of_reports, NOW + timedelta(days=95)))

    buy(shop_of_reports, 29)
    assert measured() == 0
    buy(shop_of_reports, 61)
    assert measured() == 2
    buy(shop_of_reports, 92)
    assert measured() == 1


def buy(shop_of_reports: Database, days: float) -> None:
    """Somebody does, so many days after the rescoring."""
    with shop_of_reports.writing() as transaction:
        insert_events(transaction, [bought("c001", 100, NOW + timedelta(days=days))])


def test_a_tick_does_all_of_it(shop_of_reports: Database, shop_url: str) -> None:
    tomorrow = LATER + timedelta(days=1)

    reporting.tend(tick_at(shop_of_reports, tomorrow), Settings(report_minimum_group=13))

    assert ask(shop_url, "SELECT DISTINCT as_of FROM reporting.versions WHERE stored") == [(tomorrow,)]
    assert ask(shop_url, "SELECT count(*) FROM reporting.liability WHERE day = '2026-12-01'") == [(2,)]
    assert ask(shop_url, "SELECT count(*) FROM reporting.coupon_funnel") == [(4,)]


def test_the_application_refreshes_and_exports_without_owning_anything(
    shop_of_reports: Database, shop_url: str
) -> None:
    with psycopg.connect(shop_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE till LOGIN IN ROLE tierwise_app")
        application = Database.at(shop_url.replace("tierwise@", "till@"))
        try:
            assert refresh(application, LATER + HOUR) == STORED
            with application.reading() as snapshot:
                analyst.become_analyst(snapshot)
                assert len(list(analyst.rows(snapshot, "tiers", size=2))) == 2
        finally:
            application.close()
            owner.execute("DROP ROLE till")
