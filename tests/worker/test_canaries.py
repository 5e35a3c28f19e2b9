"""A worker looks at a canary each day, and asks both models about their customers when a horizon is over."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from made.campaigns import make_cause
from made.histories import AS_OF, random_shop
from made.ticks import tick_at
from networks.tiny_model import write_tiny_model
from running.working import tools_on
from sqlalchemy import text

from campaigns.models import registry
from campaigns.models.stages import Stage, State
from database.events import store
from database.models import canary_readings, canary_runs
from database.models.canary_readings import CanaryAccuracy
from database.models.canary_runs import CanaryRun
from database.session import Database
from database.work import duties as stored_duties
from database.work.duties import Duty
from worker.clock import canary, duties
from worker.tools import _load

BEGUN = AS_OF - timedelta(days=65)
VIEWS = """
INSERT INTO events (event_id, customer_id, time, event_type, item_id)
SELECT 'view-' || customer_id || number, customer_id, CAST(:since AS timestamptz) + number * interval '1 second', 1, 'i'
FROM (SELECT customer_id FROM customers ORDER BY customer_id LIMIT 5) AS busy, generate_series(1, :views) AS number
"""
CAUSE = make_cause(BEGUN, reason="a test needs it")


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Database:
    """Customers, and two models, one of which answers about half of them and began 65 days ago."""
    with database.writing() as transaction:
        store.copy_events(transaction, random_shop(150, seed=5))
        transaction.execute(text("UPDATE customers SET create_time = :then"), {"then": BEGUN - timedelta(days=1)})
        for seed, model_id in enumerate(("old", "new")):
            folder = write_tiny_model(tmp_path, model_id, seed=seed)
            registry.register(transaction, CAUSE, model_id, folder=str(folder), manifest={})
        registry.activate(transaction, CAUSE, "old", override=True)
        registry.move(transaction, CAUSE, "new", Stage(State.CANARY, 0.5), override=True)
    return database


def the_run(database: Database) -> CanaryRun:
    with database.reading() as snapshot:
        return canary_runs.of_model(snapshot, "new")[0]


def measured(database: Database) -> list[CanaryAccuracy]:
    with database.reading() as snapshot:
        return canary_readings.accuracy(snapshot, the_run(database))


def test_a_canary_is_looked_at_once_a_day_until_its_last_orders_are_in(shop: Database) -> None:
    def look(days: float) -> int:
        return canary.take_readings(tick_at(shop, BEGUN + timedelta(days=days)))

    counts = [look(days) for days in (0, 1, 1.01, 2)]
    with shop.writing() as transaction:
        registry.move(transaction, replace(CAUSE, now=BEGUN + timedelta(days=2.5)), "new", Stage(State.RETIRED))
    counts += [look(days) for days in (3, 30)]

    assert counts == [0, 1, 0, 1, 1, 0]
    with shop.reading() as snapshot:
        kept = canary_readings.of_run(snapshot, the_run(shop))
    assert [reading.metric for reading in kept] == ["CONVERSION", "REVENUE"] * 3
    assert {reading.customers + reading.active_customers for reading in kept} == {150}


def test_both_models_are_asked_about_their_own_customers_when_a_horizon_is_over(
    shop: Database, database_url: str
) -> None:
    with tools_on(database_url) as tools:
        counts = [
            canary.measure_accuracy(tools, tick_at(tools.database, BEGUN + timedelta(days=days)))
            for days in (30, 31, 65)
        ]
        again = canary.measure_accuracy(tools, tick_at(tools.database, AS_OF))

    found = measured(shop)
    assert (counts, again) == ([0, 1, 1], 0)
    assert [(each.horizon, each.said_by) for each in found] == [(30, "new"), (30, "old"), (60, "new"), (60, "old")]
    assert all(0 < each.bought < each.customers for each in found)
    assert all(each.auc_low is not None and each.auc_low < (each.auc or 0) < (each.auc_high or 0) for each in found)
    assert sum(each.customers for each in found[:2]) <= 150


def test_models_are_asked_when_orders_of_after_the_horizon_have_come_in(shop: Database, database_url: str) -> None:
    late = "FROM events WHERE time >= :over"
    with shop.writing() as transaction:
        transaction.execute(text(f"CREATE TABLE in_a_file AS SELECT * {late}"), {"over": BEGUN + timedelta(days=30)})
        transaction.execute(text(f"DELETE {late}"), {"over": BEGUN + timedelta(days=30)})
    with tools_on(database_url) as tools:
        early = canary.measure_accuracy(tools, tick_at(tools.database, BEGUN + timedelta(days=36)))
        with shop.writing() as transaction:
            transaction.execute(text("INSERT INTO events SELECT * FROM in_a_file"))
        after = canary.measure_accuracy(tools, tick_at(tools.database, BEGUN + timedelta(days=36)))

    assert (early, after) == (0, 1)


def test_customers_are_known_and_their_orders_count_however_much_they_do_meanwhile(
    shop: Database, database_url: str
) -> None:
    month = BEGUN + timedelta(days=31)
    with tools_on(database_url) as tools:
        canary.measure_accuracy(tools, tick_at(tools.database, month))
        before = measured(shop)
        with shop.writing() as transaction:
            transaction.execute(text("DELETE FROM canary_accuracy"))
            transaction.execute(text(VIEWS), {"since": month, "views": store.LATEST})
        canary.measure_accuracy(tools, tick_at(tools.database, month))

    assert measured(shop) == before


def test_a_canary_of_nobody_is_looked_at_once(shop: Database, database_url: str) -> None:
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE customers SET create_time = :later"), {"later": AS_OF})
    with tools_on(database_url) as tools:
        counts = [canary.measure_accuracy(tools, tick_at(tools.database, BEGUN + timedelta(days=31))) for _ in range(2)]

    assert counts == [1, 0]
    assert [(each.said_by, each.customers, each.auc) for each in measured(shop)] == [("new", 0, None), ("old", 0, None)]


def test_a_model_whose_folder_is_away_is_asked_when_it_is_back_and_a_week_later_no_more(
    shop: Database, database_url: str, tmp_path: Path
) -> None:
    away = (tmp_path / "old").rename(tmp_path / "away")
    with tools_on(database_url) as tools:

        def look(days: float) -> int:
            tick, counts = tick_at(tools.database, BEGUN + timedelta(days=days)), list[int]()
            measure = {Duty.MEASURE_CANARIES: lambda: counts.append(canary.measure_accuracy(tools, tick))}
            duties.do(tools.database, measure, tick.now, log_id="x")
            return sum(counts)

        counts = [look(31)]
        with shop.reading() as snapshot:
            (standing,) = stored_duties.standing(snapshot)
        away.rename(tmp_path / "old")
        counts += [look(31), look(31)]
        back = measured(shop)
        shutil.rmtree(tmp_path / "old")
        _load.cache_clear()
        counts += [look(65), look(67.1), look(67.1)]

    *_, new, old = measured(shop)
    assert counts == [0, 1, 0, 0, 1, 0]
    assert str(tmp_path / "old") in str(standing.error)
    assert all(each.customers for each in back)
    assert (old.customers, old.auc, old.calibration_error) == (0, None, None)
    assert new.customers > 0
