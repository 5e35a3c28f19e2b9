"""Results of a campaign from hand-made purchases: exactly the sums that its two groups made, and what follows."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    add_customers,
    codes_of,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from made.moments import measured
from made.orders import purchase, record
from running.databases import filled_once
from sqlalchemy import insert

from campaigns.coupons import redemption
from campaigns.customers import erasure
from campaigns.experiments.assignment import HOLDOUT, group_of, position
from campaigns.experiments.decision import Verdict
from campaigns.experiments.effect import compare
from campaigns.experiments.moments import Moments
from campaigns.experiments.refusals import NothingToCompare
from campaigns.experiments.results import Metric, Plan
from campaigns.life import campaigns, drafts
from campaigns.life.refusals import CampaignNotFound, CampaignNotLaunched
from campaigns.results import measuring
from campaigns.results.measuring import CampaignResults
from campaigns.results.over_time import over_time
from campaigns.terms.arms import OFFER_ARM, ArmPlan, TierDiscount
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier
from database.audiences.tables import ExclusionRow
from database.experiments import outcomes
from database.session import Database
from events.event import EventType

CROWD = [f"c{number:03}" for number in range(300)]
PLAN = make_plan(holdout_percent=50)
LATER = NOW + timedelta(days=10)
GROUPS = {
    arm: [who for who in CROWD if group_of(PLAN.design, campaign_id="spring", customer_id=who) == arm]
    for arm in (OFFER_ARM, HOLDOUT)
}


def read(database: Database, now: datetime = LATER) -> CampaignResults:
    with database.reading() as snapshot:
        return measuring.results(snapshot, "spring", now)


def measured_plan(database: Database) -> Plan:
    with database.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "spring")
        return measuring.plan(snapshot, campaign, since, measuring.counted(snapshot, campaign, since, LATER))


@filled_once
def launched(database: Database) -> None:
    """Half of three hundred customers held out; the higher the number, the higher the expected spend."""
    add_customers(database, CROWD)
    store_scores(database, {who: 5000 + 10 * number for number, who in enumerate(CROWD)})
    launch_campaign(database, PLAN)


def test_both_groups_are_counted_exactly(launched: Database) -> None:
    offered, held_out = GROUPS[OFFER_ARM], GROUPS[HOLDOUT]
    assert (len(offered), len(held_out)) == (154, 146)
    record(launched, [purchase(who, 6000) for who in offered[:90] + held_out[:30]])

    found = read(launched)

    conversion, revenue = found.results.overall[Metric.CONVERSION], found.results.overall[Metric.REVENUE]
    assert (conversion.customers, conversion.holdout_customers) == (154, 146)
    assert (conversion.mean, conversion.holdout_mean) == (90 / 154, 30 / 146)
    assert (revenue.mean, revenue.holdout_mean) == (90 * 6000 / 154, 30 * 6000 / 146)
    assert conversion.difference == pytest.approx(90 / 154 - 30 / 146)
    assert conversion.variance_left == pytest.approx(1.0), (
        "all have the same purchase probability, which explains nothing"
    )
    assert (found.since, found.until, found.discount_minor) == (NOW, LATER, 0)
    assert found.decision.verdict is Verdict.SHIP
    assert not found.results.sample_ratio.mismatch


def test_revenue_is_what_was_paid_in_time_and_currency_and_the_score_is_its_covariate(launched: Database) -> None:
    anna, ben, cleo, dora = GROUPS[OFFER_ARM][:4]
    held_out = GROUPS[HOLDOUT][0]
    record(
        launched,
        [
            purchase(anna, 5000),
            purchase(anna, 1500, days=6, kind=EventType.RETURN),
            purchase(ben, 700, quantity=3.0),
            purchase(ben, 9999, days=7, currency="USD"),
            purchase(cleo, 9999, days=-1),
            purchase(cleo, 9999, days=10),
            purchase(dora, 9999, kind=EventType.VIEW),
            purchase(held_out, 4000, days=0),
        ],
    )
    code = codes_of(launched)[ben]
    basket = Basket(order_id="o1", order_minor=2100, currency="GBP", customer_id=ben)
    with launched.writing() as transaction:
        redemption.redeem(transaction, make_cause(NOW + timedelta(days=5)), code, basket)

    found = read(launched)

    paid = {anna: 3500.0, ben: 1890.0, held_out: 4000.0}
    sums = {
        arm: measured(
            np.array([paid.get(who, 0.0) for who in members]),
            np.array([5000.0 + 10 * CROWD.index(who) for who in members]),
        )
        for arm, members in GROUPS.items()
    }
    with launched.reading() as snapshot:
        groups = outcomes.outcomes(snapshot, "spring", currency="GBP", since=NOW, until=LATER)
    assert {(group.tier, group.arm) for group in groups} == {("HIGH", OFFER_ARM), ("HIGH", HOLDOUT)}
    for group in groups:
        kept = group.revenue
        assert Moments(
            count=group.count, outcome=kept.y, outcome_squared=kept.y_squared, covariate=kept.x,
            covariate_squared=kept.x_squared, product=kept.xy,
        ) == sums[group.arm]  # fmt: skip
        assert group.bought.y == {OFFER_ARM: 2, HOLDOUT: 1}[group.arm]
    effect = found.results.overall[Metric.REVENUE]
    assert effect.difference == pytest.approx(compare(sums[OFFER_ARM], sums[HOLDOUT]).difference)
    assert effect.variance_left < 1
    assert (found.redeemed_count, found.discount_minor) == (1, 210)
    assert found.decision.verdict is Verdict.KEEP_RUNNING
    assert "Too few customers bought" in found.decision.reasons[0].sentence()


def test_what_coupons_of_other_campaigns_took_off_was_not_paid_either(launched: Database) -> None:
    anna, held_out, other = GROUPS[OFFER_ARM][0], GROUPS[HOLDOUT][0], GROUPS[HOLDOUT][1]
    launch_campaign(launched, make_plan(), "autumn")
    record(launched, [purchase(who, 4000) for who in (anna, held_out, other)])
    codes = codes_of(launched, "autumn")
    for who, days in ((anna, 3), (held_out, 3), (other, 20)):
        basket = Basket(order_id=f"o-{who}", order_minor=4000, currency="GBP", customer_id=who)
        with launched.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(days=days)), codes[who], basket)

    found = read(launched)

    revenue = found.results.overall[Metric.REVENUE]
    assert revenue.mean * revenue.customers == pytest.approx(3600)
    assert revenue.holdout_mean * revenue.holdout_customers == pytest.approx(3600 + 4000)
    assert (found.redeemed_count, found.discount_minor) == (0, 0)


def test_who_was_erased_is_in_neither_group_but_what_their_coupons_cost_was_spent(launched: Database) -> None:
    redeemer, buyer, held_out = GROUPS[OFFER_ARM][0], GROUPS[OFFER_ARM][1], GROUPS[HOLDOUT][0]
    record(launched, [purchase(who, 4000) for who in (redeemer, buyer, held_out, GROUPS[HOLDOUT][1])])
    for who in (redeemer, buyer):
        basket = Basket(order_id=f"o-{who}", order_minor=4000, currency="GBP", customer_id=who)
        with launched.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(days=3)), codes_of(launched)[who], basket)
    whole = read(launched)
    for who in (redeemer, held_out):
        with launched.writing() as transaction:
            erasure.begin(transaction, make_cause(LATER, reason="asked"), who)

    found = read(launched)
    with launched.reading() as snapshot:
        last = over_time(snapshot, "spring", LATER)[-1].results

    offered, others = len(GROUPS[OFFER_ARM]) - 1, len(GROUPS[HOLDOUT]) - 1
    for shown in (found.results, last):
        conversion, revenue = shown.overall[Metric.CONVERSION], shown.overall[Metric.REVENUE]
        assert (revenue.customers, revenue.holdout_customers) == (offered, others)
        assert [revenue.mean, conversion.mean] == pytest.approx([3600 / offered, 1 / offered])
        assert [revenue.holdout_mean, conversion.holdout_mean] == pytest.approx([4000 / others, 1 / others])
    assert [(each.redeemed_count, each.discount_minor) for each in (whole, found)] == [(2, 800), (2, 800)]


def test_margin_is_its_part_of_what_was_sold_less_the_whole_discount_and_decides(database: Database) -> None:
    store_scores(database, dict.fromkeys(CROWD, 9000))
    launch_campaign(database, replace(PLAN, margin_percent=40))
    offered, held_out = GROUPS[OFFER_ARM], GROUPS[HOLDOUT]
    record(database, [purchase(who, 2000) for who in offered[:60] + held_out[:50]])
    used = offered[0]
    basket = Basket(order_id="o1", order_minor=2000, currency="GBP", customer_id=used)
    with database.writing() as transaction:
        redemption.redeem(transaction, make_cause(NOW + timedelta(days=5)), codes_of(database)[used], basket)

    found = read(database)

    margin = found.results.overall[Metric.MARGIN]
    assert margin.mean == pytest.approx((60 * 2000 * 0.4 - 200) / len(offered))
    assert margin.holdout_mean == pytest.approx(50 * 2000 * 0.4 / len(held_out))
    assert "Margin changed by" in found.decision.reasons[-1].sentence()


def test_each_arm_is_compared_with_the_holdout_and_with_the_first(database: Database) -> None:
    bold = ArmPlan(name="bold", discounts=(TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=30))),))
    plan = make_plan(holdout_percent=34, arms=(ArmPlan(name="plain"), bold))
    store_scores(database, dict.fromkeys(CROWD, 9000))
    launch_campaign(database, plan)
    groups = {
        arm: [who for who in CROWD if group_of(plan.design, campaign_id="spring", customer_id=who) == arm]
        for arm in plan.design.groups
    }
    buyers = [*groups[HOLDOUT][:30], *groups["plain"][:30], *groups["bold"][:85]]
    before = [purchase(who, 9000, days=-30) for who in CROWD[::3]]
    record(database, [*before, *(purchase(who, 9000) for who in buyers)])
    for number, who in enumerate(groups["bold"][:3]):
        basket = Basket(order_id=f"o{number}", order_minor=2000, currency="GBP", customer_id=who)
        with database.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(days=5)), codes_of(database)[who], basket)

    found = read(database)

    plain, bold_found = found.arms
    assert [(arm.name, arm.customers) for arm in found.arms] == [(arm, len(groups[arm])) for arm in ("plain", "bold")]
    assert [(arm.redeemed_count, arm.discount_minor) for arm in found.arms] == [(0, 0), (3, 1800)]
    assert bold_found.effects[Metric.REVENUE].mean == (85 * 9000 - 1800) / len(groups["bold"])
    assert bold_found.effects[Metric.CONVERSION].holdout_mean == 30 / len(groups[HOLDOUT])
    assert bold_found.against_first[Metric.CONVERSION].holdout_mean == 30 / len(groups["plain"])
    assert (plain.against_first, found.results.overall[Metric.CONVERSION].customers) == ({}, 300 - len(groups[HOLDOUT]))
    assert (plain.decision.verdict, bold_found.decision.verdict) == (Verdict.KEEP_RUNNING, Verdict.SHIP)


def test_who_was_kept_out_is_counted_by_the_group_that_would_have_had_them(database: Database) -> None:
    mail = replace(TEN_PERCENT, channel=Channel.EMAIL)
    add_customers(database, CROWD[::2], consented=["email"])
    add_customers(database, CROWD[1::2])
    store_scores(database, dict.fromkeys(CROWD, 9000))
    launch_campaign(database, replace(PLAN, offers=(mail,)))

    found = read(database)

    (kept_out,) = found.exclusions.values()
    silent = {arm: len(set(GROUPS[arm]) & set(CROWD[1::2])) for arm in (HOLDOUT, OFFER_ARM)}
    assert (set(found.exclusions), dict(kept_out.observed), kept_out.mismatch) == ({"NO_CONSENT"}, silent, False)
    assert kept_out.sentence() == "The groups have as many customers excluded because of NO_CONSENT as planned."


def test_results_are_not_trusted_where_one_group_lost_others_than_the_other(launched: Database) -> None:
    lost = [who for who in (f"x{number}" for number in range(100)) if position("spring", who) < 0.5]
    with launched.writing() as transaction:
        for who in lost:
            values = {"campaign_id": "spring", "customer_id": who, "reason": "OFFER_CAP"}
            transaction.execute(insert(ExclusionRow).values(values))

    found = read(launched)

    assert found.exclusions["OFFER_CAP"].mismatch
    assert found.decision.verdict is found.arms[0].decision.verdict is Verdict.REPAIR
    assert "customers excluded because of OFFER_CAP" in found.decision.reasons[0].sentence()


def test_an_offer_that_makes_customers_leave_for_good_is_no_fair_comparison(launched: Database) -> None:
    for who in GROUPS[OFFER_ARM][:14]:
        with launched.writing() as transaction:
            erasure.begin(transaction, make_cause(LATER, reason="asked"), who)

    found = read(launched)

    assert dict(found.exclusions["ERASED"].observed) == {HOLDOUT: 0, OFFER_ARM: 14}
    assert not found.results.sample_ratio.mismatch, "fourteen fewer of a hundred and fifty could be chance"
    assert found.decision.verdict is Verdict.REPAIR
    assert "customers who were erased where 7 were planned" in found.decision.reasons[0].sentence()


@pytest.mark.parametrize(("ended", "over"), [(3, 3), (30, 30), (50, 30)])
def test_results_count_on_for_a_week_after_the_campaign_is_over(launched: Database, ended: int, over: int) -> None:
    """The clock may come late; whoever ends it early has its offers stop then."""
    first, second, *_ = GROUPS[OFFER_ARM]
    record(launched, [purchase(first, 2000, days=over + 6), purchase(second, 2000, days=over + 8)])
    planned = measured_plan(launched)

    with launched.writing() as transaction:
        campaigns.end(transaction, make_cause(NOW + timedelta(days=ended)), "spring")
    found = read(launched, NOW + timedelta(days=60))

    assert found.until == NOW + timedelta(days=over + 7)
    assert found.results.overall[Metric.CONVERSION].mean == 1 / 154
    assert found.decision.verdict is Verdict.INCONCLUSIVE
    assert measured_plan(launched) == planned, "where the sequence is narrow was fixed before"


def test_the_past_says_how_much_customers_differ_in_the_time_that_is_counted(
    launched: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """37 days are an eighth of the time since the first order."""
    record(launched, [purchase(who, 90_000, days=-296) for who in CROWD[:75]])

    with launched.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "spring")
        groups = measuring.counted(snapshot, campaign, since, LATER)
        fixed = measuring.plan(snapshot, campaign, since, groups)

    deviation = 90_000 * np.sqrt(0.25 * 0.75)
    assert measuring.closed(campaign) - since == timedelta(days=37)
    assert fixed.baselines[Metric.REVENUE].standard_deviation == pytest.approx(deviation / np.sqrt(8))

    monkeypatch.setattr(outcomes, "DRAWN", 1)
    with launched.reading() as snapshot:
        assert outcomes.spread(snapshot, "spring", currency="GBP", since=NOW - measuring.PAST, until=NOW).deviation == 0


def test_a_past_that_is_shorter_than_what_is_counted_is_not_stretched(launched: Database) -> None:
    record(launched, [purchase(who, 90_000, days=-1) for who in CROWD[:75]])

    with launched.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "spring")
        fixed = measuring.plan(snapshot, campaign, since, measuring.counted(snapshot, campaign, since, LATER))

    assert fixed.baselines[Metric.REVENUE].standard_deviation == pytest.approx(90_000 * np.sqrt(0.25 * 0.75))


def test_the_scores_say_it_where_the_past_is_silent(launched: Database) -> None:
    """Who is to be won back bought nothing for long, and differs all the same."""
    with launched.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "spring")
        fixed = measuring.plan(snapshot, campaign, since, measuring.counted(snapshot, campaign, since, LATER))

    bought, spent = 1 - 0.7 ** (37 / 90), np.mean([5000 + 10 * number for number in range(300)]) * 37 / 90
    assert fixed.baselines[Metric.CONVERSION].standard_deviation == pytest.approx(np.sqrt(bought * (1 - bought)))
    assert fixed.baselines[Metric.REVENUE].standard_deviation == pytest.approx(spent * np.sqrt(2 / bought - 1))


def test_scores_in_other_money_do_not_say_how_much_customers_differ(launched: Database) -> None:
    launch_campaign(launched, replace(PLAN, currency="JPY"), "yen")

    with launched.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "yen")
        fixed = measuring.plan(snapshot, campaign, since, measuring.counted(snapshot, campaign, since, LATER))

    assert fixed.baselines[Metric.REVENUE].standard_deviation == 1


def test_without_launch_or_holdout_there_is_nothing_to_compare(database: Database) -> None:
    with pytest.raises(CampaignNotFound):
        read(database)
    store_scores(database, {"anna": 9000})
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", make_plan())
    with pytest.raises(CampaignNotLaunched):
        read(database)
    with database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    launch_campaign(database, make_plan())
    with pytest.raises(NothingToCompare, match="held nobody out"):
        read(database)
