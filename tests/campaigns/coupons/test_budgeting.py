"""A launch reaches as many customers as its money bears, and what is reserved, committed and spent is kept apart."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import text

from campaigns import trail
from campaigns.coupons import budgeting, redemption, reservation
from campaigns.coupons.budgeting import BudgetStanding
from campaigns.coupons.refusals import CouponReserved
from campaigns.life import campaigns, launch
from campaigns.life.refusals import CampaignNotFound
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Campaign, Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.budgets.ledger import Amounts
from database.coupons import counting, exposure
from database.session import Database
from database.work import operations
from worker.clock.schedule import end_campaigns

BASKET = Basket(order_minor=2000, currency="GBP", order_id="o1")
CUSTOMERS = [f"c{number:03}" for number in range(400)]
USE_HALF = text("""
INSERT INTO redemptions (redemption_id, code, campaign_id, customer_id, order_id, order_minor, discount_minor, currency,
  redeem_time)
SELECT code, code, campaign_id, customer_id, code, 2000, 500, 'GBP', issue_time FROM coupons WHERE customer_id < 'c200'
""")
Hindrance = Callable[..., Campaign]
FIVE_POUNDS = Offer(tier=Tier.HIGH, discount=Discount(reward=Fixed(amount_minor=500)), channel=Channel.ON_SITE)


def standing(database: Database, campaign_id: str = "spring", *, after: timedelta = timedelta()) -> BudgetStanding:
    with database.reading() as snapshot:
        return budgeting.standing(snapshot, campaign_id, NOW + after)


def members(database: Database, which: str = "true") -> set[str]:
    """Of the frozen audience."""
    with database.reading() as snapshot:
        return set(snapshot.scalars(text(f"SELECT customer_id FROM audiences WHERE {which}")))


def test_a_budget_that_bears_everybody_leaves_nobody_out(database: Database) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))

    launch_campaign(database, make_plan(offers=(FIVE_POUNDS,), budget=Budget(limit_minor=400 * 500)))

    assert counts(database, "coupons", "audiences") == (400, 400)
    found = standing(database)
    assert (found.campaign.over_budget_count, found.overspend) == (0, 0.0)


@pytest.mark.parametrize("holdout", [0, 20])
def test_issuing_stops_before_the_budget_is_at_risk(database: Database, holdout: int) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    plan = make_plan(offers=(FIVE_POUNDS,), budget=Budget(limit_minor=12_000, confidence=0.9), holdout_percent=holdout)

    operation = launch_campaign(database, plan)

    found = standing(database)
    coupons, audience = counts(database, "coupons", "audiences")
    assert 50 < coupons < 250
    assert found.overspend == pytest.approx(0.1, abs=0.02)
    assert found.overspend is not None
    assert found.overspend <= 0.1
    assert found.campaign.over_budget_count == 400 - audience
    assert found.campaign.held_out_count == audience - coupons
    assert audience * holdout / 100 == pytest.approx(audience - coupons, abs=25)
    response = operation.response
    assert response is not None
    assert (response["over_budget_count"], response["issued_count"]) == (400 - audience, coupons)


def test_who_is_left_out_is_drawn_the_same_way_again(database: Database) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    plan = make_plan(offers=(FIVE_POUNDS,), budget=Budget(limit_minor=12_000))
    launch_campaign(database, plan)
    first = set(codes_of(database))
    with database.writing() as transaction:
        for table in ("coupons", "audiences", "budget_shards", "forecasts", "campaigns"):
            transaction.execute(text(f"DELETE FROM {table}"))

    launch_campaign(database, plan)

    assert set(codes_of(database)) == first


def test_reserved_committed_and_spent_are_kept_apart(database: Database) -> None:
    customers = ["anna", "bert", "cleo", "dora"]
    store_scores(database, dict.fromkeys(customers, 9000))
    launch_campaign(database, make_plan(offers=(FIVE_POUNDS,), budget=Budget(limit_minor=2000), redemption_limit=9))
    codes = codes_of(database)
    with database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), codes["anna"], BASKET)
        redemption.redeem(transaction, make_cause(), codes["bert"], BASKET)

    found = standing(database)

    assert found.used == Amounts(reserved_count=1, reserved_minor=500, spent_count=1, spent_minor=500)
    (committed,) = found.committed
    assert (committed.group.arm, committed.group.tier, committed.group.coupons) == ("offer", "HIGH", 2)
    assert (committed.group.value_minor, committed.group.most_minor) == (500, 500)
    assert found.liability.expected_minor == pytest.approx(2 * committed.rate * 500)
    assert found.overspend == 0
    lapsed = standing(database, after=timedelta(minutes=10))
    assert (lapsed.used.reserved_count, lapsed.committed[0].group.coupons) == (0, 3)


def test_after_the_end_nothing_is_committed(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan(budget=Budget(limit_minor=5000)))

    assert [len(standing(database, after=after).committed) for after in (timedelta(), timedelta(days=30))] == [1, 0]
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")
    assert standing(database).liability.expected_minor == 0


def test_past_campaigns_teach_how_coupons_are_used(database: Database) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    launch_campaign(database, make_plan(offers=(FIVE_POUNDS,)), "past")
    before = standing(database, "past").committed[0].rate
    with database.writing() as transaction:
        transaction.execute(USE_HALF)
        transaction.execute(text("UPDATE campaigns SET start_time = '2026-01-01', end_time = '2026-02-01'"))
    assert end_campaigns(database, NOW) == 1
    launch_campaign(database, make_plan(offers=(FIVE_POUNDS,)), "next")

    with database.writing() as transaction:
        counting.count(transaction, "past", NOW)
    with database.reading() as snapshot:
        (fared,) = exposure.past(snapshot, NOW, campaigns=10)

    assert (fared.tier, fared.coupons, fared.redeemed) == ("HIGH", 400, 200)
    assert fared.buyers == pytest.approx(400 * 0.3)
    assert standing(database, "next").committed[0].rate > 2 * before


@pytest.mark.parametrize("hindered", [campaigns.pause, campaigns.end])
def test_a_campaign_that_did_not_run_to_its_end_teaches_nothing(database: Database, hindered: Hindrance) -> None:
    store_scores(database, {"anna": 9000})
    plan = make_plan(offers=(FIVE_POUNDS,))
    launch_campaign(database, plan)
    with database.writing() as transaction:
        hindered(transaction, make_cause(), "spring")

    end_campaigns(database, plan.end_time)

    with database.writing() as transaction:
        counting.count(transaction, "spring", plan.end_time)
        assert exposure.past(transaction, plan.end_time, campaigns=10) == []


def test_refused_attempts_are_counted_by_reason(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan(offers=(TEN_PERCENT,)))
    code = codes_of(database)["anna"]
    with database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), code, BASKET)
    for order_id in ("o2", "o3"):
        other = Basket(order_minor=2000, currency="GBP", order_id=order_id)
        with pytest.raises(CouponReserved) as refused, database.writing() as transaction:
            redemption.redeem(transaction, make_cause(), code, other)
        with database.writing() as transaction:
            trail.denied(transaction, make_cause(), "coupons.redeem", "coupons", refused.value)

    assert standing(database).refusals == {"COUPON_RESERVED": 2}


@pytest.mark.parametrize("reward", [FreeShipping(), Gift(item_id="mug")])
def test_a_budget_needs_to_know_what_its_coupons_cost(database: Database, reward: FreeShipping | Gift) -> None:
    store_scores(database, {"anna": 9000})
    offer = Offer(tier=Tier.HIGH, discount=Discount(reward=reward), channel=Channel.ON_SITE)

    with pytest.raises(InvalidCampaign, match="a budget needs to know what coupons cost"):
        launch_campaign(database, make_plan(offers=(offer,), budget=Budget(limit_minor=5000)))

    assert counts(database, "audiences", "operations") == (0, 1)
    launch_campaign(database, make_plan(offers=(offer,)), "unbounded")
    assert counts(database, "coupons") == (1,)


def test_a_budget_is_not_reckoned_by_orders_in_another_currency(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    euros = make_plan(currency="EUR", budget=Budget(limit_minor=50_000))
    told = "orders are foretold in GBP, not in EUR: what a percentage takes off is not known without a maximum"

    with pytest.raises(InvalidCampaign, match=told) as refused:
        launch_campaign(database, euros)

    assert refused.value.metadata["field"] == "budget"
    assert counts(database, "audiences", "operations") == (0, 1)
    launch_campaign(database, replace(euros, budget=None), "unbounded")
    bounded = replace(TEN_PERCENT, discount=Discount(reward=Percent(percent=10, maximum_minor=700)))
    launch_campaign(database, replace(euros, offers=(bounded,)), "bounded")
    (committed,) = standing(database, "bounded").committed
    assert (committed.group.value_minor, committed.group.most_minor) == (700, 700)


def test_what_is_not_there_has_no_budget(database: Database) -> None:
    with pytest.raises(CampaignNotFound):
        standing(database, "nothing")

    assert audit_lines(database) == []


def test_an_operation_tells_how_many_it_expects_after_the_cut(database: Database) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    operation = launch_campaign(database, make_plan(offers=(FIVE_POUNDS,), budget=Budget(limit_minor=12_000)))

    done = read_operation(database, operation.operation_id)

    assert done.total_count == done.done_count == counts(database, "coupons")[0]


@pytest.mark.parametrize("purchase_90", [0.3, 0.9])
def test_a_launch_that_is_taken_up_again_leaves_nobody_out_who_has_a_code(
    database: Database, purchase_90: float
) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    create_campaign(database, offers=(FIVE_POUNDS,), budget=Budget(limit_minor=12_000, confidence=0.9))
    failed = begin_launch(database)
    for _ in range(2):
        issue_chunk(database, read_operation(database, failed.operation_id), limit=40)
    issued, first = codes_of(database), standing(database).campaign.over_budget_count
    with database.writing() as transaction:
        operations.fail(transaction, failed.operation_id, "the disk is full", NOW)
        transaction.execute(text("UPDATE scores SET purchase_90 = :p"), {"p": purchase_90})

    with database.writing() as transaction:
        again = launch.launch(transaction, make_cause(), "spring")
    while not (again := read_operation(database, again.operation_id)).done:
        issue_chunk(database, again, limit=100)

    coupons, audience, excluded = counts(database, "coupons", "audiences", "exclusions")
    assert codes_of(database).items() >= issued.items()
    assert (len(issued), coupons, audience, excluded) == (40, 400 - first, 400 - first, first)
    assert standing(database).campaign.over_budget_count == first


def test_what_is_taken_up_again_leaves_out_only_those_without_a_code(database: Database) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    tight = Budget(limit_minor=12_000, confidence=0.9)
    create_campaign(database, offers=(FIVE_POUNDS,), budget=tight, holdout_percent=20)
    failed = begin_launch(database)
    for _ in range(2):
        issue_chunk(database, read_operation(database, failed.operation_id), limit=40)
    issued, held_out = set(codes_of(database)), members(database, "arm = 'holdout'")
    with database.writing() as transaction:
        transaction.execute(text("UPDATE audiences SET purchase_90 = 0.99"))
        count = budgeting.narrow(transaction, campaigns.get(transaction, "spring"), NOW)

    assert count > 0
    assert (len(issued), len(held_out) > 20) == (40, True)
    assert members(database) == issued | held_out
