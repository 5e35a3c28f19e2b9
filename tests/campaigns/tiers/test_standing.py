"""Customers go up at once and down late, in Python as in SQL, and every move is on record once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.campaigns import NOW, add_model, make_cause, make_score, rescore, stored_scores
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from campaigns.tiers import rescoring, schemes
from campaigns.tiers.standing import Placement, Reason, Standing, next_standing
from campaigns.tiers.tiers import Bounds, Hysteresis, Levels, Measure, Method, Tier, bounds_of, measured
from database.models import scores
from database.models.scores import StoredScore
from database.session import Database
from database.tiers import standings
from database.tiers.standings import Placing

BOUNDS = bounds_of(Levels(high=100, mid=50), Hysteresis(margin=0.1, grace_days=14))
HIGH = Standing(tier=Tier.HIGH, since=NOW)


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def lived(values: Mapping[float, float], bounds: Bounds = BOUNDS) -> list[Placement]:
    """What becomes of a new customer whose measure was seen after so many days each."""
    standing, seen = None, []
    for days, value in values.items():
        seen.append(next_standing(standing, value, bounds, after(days)))
        standing = seen[-1].standing
    return seen


def test_a_new_customer_is_placed_by_the_thresholds() -> None:
    (first,) = lived({0: 99})

    assert first == Placement(standing=Standing(tier=Tier.MID, since=NOW), reason=Reason.FIRST)


def test_up_at_once() -> None:
    seen = lived({0: 10, 1: 100})

    assert seen[-1] == Placement(standing=Standing(tier=Tier.HIGH, since=after(1)), reason=Reason.RISEN)


def test_around_a_threshold_nobody_flaps() -> None:
    seen = lived({0: 100, 1: 99, 2: 101, 3: 90, 30: 91, 60: 90})

    assert {placement.standing for placement in seen} == {HIGH}
    assert [placement.reason for placement in seen] == [
        Reason.FIRST, Reason.WITHIN_MARGIN, Reason.STEADY, *[Reason.WITHIN_MARGIN] * 3
    ]  # fmt: skip


def test_down_after_the_grace_period_below_the_margin() -> None:
    seen = lived({0: 100, 1: 89, 10: 40, 14.9: 60, 15: 60})

    assert [(each.standing.tier, each.reason) for each in seen[1:]] == [
        (Tier.HIGH, Reason.IN_GRACE), (Tier.HIGH, Reason.IN_GRACE), (Tier.HIGH, Reason.IN_GRACE),
        (Tier.MID, Reason.FALLEN),
    ]  # fmt: skip
    assert seen[3].standing == Standing(tier=Tier.HIGH, since=NOW, below_since=after(1))
    assert seen[4].standing == Standing(tier=Tier.MID, since=after(15))


def test_a_recovery_ends_the_count_of_days() -> None:
    seen = lived({0: 100, 1: 80, 10: 90, 11: 80, 24: 80, 25: 80})

    assert [each.standing.below_since for each in seen] == [None, after(1), None, after(11), after(11), None]
    assert seen[-1].standing.tier is Tier.MID


def test_who_falls_keeps_the_tier_below_by_its_margin_too() -> None:
    assert [each.standing.tier for each in lived({0: 100, 1: 46, 15: 46})] == [Tier.HIGH, Tier.HIGH, Tier.MID]
    assert [each.standing.tier for each in lived({0: 100, 1: 44, 15: 44})] == [Tier.HIGH, Tier.HIGH, Tier.LOW]


def test_without_margin_and_grace_tiers_follow_the_thresholds() -> None:
    bare = bounds_of(Levels(high=100, mid=50), Hysteresis(margin=0, grace_days=0))

    seen = lived({0: 100, 1: 99, 2: 10, 3: 50}, bare)

    assert [each.standing.tier for each in seen] == [Tier.HIGH, Tier.MID, Tier.LOW, Tier.MID]


def test_a_rescoring_as_of_an_earlier_time_begins_no_later_count() -> None:
    (_, early) = (next_standing(HIGH, 80, BOUNDS, after(5)), next_standing(
        Standing(tier=Tier.HIGH, since=NOW, below_since=after(5)), 80, BOUNDS, after(3)
    ))  # fmt: skip

    assert (early.reason, early.standing.below_since) == (Reason.IN_GRACE, after(3))


values = st.sampled_from([0.0, 44, 45, 46, 50, 89, 90, 91, 99, 100, 101]) | st.floats(0, 200)
tiers = st.sampled_from(list(Tier))
moments = st.integers(-40, 40).map(after)


@given(
    st.builds(Standing, tier=tiers, since=moments, below_since=st.none() | moments),
    values, st.floats(0, 0.9), st.integers(0, 30), moments,
)  # fmt: skip
def test_the_same_rescoring_again_changes_nothing(
    previous: Standing, value: float, margin: float, grace_days: int, now: datetime
) -> None:
    bounds = bounds_of(Levels(high=100, mid=50), Hysteresis(margin=margin, grace_days=grace_days))
    once = next_standing(previous, value, bounds, now).standing

    assert next_standing(once, value, bounds, now).standing == once
    assert once.tier.rank >= bounds.reached(value).rank


spends = st.sampled_from([0, 44, 45, 46, 50, 89, 90, 91, 99, 100, 101]) | st.integers(0, 10**9)
probabilities = st.sampled_from([0.0, 0.2, 0.36, 0.4, 0.72, 0.8, 1.0, float("nan")]) | st.floats(0, 1)
looks = st.lists(st.tuples(st.integers(-3, 20), st.lists(st.tuples(spends, probabilities), min_size=5, max_size=5)),
                 min_size=1, max_size=6)  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "levels"),
    [(Measure.EXPECTED_VALUE, Levels(high=100, mid=50)), (Measure.PURCHASE_90, Levels(high=0.8, mid=0.4))],
)
@given(history=looks, margin=st.sampled_from([0.0, 0.1, 0.37]), grace_days=st.integers(0, 20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everyone_by_sql_stands_where_each_stands_by_python(
    database: Database, measure: Measure, levels: Levels, history: Sequence[tuple[int, Sequence[tuple[int, float]]]],
    margin: float, grace_days: int,
) -> None:  # fmt: skip
    bounds = bounds_of(levels, Hysteresis(margin=margin, grace_days=grace_days))
    standing: dict[str, Standing] = {}
    moves: set[tuple[object, ...]] = set()
    now = NOW
    with database.writing() as transaction:
        transaction.execute(text("DELETE FROM scores"))
        transaction.execute(text("DELETE FROM tier_changes"))
    for number, (days, customers) in enumerate(history):
        now += timedelta(days=days)
        scored = [
            make_score(f"c{place}", spend_minor=spend, purchase_90=probability, as_of=now)
            for place, (spend, probability) in enumerate(customers)
        ]
        before = dict(standing)
        for score in scored:
            previous = before.get(score.customer_id)
            standing[score.customer_id] = next_standing(previous, measured(measure, score), bounds, now).standing
            to_tier = standing[score.customer_id].tier
            if previous is None or previous.tier is not to_tier:
                moves.add((score.customer_id, f"o{number}", now, previous and previous.tier, to_tier))
        with database.writing() as transaction:
            scores.store(transaction, scored, operation_id=f"o{number}", now=NOW)
            placing = place(measure, bounds, now)
            assert standings.assign(transaction, f"o{number}", 1, placing) == sum(
                move[1] == f"o{number}" for move in moves
            )
            assert standings.assign(transaction, f"o{number}", 1, placing) == 0
            assert {each.customer_id: standing_of(each) for each in stored_scores(transaction)} == standing
    with database.reading() as snapshot:
        recorded = snapshot.execute(
            text("SELECT customer_id, operation_id, time, from_tier, to_tier FROM tier_changes")
        )
        assert {tuple(row) for row in recorded} == moves


def place(measure: Measure, bounds: Bounds, now: datetime) -> Placing:
    return Placing(
        measure=measure, high=bounds.thresholds.high, mid=bounds.thresholds.mid,
        keeps_high=bounds.keeps.high, keeps_mid=bounds.keeps.mid, grace_days=bounds.grace_days, now=now,
    )  # fmt: skip


def standing_of(stored: StoredScore) -> Standing:
    assert stored.tier is not None
    assert stored.tier_since is not None
    return Standing(tier=Tier(stored.tier), since=stored.tier_since, below_since=stored.below_since)


def rescored(database: Database, spends: Mapping[str, int], *, model_id: str = "m1", days: float = 0) -> str:
    return rescore(database, spends, model_id=model_id, as_of=after(days)).operation_id


@pytest.fixture
def shop(database: Database) -> Database:
    """A model, and a scheme by expected spend: 100 is HIGH, 50 is MID, 10 % margin, 14 days of grace."""
    add_model(database)
    with database.writing() as transaction:
        scheme = schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=BOUNDS.thresholds, hysteresis=Hysteresis(margin=0.1, grace_days=14),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(), scheme.version)
    return database


def test_a_tier_says_since_when_and_by_which_model(shop: Database) -> None:
    rescored(shop, {"anna": 100})
    add_model(shop, "m2")
    rescored(shop, {"anna": 80}, model_id="m2", days=1)

    with shop.reading() as snapshot:
        anna = scores.get(snapshot, "anna")
    assert anna is not None
    assert (anna.tier, anna.tier_since, anna.below_since) == ("HIGH", NOW, after(1))
    assert (anna.model_id, anna.tier_model_id, anna.tier_scheme) == ("m2", "m2", 1)


def test_while_a_rescoring_runs_the_tier_and_its_model_are_those_of_the_one_before(shop: Database) -> None:
    rescored(shop, {"anna": 100})
    add_model(shop, "m2")
    with shop.writing() as transaction:
        operation = rescoring.begin(transaction, make_cause(), as_of=after(1))
        newer = [make_score("anna", spend_minor=1, model_id="m2"), make_score("bert", spend_minor=1, model_id="m2")]
        assert rescoring.keep(transaction, operation, newer, customers=["anna", "bert"], currency="GBP", now=NOW)

    with shop.reading() as snapshot:
        anna, bert = stored_scores(snapshot)
    assert (anna.spend_minor, anna.model_id, anna.tier, anna.tier_model_id) == (1, "m2", "HIGH", "m1")
    assert (bert.tier, bert.tier_model_id, bert.tier_scheme) == (None, None, None)


def test_the_history_of_tiers_has_each_change_once(shop: Database) -> None:
    first = rescored(shop, {"anna": 100, "bert": 10})
    rescored(shop, {"anna": 80, "bert": 20}, days=1)
    last = rescored(shop, {"anna": 80, "bert": 60}, days=15)

    with shop.reading() as snapshot:
        kept = snapshot.execute(text("SELECT * FROM tier_changes ORDER BY time, customer_id")).all()
    assert [tuple(row) for row in kept] == [
        ("anna", first, NOW, None, "HIGH", 100, 1, "m1"),
        ("bert", first, NOW, None, "LOW", 10, 1, "m1"),
        ("anna", last, after(15), "HIGH", "MID", 80, 1, "m1"),
        ("bert", last, after(15), "LOW", "MID", 60, 1, "m1"),
    ]


@pytest.mark.parametrize("statement", ["UPDATE tier_changes SET to_tier = 'LOW'", "TRUNCATE tier_changes"])
def test_the_history_of_tiers_is_not_rewritten(shop: Database, statement: str) -> None:
    rescored(shop, {"anna": 100})

    with pytest.raises(ProgrammingError, match="append-only"), shop.writing() as transaction:
        transaction.execute(text(statement))
