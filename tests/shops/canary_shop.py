"""A model that was a canary beside another one for 35 days, and did better."""

from datetime import UTC, datetime, timedelta

from made.campaigns import add_customers, add_model, make_cause, register_model
from sqlalchemy import text

from campaigns.experiments.assignment import position
from campaigns.models import registry
from campaigns.models.stages import Stage, State
from database.events.store import insert_events
from database.models import canary_readings
from database.models.canary_readings import CanaryAccuracy
from database.session import Database
from events.event import Event, EventType

CROWD = [f"c{number:03}" for number in range(300)]
CANARY = [who for who in CROWD if position("m2", who) < 0.5]
ACTIVE = [who for who in CROWD if position("m2", who) >= 0.5]
BEGUN = datetime.now(UTC) - timedelta(days=40)


def order(who: str, minor: int) -> Event:
    return Event(
        event_id=who, customer_id=who, time=BEGUN + timedelta(days=5), event_type=EventType.PURCHASE, order_id=who,
        item_id="i", quantity=1.0, unit_price_minor=minor, currency="GBP",
    )  # fmt: skip


def compare(database: Database) -> None:
    """m2 was a canary beside m1 for 35 days, and did better."""
    add_customers(database, CROWD)
    add_model(database, "m1")
    register_model(database, "m2")
    kept = CanaryAccuracy(
        model_id="m2", number=1, horizon=30, said_by="m2", customers=len(CANARY), bought=90, predicted=0.5, auc=0.8,
        auc_low=0.7, auc_high=0.9, calibration_error=0.04,
    )  # fmt: skip
    with database.writing() as transaction:
        transaction.execute(text("UPDATE customers SET create_time = :then"), {"then": BEGUN - timedelta(days=9)})
        cause = make_cause(BEGUN, reason="a test needs it")
        registry.move(transaction, cause, "m2", Stage(State.CANARY, 0.5), override=True)
        registry.move(transaction, make_cause(BEGUN + timedelta(days=35)), "m2", Stage(State.RETIRED))
        insert_events(transaction, [order(who, 2000) for who in CANARY[:90] + ACTIVE[:30]])
        canary_readings.keep_accuracy(transaction, [kept])
