"""Whether scores come true, by tier and by slice: measured when a horizon is over, and told where it is off."""

from datetime import UTC, date, datetime, timedelta

from made.campaigns import NOW, add_customers, add_model
from sqlalchemy import insert

from campaigns.watching import overview, wellbeing
from campaigns.watching.wellbeing import SliceMatured
from database.events.store import insert_events
from database.models import readings, score_history
from database.models.readings import SliceReading
from database.models.score_history import Due
from database.models.tables import ScoreHistoryRow
from database.session import Database
from events.event import Event, EventType

OCTOBER = date(2026, 10, 1)
AS_OF = datetime(2026, 10, 1, 3, tzinfo=UTC)


def order(who: str, days: float, *, order_id: str | None = None, line: int = 1) -> Event:
    return Event(
        event_id=f"{who}{days}{line}", customer_id=who, time=AS_OF + timedelta(days=days),
        event_type=EventType.PURCHASE, order_id=order_id, item_id="i", quantity=1.0, unit_price_minor=100,
    )  # fmt: skip


def scored(who: str, chance: float, tier: str | None) -> dict[str, object]:
    return {
        "month": OCTOBER, "customer_id": who, "model_id": "m1", "as_of": AS_OF, "purchase_30": chance,
        "purchase_60": chance, "purchase_90": chance, "churn": 0.5, "spend_minor": 100, "currency": "GBP", "tier": tier,
    }  # fmt: skip


def test_scores_are_held_against_what_came_by_tier_and_by_what_stood_before(database: Database) -> None:
    add_customers(database, ["established", "lapsing", "one", "none"])
    with database.writing() as transaction:
        rows = [
            scored("established", 0.75, "HIGH"), scored("lapsing", 0.25, "MID"), scored("one", 0.25, "MID"),
            scored("none", 0.125, None),
        ]  # fmt: skip
        transaction.execute(insert(ScoreHistoryRow), rows)
        insert_events(
            transaction,
            [
                order("established", -200), order("established", -89), order("established", 5),
                order("lapsing", -200), order("lapsing", -91), order("lapsing", 29),
                order("one", -9, order_id="o"), order("one", -9, order_id="o", line=2), order("one", 30),
                order("none", 1),
            ],
        )  # fmt: skip
        for _ in range(2):
            score_history.measure(transaction, Due(OCTOBER, 30))

    with database.reading() as snapshot:
        found = readings.of_slices(snapshot, "m1", horizon=30)
    assert found == [
        SliceReading("SLICE", "ESTABLISHED", OCTOBER, 7, 1, 0.75, 1),
        SliceReading("SLICE", "LAPSING", OCTOBER, 2, 1, 0.25, 1),
        SliceReading("SLICE", "NO_ORDER", OCTOBER, 1, 1, 0.125, 1),
        SliceReading("SLICE", "ONE_ORDER", OCTOBER, 2, 1, 0.25, 0),
        SliceReading("TIER", "HIGH", OCTOBER, 7, 1, 0.75, 1),
        SliceReading("TIER", "MID", OCTOBER, 2, 2, 0.5, 1),
    ]


def test_a_slice_is_told_where_it_is_off_by_more_than_chance(database: Database) -> None:
    newest = date(2026, 11, 1)
    found = wellbeing.newest_of_slices(
        [
            SliceReading("SLICE", "LAPSING", newest, 2, 100, 25.0, 90),
            SliceReading("SLICE", "LAPSING", OCTOBER, 2, 300, 75.0, 75),
            SliceReading("TIER", "HIGH", OCTOBER, 6, 300, 195.0, 165),
            SliceReading("TIER", "HIGH", OCTOBER, 7, 100, 75.0, 55),
            SliceReading("TIER", "MID", OCTOBER, 2, 200, 50.0, 38),
        ]
    )

    lapsing, high, mid = found
    assert lapsing == SliceMatured(
        kind="SLICE", name="LAPSING", month=OCTOBER, customers=300, predicted=0.25, observed=0.25, calibration_error=0.0
    )
    assert (high.customers, high.predicted, high.observed, high.calibration_error) == (400, 0.675, 0.55, 0.125)
    assert [each.off for each in found] == [False, True, False]
    assert mid.predicted - mid.observed > 0.05, "and 200 customers are that far off by chance"


def test_home_tells_of_a_slice(database: Database) -> None:
    add_model(database, "m1")
    crowd = [f"c{number}" for number in range(200)]
    add_customers(database, crowd)
    with database.writing() as transaction:
        transaction.execute(insert(ScoreHistoryRow), [scored(who, 0.5, "HIGH") for who in crowd])
        insert_events(transaction, [order(who, 2) for who in crowd[:20]])
        score_history.measure(transaction, Due(OCTOBER, 30))
    with database.reading() as snapshot:
        told = overview.alert(snapshot, NOW, approver=None)

    assert told.unwell is not None
    assert [(each.name, each.predicted, each.observed) for each in told.unwell.slices_off] == [
        ("NO_ORDER", 0.5, 0.1), ("HIGH", 0.5, 0.1)
    ]  # fmt: skip
