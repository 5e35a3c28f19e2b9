"""Arms: the same audience drawn into variants of the discounts, and each coupon is worth what its arm says."""

from collections import Counter

import pytest
from made.campaigns import (
    TEN_PERCENT,
    add_customers,
    codes_of,
    counts,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from sqlalchemy import text

from campaigns.coupons import redemption
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.experiments.sample_ratio import check_ratio
from campaigns.life import campaigns, drafts
from campaigns.terms import stored
from campaigns.terms.arms import OFFER_ARM, ArmPlan, TierDiscount
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.terms.discount_document import to_data
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.session import Database

CROWD = [f"c{number:03}" for number in range(600)]
MAIL = Offer(tier=Tier.MID, discount=Discount(reward=Fixed(amount_minor=300)), channel=Channel.EMAIL)
BOLD = ArmPlan(name="bold", weight=2, discounts=(TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=30))),))
ARMED = make_plan(offers=(TEN_PERCENT, MAIL), holdout_percent=20, arms=(ArmPlan(name="plain"), BOLD))


def test_an_arm_changes_discounts_and_nothing_else() -> None:
    high, mid = ARMED.offers_in("bold")

    assert (high.discount, high.channel, mid) == (Discount(reward=Percent(percent=30)), Channel.ON_SITE, MAIL)
    assert ARMED.offers_in("plain") == ARMED.offers
    assert ARMED.design.shares == pytest.approx({HOLDOUT: 0.2, "plain": 0.8 / 3, "bold": 1.6 / 3})


def test_a_plan_without_arms_has_one_for_all() -> None:
    plan = make_plan(holdout_percent=10)

    assert plan.design.shares == {HOLDOUT: 0.1, OFFER_ARM: 0.9}
    assert plan.offers_in(OFFER_ARM) == plan.offers


def test_arms_are_kept_as_planned(database: Database) -> None:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", ARMED)
    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").plan == ARMED
    assert stored.arms(stored.plan_values(ARMED)["arms"]) == ARMED.arms


@pytest.mark.parametrize(
    ("arms", "field"),
    [
        ([ArmPlan(name="a"), ArmPlan(name="a")], "arms"),
        ([ArmPlan(name=f"a{number}") for number in range(11)], "arms"),
        ([ArmPlan(name="a"), ArmPlan(name=HOLDOUT)], "arms[1].name"),
        ([ArmPlan(name="Bold!")], "arms[0].name"),
        ([ArmPlan(name="a", weight=0)], "arms[0].weight"),
        ([ArmPlan(name="a", discounts=(TierDiscount(Tier.LOW, Discount(reward=Percent(percent=5))),))], "arms[0]"),
        (
            [ArmPlan(name="a", discounts=2 * (TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=5))),))],
            "arms[0].discounts",
        ),
        (
            [ArmPlan(name="a", discounts=(TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=101))),))],
            "arms[0].discounts[HIGH].percent",
        ),
    ],
)
def test_an_arm_that_makes_no_sense_names_the_place(database: Database, arms: list[ArmPlan], field: str) -> None:
    with database.writing() as transaction, pytest.raises(InvalidCampaign) as refused:
        drafts.create(transaction, make_cause(), "spring", make_plan(arms=tuple(arms)))

    assert refused.value.metadata["field"] == field
    assert counts(database, "campaigns") == (0,)


@pytest.fixture
def launched(database: Database) -> Database:
    """Half of the customers of tier HIGH, the others of tier MID, of whom every third agreed to be written to."""
    add_customers(database, [who for number, who in enumerate(CROWD) if number % 3 == 0], consented=["email"])
    add_customers(database, [who for number, who in enumerate(CROWD) if number % 3])
    store_scores(database, {who: 9000 if number % 2 else 2000 for number, who in enumerate(CROWD)})
    launch_campaign(database, ARMED)
    return database


def issued(database: Database) -> dict[str, tuple[str, str, dict[str, object]]]:
    """Customer to arm, tier and discount."""
    query = """SELECT customer_id, arm, coupons.tier, discount FROM coupons
               JOIN audiences USING (campaign_id, customer_id)"""
    with database.reading() as snapshot:
        return {who: (arm, tier, discount) for who, arm, tier, discount in snapshot.execute(text(query))}


def test_each_coupon_has_the_discount_of_its_arm_and_tier(launched: Database) -> None:
    found = issued(launched)

    assert Counter((arm, tier) for arm, tier, _ in found.values()).keys() == {
        ("plain", "HIGH"), ("plain", "MID"), ("bold", "HIGH"), ("bold", "MID"),
    }  # fmt: skip
    for who, (arm, tier, discount) in found.items():
        assert arm == group_of(ARMED.design, campaign_id="spring", customer_id=who)
        offer = next(offer for offer in ARMED.offers_in(arm) if offer.tier == tier)
        assert discount == to_data(offer.discount)


def test_redeeming_takes_off_what_the_arm_offers(launched: Database) -> None:
    who = next(who for who, (arm, tier, _) in issued(launched).items() if (arm, tier) == ("bold", "HIGH"))
    basket = Basket(order_id="o1", order_minor=1000, currency="GBP", customer_id=who)

    with launched.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(), codes_of(launched)[who], basket)

    assert used.discount_minor == 300


def test_whoever_cannot_be_reached_is_in_no_group_and_the_draw_does_not_look_at_it(launched: Database) -> None:
    """Consent took out the same share of each group, because it did so before the hash was looked at."""
    with launched.reading() as snapshot:
        rows = snapshot.execute(text("SELECT customer_id, arm, tier FROM audiences")).all()
    groups = {who: arm for who, arm, _ in rows}
    agreed = {who for number, who in enumerate(CROWD) if number % 3 == 0}
    mid = {who for number, who in enumerate(CROWD) if number % 2 == 0}

    assert groups == {
        who: group_of(ARMED.design, campaign_id="spring", customer_id=who) for who in CROWD if who not in mid - agreed
    }
    left_out = Counter(group_of(ARMED.design, campaign_id="spring", customer_id=who) for who in mid - agreed)
    for tally in (Counter(groups.values()), left_out):
        assert not check_ratio(tally, ARMED.design.shares).mismatch
