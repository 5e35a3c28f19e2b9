"""A shop with a past for whoever reports: every figure of it can be counted by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from made.campaigns import (
    NOW,
    add_customers,
    codes_of,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    rescore,
    store_scores,
)
from made.ticks import tick_at
from running.databases import Cluster
from sqlalchemy import text

from campaigns import trail
from campaigns.actor import Actor, Role
from campaigns.callers.refusals import PermissionDenied
from campaigns.coupons import handing_over, reconciliation, redemption, refunding, reservation
from campaigns.coupons.handing_over import Batch, Share
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.tiers.tiers import Tier
from channels.message import Fate, Receipt
from database.events.store import insert_events
from database.reporting.refreshing import ReportSettings
from database.session import Database
from database.work.operations import Operation
from events.event import Event, EventType
from worker.clock import reporting

SUMMER = NOW - timedelta(days=100)
LATER = NOW + timedelta(days=10)
MINIMUM = 5
CROWD = [f"c{number:03}" for number in range(120)]
SPENDS = {who: 9000 if number < 40 else 2000 if number < 90 else 500 for number, who in enumerate(CROWD)}
RISEN = CROWD[40:52]
"""From MID to HIGH between summer and now."""
SPRING = make_plan(
    holdout_percent=25, budget=Budget(limit_minor=2_000_000, confidence=0.9), margin_percent=40,
    offers=(
        Offer(
            tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.EMAIL,
            fallbacks=(Channel.ON_SITE,),
        ),
        Offer(tier=Tier.MID, discount=Discount(reward=Percent(percent=5)), channel=Channel.ON_SITE),
    ),
    arms=(
        ArmPlan(name="mild", weight=1),
        ArmPlan(
            name="strong", weight=1,
            discounts=(TierDiscount(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=20))),),
        ),
    ),
)  # fmt: skip
TEMPLATE = "template_shop"
PARIS = make_plan(display_name="Paris", currency="EUR")


@pytest.fixture(scope="session")
def template_shop(postgres: Cluster) -> str:
    """Name of a database with the shop in it, made once; what is kept for reports is of `LATER`."""
    with postgres.template(TEMPLATE) as database:
        open_shop(database)
        keep_fresh(database)
    return TEMPLATE


@pytest.fixture(scope="module")
def reported_url(postgres: Cluster, template_shop: str) -> Iterator[str]:
    """Address of a shop for tests that change nothing in it."""
    with postgres.clone_of(template_shop) as url:
        yield url


@pytest.fixture(scope="module")
def reported(reported_url: str) -> Iterator[Database]:
    """The project's own way to that shop."""
    opened = Database.at(reported_url)
    yield opened
    opened.close()


@pytest.fixture
def shop_url(postgres: Cluster, template_shop: str) -> Iterator[str]:
    """Address of a shop of this test alone."""
    with postgres.clone_of(template_shop) as url:
        yield url


@pytest.fixture
def shop_of_reports(shop_url: str) -> Iterator[Database]:
    """The project's own way to the shop of this test."""
    opened = Database.at(shop_url)
    yield opened
    opened.close()


def ask(url: str, query: str) -> Sequence[tuple[Any, ...]]:
    """What an analyst gets."""
    with psycopg.connect(url) as connection:
        connection.execute("SET ROLE tierwise_analyst")
        return connection.execute(query.encode()).fetchall()


def open_shop(database: Database) -> None:
    """Two campaigns in two currencies, two rescorings, and what customers did since the summer."""
    add_customers(database, CROWD[:80], consented=["EMAIL"])
    add_customers(database, CROWD[80:])
    _buy_in_autumn(database)
    store_scores(database, SPENDS, as_of=SUMMER)
    rescore(database, SPENDS | dict.fromkeys(RISEN, 9000))
    launch_campaign(database, SPRING)
    launch_campaign(database, PARIS, "paris")
    _hand_over(database)
    create_campaign(database, "winter", display_name="Winter")
    _shop_on(database)
    _reconcile(database)
    with database.writing() as transaction:
        for actor in ("eve", "mallory"):
            refusal = PermissionDenied("not yours", role="analyst", allowed="marketer")
            cause = replace(make_cause(), actor=Actor(name=actor, role=Role.ANALYST))
            trail.denied(transaction, cause, "campaigns.launch", "campaigns/winter", refusal)


def keep_fresh(database: Database, now: datetime = LATER, *, minimum: int = MINIMUM) -> None:
    """What the clock does; it does so again after an hour."""
    reporting.configure(database, ReportSettings(key="pepper", minimum_group=minimum, currency="GBP"), now)
    reporting.take_readings(tick_at(database, now))
    reporting.measure_models(tick_at(database, now))
    reporting.refresh(tick_at(database, now), every=timedelta(0))
    with database.writing() as transaction:
        transaction.execute(text("UPDATE report_views SET due_time = as_of + interval '1 hour'"))


def members(database: Database, campaign_id: str, arm: str, tier: str) -> list[str]:
    """Customers of the frozen audience, by id."""
    with database.reading() as snapshot:
        asked = {"campaign": campaign_id, "arm": arm, "tier": tier}
        query = text(
            """SELECT customer_id FROM audiences
            WHERE campaign_id = :campaign AND arm = :arm AND tier = :tier ORDER BY customer_id"""
        )
        return list(snapshot.scalars(query, asked))


def bought(who: str, minor: int, time: datetime, currency: str = "GBP") -> Event:
    """One line of an order."""
    return Event(
        event_id=f"{who}-{time:%m%d}", customer_id=who, time=time, event_type=EventType.PURCHASE,
        order_id=f"{who}-{time:%m%d}", item_id="tea", quantity=1.0, unit_price_minor=minor, currency=currency,
    )  # fmt: skip


def _buy_in_autumn(database: Database) -> None:
    """Forty buy ten days after the summer's rescoring, twenty more fifty days after it; three messages go out."""
    soon, later = SUMMER + timedelta(days=10), SUMMER + timedelta(days=50)
    events = [bought(who, 3000, soon) for who in CROWD[:40]] + [bought(who, 1000, later) for who in CROWD[40:60]]
    sent = [
        Event(
            event_id=f"{who}-{channel}-{day}", customer_id=who, time=SUMMER + timedelta(days=day),
            event_type=EventType.MESSAGE, channel=channel,
        )
        for channel, day, whom in (("EMAIL", 8, CROWD[:30]), ("EMAIL", 9, CROWD[:20]), ("SMS", 8, CROWD[:4]))
        for who in whom
    ]  # fmt: skip
    with database.writing() as transaction:
        insert_events(transaction, events + sent)


def _hand_over(database: Database) -> None:
    """Coupons of `spring` leave by e-mail; the provider refuses the first two."""
    with database.writing() as transaction:
        operation = handing_over.begin(transaction, make_cause(), "spring")
    share = Share(channels=["EMAIL"], limit=100, abandoned=NOW - timedelta(hours=1), tried=NOW)
    while not (batch := _taken(database, operation, share)).messages:
        pass
    refused = [Receipt(Fate.REFUSED, "no such mailbox")] * 2
    with database.writing() as transaction:
        receipts = refused + [Receipt(Fate.HANDED_OVER)] * (len(batch.messages) - 2)
        handing_over.settle(transaction, "spring", batch, receipts, NOW)
    with database.writing() as transaction:
        current = read_operation(database, operation.operation_id)
        assert handing_over.take(transaction, current, share, make_cause()) is None


def _taken(database: Database, operation: Operation, share: Share) -> Batch:
    with database.writing() as transaction:
        current = read_operation(database, operation.operation_id)
        batch = handing_over.take(transaction, current, share, make_cause())
    assert batch is not None, "nobody else hands over"
    return batch


def _shop_on(database: Database) -> None:
    """On the third day eight of `strong` and four of `mild` redeem 50.00; then refunds, a return and a reservation."""
    day, codes = NOW + timedelta(days=3), codes_of(database)
    strong, mild = members(database, "spring", "strong", "HIGH"), members(database, "spring", "mild", "HIGH")
    held_out = members(database, "spring", "holdout", "HIGH")
    buyers = strong[:8] + mild[:4]
    with database.writing() as transaction:
        insert_events(transaction, [bought(who, 5000, day) for who in buyers + held_out[:2]])
        uses = [redemption.redeem(transaction, make_cause(day), codes[who], _basket(who)) for who in buyers]
        refunding.refund(transaction, make_cause(day), uses[0].redemption_id, refund_id="half", amount_minor=400)
        reservation.reserve(transaction, make_cause(day), codes[strong[8]], _basket(strong[8]))
    paris = codes_of(database, "paris")
    with database.writing() as transaction:
        for who in CROWD[:6]:
            redemption.redeem(transaction, make_cause(day), paris[who], _basket(who, "EUR"))


def _basket(who: str, currency: str = "GBP") -> Basket:
    return Basket(order_id=f"{who}-{currency}", order_minor=5000, currency=currency, customer_id=who)


def _reconcile(database: Database) -> None:
    with database.writing() as transaction:
        operation = reconciliation.begin(transaction, make_cause())
    while not operation.done:
        with database.reading() as snapshot:
            found = reconciliation.compare(snapshot, operation)
        with database.writing() as transaction:
            reconciliation.keep(transaction, operation, found, make_cause())
        operation = read_operation(database, operation.operation_id)
