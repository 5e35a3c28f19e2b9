"""A shop with a campaign of two arms that began twenty days ago and works, for whoever watches it.

Pages go by the clock on the wall, so all times here count back from it.
"""

from datetime import UTC, datetime, timedelta

from made.campaigns import (
    add_customers,
    begin_launch,
    codes_of,
    create_campaign,
    finish_launch,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)

from campaigns.coupons import issuance, redemption
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.terms.arms import ArmPlan
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.limits import Budget
from database.events.store import insert_events
from database.session import Database
from events.event import Event, EventType

LAUNCHED = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
CROWD = [f"c{number:03}" for number in range(300)]
PLAN = make_plan(
    holdout_percent=34, arms=(ArmPlan(name="plain"), ArmPlan(name="bold")), margin_percent=40, zone="Europe/London",
    start_time=LAUNCHED, end_time=LAUNCHED + timedelta(days=40), budget=Budget(limit_minor=60_000, confidence=0.5),
)  # fmt: skip


def open_watched(database: Database) -> None:
    """Customers who have an offer buy on most days, the held-out ones seldom; forty coupons are used."""
    add_customers(database, CROWD)
    store_scores(database, {who: 5000 + number for number, who in enumerate(CROWD)}, as_of=LAUNCHED)
    launch_then(database, "spring", PLAN)
    with database.writing() as transaction:
        insert_events(transaction, orders_of(PLAN))
    for number, (who, code) in enumerate(sorted(codes_of(database).items())[:40]):
        basket = Basket(order_id=f"r-{who}", order_minor=8000 + number, currency="GBP", customer_id=who)
        with database.writing() as transaction:
            redemption.redeem(transaction, make_cause(LAUNCHED + timedelta(hours=11 * number + 1)), code, basket)


def launch_then(database: Database, campaign_id: str, plan: CampaignPlan) -> None:
    """From draft to active at `LAUNCHED`."""
    create_campaign(database, campaign_id, **{name: getattr(plan, name) for name in plan.__slots__})
    operation = begin_launch(database, campaign_id, now=LAUNCHED)
    with database.writing() as transaction:
        issuance.freeze(transaction, operation, LAUNCHED)
    finish_launch(database, read_operation(database, operation.operation_id))


def orders_of(plan: CampaignPlan) -> list[Event]:
    """One line each."""
    return [
        Event(event_id=f"{who}-{day}", customer_id=who, time=LAUNCHED + timedelta(days=day, hours=number % 11 + 1),
              event_type=EventType.PURCHASE, order_id=f"o-{who}-{day}", item_id="i1", quantity=1,
              unit_price_minor=6000 + 148 * (number % 29), currency="GBP")
        for number, who in enumerate(CROWD)
        for day in range(20)
        if (number + 7 * day) % _every(plan, who) == 0
    ]  # fmt: skip


def _every(plan: CampaignPlan, who: str) -> int:
    held_out = group_of(plan.design, campaign_id="spring", customer_id=who) == HOLDOUT
    return 53 if held_out else 17
