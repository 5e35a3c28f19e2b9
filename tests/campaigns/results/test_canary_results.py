"""What came of a canary's customers beside the active model's: exact sums, of whoever was with one model all along."""

from datetime import datetime, timedelta

import pytest
from made.campaigns import NOW, add_customers, add_model, make_cause, prove, register_model
from made.orders import purchase, record
from sqlalchemy import text

from campaigns.experiments.assignment import position
from campaigns.experiments.power import Baseline, Sizes, detectable_effect
from campaigns.experiments.refusals import InvalidExperiment
from campaigns.experiments.results import Metric
from campaigns.models import registry
from campaigns.models.refusals import InvalidStage, ModelNeverCanary, ModelNotFound
from campaigns.models.stages import Stage, State
from campaigns.results import canary_power as power
from campaigns.results.canary import CanaryResults, Verdict, results
from database.models import canary_runs
from database.models.canary_runs import CanaryRun
from database.session import Database
from events.event import EventType

CROWD = [f"c{number:03}" for number in range(300)]
AT = {who: position("m2", who) for who in CROWD}
LATER = NOW + timedelta(days=10)


def move(database: Database, state: State, share: float | None = None, *, model_id: str = "m2", day: float = 0) -> None:
    cause = make_cause(NOW + timedelta(days=day), reason="a test needs it")
    with database.writing() as transaction:
        registry.move(transaction, cause, model_id, Stage(state, share), override=True)


def read(database: Database, now: datetime = LATER, number: int | None = None) -> CanaryResults:
    with database.reading() as snapshot:
        return results(snapshot, "m2", now, number=number)


def runs(database: Database) -> list[CanaryRun]:
    with database.reading() as snapshot:
        return canary_runs.of_model(snapshot, "m2")


@pytest.fixture
def shop(database: Database) -> Database:
    """Three hundred customers, long known; m1 answers, and m2 does for half of them."""
    add_customers(database, CROWD)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE customers SET create_time = :then"), {"then": NOW - timedelta(days=400)})
    add_model(database, "m1")
    register_model(database, "m2")
    move(database, State.CANARY, 0.5)
    return database


def test_both_groups_are_counted_exactly(shop: Database) -> None:
    canary = [who for who in CROWD if AT[who] < 0.5]
    active = [who for who in CROWD if AT[who] >= 0.5]
    record(shop, [purchase(who, 2000) for who in canary[:90] + active[:30]])

    found = read(shop)

    conversion, revenue = found.effects[Metric.CONVERSION], found.effects[Metric.REVENUE]
    assert (conversion.customers, conversion.holdout_customers) == (len(canary), len(active))
    assert (conversion.mean, conversion.holdout_mean) == (90 / len(canary), 30 / len(active))
    assert (revenue.mean, revenue.holdout_mean) == (90 * 2000 / len(canary), 30 * 2000 / len(active))
    assert (found.verdict, found.sample_ratio.mismatch) == (Verdict.BETTER, False)
    assert (found.run.against, found.run.begin_time, found.run.end_time, found.until) == ("m1", NOW, None, LATER)


def test_spend_is_what_was_paid_meanwhile_and_the_past_is_the_covariate(shop: Database) -> None:
    anna, ben, cleo, dora = [who for who in CROWD if AT[who] < 0.5][:4]
    record(
        shop,
        [
            purchase(anna, 5000),
            purchase(anna, 1500, days=6, kind=EventType.RETURN),
            purchase(ben, 700, quantity=3.0),
            purchase(ben, 9999, days=7, currency="USD"),
            purchase(cleo, 9999, days=-1),
            purchase(cleo, 9999, days=10),
            purchase(dora, 9999, kind=EventType.VIEW),
            *(purchase(who, 100 * place, days=day) for day in (-30, 3) for place, who in enumerate(CROWD[50:])),
        ],
    )

    found = read(shop)

    everybody = [100 * place for place, who in enumerate(CROWD[50:]) if AT[who] < 0.5]
    group = [who for who in CROWD if AT[who] < 0.5]
    revenue = found.effects[Metric.REVENUE]
    assert revenue.mean == (5000 - 1500 + 2100 + sum(everybody)) / len(group)
    assert revenue.variance_left < 0.1, "who spent much before spends much again"
    assert found.verdict is Verdict.OPEN


def test_whom_another_share_took_from_one_model_to_the_other_is_not_counted(shop: Database) -> None:
    move(shop, State.CANARY, 0.2, day=2)
    move(shop, State.CANARY, 0.4, day=4)

    found = read(shop)

    (run,) = runs(shop)
    assert (run.share, run.smallest_share, run.largest_share) == (0.4, 0.2, 0.5)
    conversion = found.effects[Metric.CONVERSION]
    assert conversion.customers == sum(place < 0.2 for place in AT.values())
    assert conversion.holdout_customers == sum(place >= 0.5 for place in AT.values())
    assert dict(found.sample_ratio.observed) == {"canary": conversion.customers, "active": conversion.holdout_customers}
    assert not found.sample_ratio.mismatch


def test_a_run_stays_readable_when_it_is_over_and_counts_nothing_that_came_later(shop: Database) -> None:
    who = next(who for who in CROWD if AT[who] < 0.5)
    record(shop, [purchase(who, 2000, days=2), purchase(who, 9999, days=4)])
    move(shop, State.ACTIVE, day=3)
    with shop.writing() as transaction:
        registry.roll_back(transaction, make_cause(NOW + timedelta(days=5)), "m2")
    move(shop, State.CANARY, 0.1, day=6)
    add_customers(shop, ["newcomer-1", "newcomer-2"])

    first, second = read(shop, number=1), read(shop)

    assert (first.run.share, first.run.end_time, first.until) == (0.5, NOW + timedelta(days=3), NOW + timedelta(days=3))
    assert first.effects[Metric.REVENUE].mean == 2000 / sum(place < 0.5 for place in AT.values())
    assert first.effects[Metric.REVENUE].customers + first.effects[Metric.REVENUE].holdout_customers == len(CROWD)
    assert (second.run.number, second.run.share, second.run.begin_time) == (2, 0.1, NOW + timedelta(days=6))
    assert [run.fault for run in runs(shop)] == [None, None]


def test_another_active_model_begins_another_run(shop: Database) -> None:
    register_model(shop, "m3")
    move(shop, State.ACTIVE, model_id="m3", day=2)

    newer, older = runs(shop)

    assert (older.against, older.end_time) == ("m1", NOW + timedelta(days=2))
    assert (newer.against, newer.begin_time, newer.end_time) == ("m3", NOW + timedelta(days=2), None)


def test_what_is_no_canary_is_refused(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    prove(database, "m2")
    with database.reading() as snapshot:
        with pytest.raises(ModelNotFound):
            results(snapshot, "m9", LATER)
        with pytest.raises(ModelNeverCanary):
            results(snapshot, "m2", LATER)
        with pytest.raises(InvalidStage):
            power.durations(snapshot, 0.6, NOW)
        with pytest.raises(InvalidExperiment):
            power.durations(snapshot, 0.1, NOW)
    move(database, State.CANARY, 0.5)
    with database.reading() as snapshot, pytest.raises(ModelNeverCanary):
        results(snapshot, "m2", LATER, number=2)


def test_of_a_canary_without_customers_is_told_what_is_known(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    move(database, State.CANARY, 0.5)

    found = read(database)

    assert (found.verdict, found.effects, found.sample_ratio.observed) == (Verdict.OPEN, {}, {"canary": 0, "active": 0})
    assert found.reason == (
        "fewer than two customers were with the canary model all along: there is nothing to compare yet"
    )
    with database.reading() as snapshot:
        assert power.of_run(snapshot, found.run, LATER) == {}


def test_the_past_says_how_long_a_canary_must_run(shop: Database) -> None:
    record(shop, [purchase(who, 1000, days=-3) for who in CROWD[:60]])
    record(shop, [purchase(who, 1000, days=-20) for who in CROWD[:120]])

    with shop.reading() as snapshot:
        found = power.durations(snapshot, 0.1, NOW)[Metric.CONVERSION]

    sizes = Sizes(arm=30, holdout=270)
    assert [each.days for each in found] == [7, 14, 30, 60, 90]
    assert found[0].smallest == detectable_effect(Baseline(mean=0.2, standard_deviation=0.4), sizes, power.CRITERION)
    assert found[2].smallest.relative is not None
    assert found[0].smallest.relative is not None
    assert found[2].smallest.relative < found[0].smallest.relative
    assert power.days_for(found[2].smallest.relative, found) == 30
    assert power.days_for(0.01, found) is None
