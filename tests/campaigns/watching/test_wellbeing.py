"""How the model that answers is doing, and when somebody is told."""

from datetime import date, timedelta

import numpy as np
import pytest
from made.campaigns import NOW, add_model, make_cause, register_model
from prometheus_client.samples import Sample

from campaigns.models import judging
from campaigns.watching import overview, wellbeing
from campaigns.watching.wellbeing import Matured, newest_month
from database.models import drift
from database.models.readings import Reading
from database.models.tables import ModelReadingRow
from database.session import Database
from database.work import operations
from scoring.seen.actions import Floats
from telemetry.wellbeing import WellbeingMetrics

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def reading(month: date, customers: int, predicted: float, bought: int) -> Reading:
    return Reading(month, 3, customers, predicted, bought)


def test_the_newest_month_with_enough_customers_says_whether_scores_come_true() -> None:
    readings = [reading(OCTOBER, 400, 200.0, 100), reading(NOVEMBER, 100, 35.0, 90)]

    found = newest_month(readings)
    assert found is not None
    assert found == Matured(month=OCTOBER, calibration_error=0.25, by_chance=found.by_chance)
    assert found.by_chance == pytest.approx(0.0652, abs=1e-4)
    assert found.off
    assert newest_month(readings[1:]) is None


def month_of(said: Floats, came: Floats) -> list[Reading]:
    tenths = [np.floor(said * 10) == tenth for tenth in range(10)]
    return [
        Reading(OCTOBER, tenth, int(at.sum()), float(said[at].sum()), int(came[at].sum()))
        for tenth, at in enumerate(tenths)
    ]


@pytest.mark.parametrize("customers", [200, 500, 4000])
def test_what_an_exact_model_says_comes_true_in_a_shop_of_any_size(customers: int) -> None:
    random = np.random.default_rng(customers)
    said = random.uniform(0, 1, (40, customers))
    months = [month_of(chances, random.random(customers) < chances) for chances in said]
    too_high = [[each._replace(bought=each.bought * 3 // 4) for each in month] for month in months]

    assert [found.off for found in map(newest_month, months) if found] == [False] * 40
    assert sum(found.off for found in map(newest_month, too_high) if found) >= (20 if customers == 200 else 40)


def warnings(database: Database) -> list[Sample]:
    families = WellbeingMetrics(database).collect()
    return [sample for each in families for sample in each.samples if sample.name == "tierwise_model_warnings"]


def test_a_model_that_drifts_or_errs_is_told_at_home_and_another_is_not(database: Database) -> None:
    add_model(database, "m1")
    add_model(database, "m2")
    today = NOW.date()
    with database.writing() as transaction:
        drift.keep(transaction, "m1", today, {"recency": 9.0})
        drift.keep(transaction, "m2", today - timedelta(days=1), {"recency": 9.0})
        drift.keep(transaction, "m2", today, {"orders": 0.1, "spend": 0.3, "views": 0.2, "carts": 0.0, "a": 0})
        drift.keep(transaction, "m2", today, {"orders": 7.0})
    with database.reading() as snapshot:
        calm, well = overview.alert(snapshot, NOW, approver=None), wellbeing.of_active(snapshot)
    assert calm.unwell is None
    assert well is not None
    assert (well.day, list(well.drifts), well.moved) == (today, ["spend", "views", "orders", "a", "carts"], 0.2)

    with database.writing() as transaction:
        drift.keep(transaction, "m2", today + timedelta(days=1), {"orders": 0.3, "spend": 0.1})
        transaction.add(
            ModelReadingRow(
                month=OCTOBER,
                model_id="m2",
                horizon=30,
                bin=3,
                customers=400,
                predicted=140,
                bought=100,
                squared_error=0,
            )
        )

    with database.reading() as snapshot:
        told = overview.alert(snapshot, NOW, approver=None)
    assert told
    assert told.unwell is not None
    assert (told.unwell.drifted, told.unwell.moved, told.unwell.miscalibrated) == (True, 0.5, True)
    assert {sample.labels["about"]: sample.value for sample in warnings(database)} == {
        "drift": 1, "calibration": 1, "slices": 0, "explanations": 0,
    }  # fmt: skip


def test_a_judgement_that_came_to_nothing_is_told_for_the_night_s_candidate_waits_for_it(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    with database.writing() as transaction:
        operation = judging.begin(transaction, make_cause(), "m2")
        operations.fail(transaction, operation.operation_id, "out of memory", NOW)
    with database.reading() as snapshot:
        told = overview.alert(snapshot, NOW, approver=None)

    assert [(each.kind, each.error) for each in told.failed] == [("JUDGE_MODEL", "out of memory")]
