"""What is out is told from counts and what happened since: the same as if each coupon were looked at."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    codes_of,
    counts,
    launch_campaign,
    make_cause,
    make_plan,
    rescore,
    store_scores,
)
from sqlalchemy import text

from campaigns.coupons import blocking, giving, redemption, refunding, reservation
from campaigns.errors import Refusal
from campaigns.life import amending
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed
from campaigns.tiers.tiers import Tier
from database import erasure
from database.coupons import counting, exposure
from database.coupons.exposure import Exposed
from database.session import Database, Transaction

CUSTOMERS = {f"c{number:02}": 9000 if number % 3 else 2000 for number in range(24)}
FIVE = Discount(reward=Fixed(amount_minor=500))
PLAN = make_plan(
    offers=tuple(Offer(tier=tier, discount=FIVE, channel=Channel.ON_SITE) for tier in (Tier.HIGH, Tier.MID)),
    arms=(
        ArmPlan(name="mild", weight=1),
        ArmPlan(name="strong", weight=1, discounts=(TierDiscount(tier=Tier.HIGH, discount=FIVE),)),
    ),
    holdout_percent=20, refund_gives_code_back=True,
)  # fmt: skip
USES = text("SELECT redemption_id, discount_minor - refunded_minor FROM redemptions ORDER BY redemption_id")
Step = Callable[[Transaction, str, datetime, int], object]


def basket(code: str, number: int) -> Basket:
    return Basket(order_id=f"{code}-{number}", order_minor=5000, currency="GBP")


def use(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    redemption.redeem(transaction, make_cause(now), code, basket(code, number))


def hold(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    reservation.reserve(transaction, make_cause(now), code, basket(code, number))


def withdraw(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    (blocking.unblock if number % 3 == 0 else blocking.block)(transaction, make_cause(now), code)


def count(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    assert counting.count(transaction, "spring", now)


def give_back(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    redemption_id, left = random.Random(number).choice(transaction.execute(USES).all())
    amount = left if number % 2 else min(left, 100)
    refunding.refund(transaction, make_cause(now), redemption_id, refund_id=f"r{number}", amount_minor=amount)


def forget(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    if number % 5 == 0:
        of = text("SELECT customer_id FROM coupons WHERE code = :code")
        who = transaction.scalars(of, {"code": code}).one()
        erasure.erase(transaction, who, pseudonym=f"erased-{number}", now=now)


def give(transaction: Transaction, code: str, now: datetime, number: int) -> None:
    """By hand to somebody outside the audience, and in every other case it is used at once."""
    found = giving.give(transaction, make_cause(now, reason="a late parcel"), "spring", f"g{number % 9}")
    if number % 2:
        use(transaction, found.coupon.code, now, number)


STEPS: tuple[Step, ...] = (give, use, hold, withdraw, count, give_back, forget)


def both_ways(database: Database, now: datetime) -> tuple[list[Exposed], list[Exposed]]:
    """From counts, or nothing where they are not whole; and from the coupons."""
    asked = {"campaign_id": "spring", "now": now}
    with database.reading() as snapshot:
        told, looked_at = (
            [Exposed(*row) for row in snapshot.execute(statement, asked)]
            for statement in (exposure.FROM_COUNTS, exposure.OUTSTANDING)
        )
    return [each for each in told if each.coupons], looked_at


def assert_same(told: list[Exposed], looked_at: list[Exposed]) -> None:
    assert [each[:3] for each in told] == [each[:3] for each in looked_at]
    assert [each.spend_minor for each in told] == [each.spend_minor for each in looked_at]
    assert [each.buyers for each in told] == pytest.approx([each.buyers for each in looked_at])


def test_whatever_happens(database: Database) -> None:
    store_scores(database, CUSTOMERS)
    launch_campaign(database, PLAN)
    late = {f"g{number}": 9000 for number in range(9)}
    add_customers(database, list(late))
    rescore(database, CUSTOMERS | late)
    drawn, codes = random.Random(1), sorted(codes_of(database).values())
    with database.writing() as transaction:
        counting.count(transaction, "spring", NOW)
    happened = 0
    for number in range(70):
        now = NOW + number * timedelta(minutes=4)
        with suppress(Refusal, IndexError), database.writing() as transaction:
            drawn.choice(STEPS)(transaction, drawn.choice(codes), now, number)
            happened += 1
        assert_same(*both_ways(database, now))
    assert happened > 30
    assert counts(database, "by_hand_coupons")[0] > 3
    with database.writing() as transaction:
        later = PLAN.end_time + timedelta(days=1)
        amending.update(
            transaction, make_cause(now), "spring", lambda plan: replace(plan, end_time=later),
            ApprovalPolicy(approvals=0),
        )  # fmt: skip
    told, looked_at = both_ways(database, PLAN.end_time)
    assert_same(told, looked_at)
    assert told


def test_counts_that_are_not_whole_are_not_believed(database: Database) -> None:
    store_scores(database, CUSTOMERS)
    launch_campaign(database, PLAN)
    assert both_ways(database, NOW)[0] == [], "before the first count"
    code = min(codes_of(database).values())
    with database.writing() as slow:
        redemption.redeem(slow, make_cause(NOW), code, basket(code, 1))
        with database.writing() as transaction:
            counting.count(transaction, "spring", NOW + timedelta(hours=1))
        before, looked_at = both_ways(database, NOW)
        assert_same(before, looked_at)

    late, looked_at = both_ways(database, NOW)

    assert late == [], "a use of before, that committed afterwards"
    with database.reading() as snapshot:
        assert exposure.outstanding(snapshot, "spring", NOW) == looked_at != before
    assert both_ways(database, PLAN.end_time) == ([], []), "and none where all have expired"
