"""A preview shows exactly whom a launch then reaches, foretells what the scores say, and writes but a line of audit."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import NOW, TEN_PERCENT, add_customers, counts, launch_campaign, make_cause, make_plan, store_scores
from running.databases import filled_once
from sqlalchemy import text

from campaigns.coupons import budgeting
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.experiments.results import Metric
from campaigns.forecast import dry_run
from campaigns.forecast.detecting import LIFT
from campaigns.forecast.dry_run import Preview
from campaigns.forecast.refusals import CampaignLaunched
from campaigns.forecast.sensitivity import sensitivity
from campaigns.life import drafts
from campaigns.life.refusals import CampaignChanged, CampaignNotFound
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.session import Database
from rules.rule import Compare, Operator
from rules.sentence import Language

MAIL = Offer(tier=Tier.MID, discount=Discount(reward=Fixed(amount_minor=300)), channel=Channel.EMAIL)
BOLD = ArmPlan(name="bold", discounts=(TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=30))),))
PLAN = make_plan(offers=(TEN_PERCENT, MAIL), holdout_percent=20, arms=(ArmPlan(name="plain"), BOLD))
CROWD = [f"c{number:03}" for number in range(400)]
EVERY_TABLE = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
DIGEST = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} AS t"


@filled_once
def shop(database: Database) -> None:
    """400 customers in turn of tier HIGH, MID, MID, LOW; every second agreed to e-mail, ten more were never scored."""
    add_customers(database, CROWD[::2], consented=["email"])
    add_customers(database, CROWD[1::2])
    add_customers(database, [f"new{number}" for number in range(10)])
    store_scores(database, {who: (9000, 2000, 2000, 10)[number % 4] for number, who in enumerate(CROWD)})


def draft(database: Database, plan: CampaignPlan = PLAN) -> None:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", plan)


def preview(
    database: Database, *, size: int = 10, seed: int = 0, etag: str | None = None,
    language: Language = Language.ENGLISH,
) -> Preview:  # fmt: skip
    with database.writing() as transaction:
        return dry_run.preview(transaction, make_cause(), "spring", size=size, seed=seed, etag=etag, language=language)


def contents(database: Database) -> dict[str, str]:
    with database.reading() as snapshot:
        tables = snapshot.scalars(text(EVERY_TABLE)).all()
        return {table: snapshot.scalars(text(DIGEST.format(table))).one() for table in tables}


def test_every_step_says_how_many_fall(shop: Database) -> None:
    draft(shop, make_plan(offers=PLAN.offers, rule=Compare("expected_spend", Operator.LESS_THAN, 5000)))

    shown = preview(shop)

    assert shown.customers == 410
    assert [(fall.reason, fall.count, fall.left) for fall in shown.falls] == [
        ("NO_TIER", 10, 400), ("TIER_WITHOUT_OFFER", 100, 300), ("RULE", 100, 200), ("NO_CONSENT", 100, 100),
    ]  # fmt: skip
    assert [(each.tier, each.channel, each.count) for each in shown.reached] == [("MID", "EMAIL", 100)]


def test_the_launch_reaches_exactly_whom_the_preview_counts(shop: Database) -> None:
    draft(shop)
    shown = preview(shop)
    with shop.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")

    launch_campaign(shop, PLAN)

    with shop.reading() as snapshot:
        frozen = snapshot.execute(text("SELECT tier, channel, arm FROM audiences")).all()
    assert {(each.tier, each.channel): each.count for each in shown.reached} == Counter(
        (tier, channel) for tier, channel, _ in frozen
    )
    assert shown.audience == len(frozen) == 200
    assert shown.groups == {HOLDOUT: 40, "plain": 80, "bold": 80}


def test_a_preview_writes_a_line_of_audit_and_nothing_else(shop: Database) -> None:
    draft(shop)
    before = contents(shop)

    shown = preview(shop)

    after = contents(shop)
    assert {table for table in before if before[table] != after[table]} == {"audit_log"}
    with shop.reading() as snapshot:
        line = snapshot.execute(text("SELECT * FROM audit_log ORDER BY audit_id DESC LIMIT 1")).mappings().one()
    total = shown.outlook.forecast.total
    assert (line["action"], line["object_name"], line["outcome"]) == (
        "campaigns.preview",
        "campaigns/spring",
        "DRY_RUN",
    )
    assert line["after"] == {
        "etag": "1", "audience": 200, "redemptions": round(total.redemptions.value),
        "cost_minor": round(total.discounts.value), "revenue_minor": round(total.revenue.value),
    }  # fmt: skip


def test_a_series_is_foretold_as_its_next_occurrence(shop: Database) -> None:
    daily = Recurrence(cron="0 9 * * *", days=3)
    begins = (NOW + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    draft(shop, replace(PLAN, start_time=NOW, end_time=NOW + timedelta(days=60), recurrence=daily))
    series = preview(shop).outlook
    with shop.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")

    draft(shop, replace(PLAN, start_time=begins, end_time=begins + timedelta(days=3)))

    assert series.days == 3
    assert series.forecast == preview(shop).outlook.forecast


def test_the_forecast_is_what_the_scores_say_of_those_who_are_not_held_out(shop: Database) -> None:
    """Scores say 0.1, 0.2 and 0.3 within 30, 60 and 90 days; nobody ordered yet, so an order is what buyers spend."""
    draft(shop, make_plan(offers=PLAN.offers, holdout_percent=20, arms=PLAN.arms, end_time=NOW + timedelta(days=60)))

    high, mid = preview(shop).outlook.forecast.tiers

    assert high.redemptions.value == pytest.approx(100 * 0.8 * 0.2 * 0.3)
    assert mid.redemptions.value == pytest.approx(100 * 0.8 * 0.2 * 0.3)
    assert high.discounts.value == pytest.approx(high.redemptions.value * (0.1 + 0.3) / 2 * 30_000)
    assert mid.discounts.value == pytest.approx(mid.redemptions.value * 300)
    assert high.revenue.value == pytest.approx(100 * 0.8 * 9000 * 0.2 / 0.3 * 0.1)


def test_limits_bound_the_forecast_and_the_liability(shop: Database) -> None:
    fixed = (replace(TEN_PERCENT, discount=Discount(reward=Fixed(amount_minor=500))), MAIL)
    draft(shop, make_plan(offers=fixed, redemption_limit=1))

    shown = preview(shop)

    total = shown.outlook.forecast.total
    assert total.redemptions.high == total.redemptions.value == 1
    assert (shown.most_minor, shown.affordable.liability.expected_minor) == (500, 500)


def test_what_nothing_bounds_has_no_most(shop: Database) -> None:
    draft(shop, make_plan(offers=PLAN.offers))

    assert preview(shop).most_minor is None


def test_a_preview_reckons_the_liability_as_the_launch_and_the_budget_do(shop: Database) -> None:
    draft(shop, make_plan(offers=PLAN.offers))
    shown = preview(shop)
    with shop.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    launch_campaign(shop, make_plan(offers=PLAN.offers))

    with shop.reading() as snapshot:
        owed = budgeting.standing(snapshot, "spring", NOW).liability

    assert shown.affordable.liability == owed
    within = owed.within(0.8)
    assert 0 < within.low < owed.expected_minor < within.high


def test_a_preview_says_how_many_the_budget_leaves_out_and_foretells_of_the_others(shop: Database) -> None:
    plan = make_plan(offers=PLAN.offers, holdout_percent=20, budget=Budget(limit_minor=60_000, confidence=0.9))
    draft(shop, plan)
    shown = preview(shop)
    with shop.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    launch_campaign(shop, plan)

    (frozen,) = counts(shop, "audiences")
    assert 20 < shown.over_budget < 180
    assert shown.over_budget == pytest.approx(shown.audience - frozen, abs=20)
    assert sum(shown.groups.values()) == pytest.approx(200 - shown.over_budget, abs=1)
    assert shown.affordable.overspend == pytest.approx(0.1, abs=0.001)
    assert shown.most_minor == 60_000
    assert shown.outlook.forecast.total.redemptions.raw == pytest.approx(0.03 * sum(shown.groups.values()) * 0.8)


def test_what_nobody_knows_the_price_of_is_said(shop: Database) -> None:
    gift = TierDiscount(Tier.HIGH, Discount(reward=Gift(item_id="A1")))
    shipping = TierDiscount(Tier.MID, Discount(reward=FreeShipping()))
    draft(shop, make_plan(offers=PLAN.offers, arms=(ArmPlan(name="gift", discounts=(gift, shipping)),)))

    unknown = preview(shop).outlook
    with shop.writing() as transaction:
        transaction.execute(text("INSERT INTO items (item_id, unit_price_minor, currency) VALUES ('A1', 450, 'GBP')"))
    known = preview(shop).outlook

    assert unknown.forecast.total.discounts.value == 0
    assert [note.sentence() for note in unknown.notes] == [
        "the gift A1 has no price in the catalogue: it counts as nothing",
        "what shipping costs is not known: without a maximum it counts as nothing",
    ]
    assert unknown.notes[0].sentence(Language.CHINESE) == "赠品 A1 在商品目录中没有价格，按零计算"
    (high, mid), notes = known.forecast.tiers, known.notes
    assert high.discounts.value == pytest.approx(high.redemptions.value * 450)
    assert (mid.discounts.value, notes) == (0, unknown.notes[1:])


def test_what_depends_on_orders_in_another_currency_is_said(shop: Database) -> None:
    draft(shop, make_plan(currency="EUR"))

    revenue, percentage = (note.sentence() for note in preview(shop).outlook.notes)

    assert revenue == "scores are in GBP: revenue in EUR is not foretold"
    assert percentage.startswith("orders are foretold in GBP, not in EUR: what a percentage takes off is not known")


@pytest.mark.parametrize("bought", [False, True])
def test_coupons_that_cannot_be_used_are_said(shop: Database, bought: bool) -> None:  # noqa: FBT001 - a row of the table
    welcome = Discount(reward=Percent(percent=10), first_order_only=True)
    draft(shop, make_plan(offers=(Offer(tier=Tier.HIGH, discount=welcome, channel=Channel.ON_SITE),)))
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET has_bought = :bought"), {"bought": bought})

    shown = preview(shop)

    said = f"{shown.audience} customers of HIGH have bought before and cannot use a coupon for a first order"
    assert [note.sentence().partition(":")[0] for note in shown.outlook.notes] == [said] * bought


def test_what_results_could_show_is_told_for_every_arm(shop: Database) -> None:
    draft(shop)

    found = preview(shop).outlook.sensitivities

    assert {(each.arm, each.metric) for each in found} == {
        (arm, metric) for arm in ("plain", "bold") for metric in (Metric.CONVERSION, Metric.REVENUE)
    }
    assert all(each.smallest.per_customer > 0 for each in found)
    with shop.reading() as snapshot:
        assert sensitivity(snapshot, "spring", NOW, lift=LIFT) == found


def test_where_the_margin_is_known_it_is_told_of_margin_too(shop: Database) -> None:
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET spend_90 = 1000 * (hashtext(customer_id) & 3)"))
    draft(shop, replace(PLAN, margin_percent=40))

    found = {(each.arm, each.metric): each for each in preview(shop).outlook.sensitivities}

    revenue, margin = found["bold", Metric.REVENUE], found["bold", Metric.MARGIN]
    assert margin.smallest.per_customer == pytest.approx(0.4 * revenue.smallest.per_customer)
    assert margin.smallest.relative == pytest.approx(revenue.smallest.relative)
    assert margin.needed == revenue.needed


def test_examples_show_every_treatment_with_what_they_get_and_why(shop: Database) -> None:
    draft(shop)

    shown = preview(shop, size=6, seed=1).examples

    assert {(each.tier, each.arm) for each in shown} == {
        (tier, arm) for tier in (Tier.HIGH, Tier.MID) for arm in ("plain", "bold", HOLDOUT)
    }
    for each in shown:
        assert each.arm == group_of(PLAN.design, campaign_id="spring", customer_id=each.customer_id)
        offers = {offer.tier: offer.discount for offer in PLAN.offers_in(each.arm)}
        assert each.discount == (None if each.arm == HOLDOUT else offers[each.tier])
    bold = next(each for each in shown if (each.tier, each.arm) == (Tier.HIGH, "bold"))
    assert bold.reasons == (
        "tier HIGH by scheme 1: is expected to spend at least 50.00 GBP within 90 days: it is 90.00 GBP",
        "on the site, which needs no consent",
        "in the arm bold by the draw",
    )
    assert shown != preview(shop, size=6, seed=2).examples
    few = preview(shop, size=3, seed=1).examples
    assert ([each.tier for each in few], HOLDOUT in {each.arm for each in few[:2]}) == (
        [Tier.HIGH, Tier.MID, Tier.HIGH],
        False,
    )


def test_an_example_is_told_in_the_language_of_the_reader(shop: Database) -> None:
    draft(shop, make_plan(rule=Compare("expected_spend", Operator.MORE_THAN, 8000)))

    (example,) = preview(shop, size=1, language=Language.CHINESE).examples

    assert example.reasons == (
        "按方案 1 属于 HIGH 层级：90天预期消费额至少50.00 GBP：实际为90.00 GBP",
        "90天预期消费额超过80.00 GBP：实际为90.00 GBP",
        "在站内，无需同意",
        "抽入实验组 offer",
    )


def test_an_example_says_which_conditions_it_fits_in_the_money_of_the_shop(shop: Database) -> None:
    draft(shop, make_plan(currency="JPY", rule=Compare("expected_spend", Operator.MORE_THAN, 8000)))

    (example,) = preview(shop, size=1).examples

    assert "is expected to spend more than 80.00 GBP within 90 days: it is 90.00 GBP" in example.reasons


def test_a_preview_of_nobody_is_empty(database: Database) -> None:
    draft(database)

    shown = preview(database)

    assert (shown.customers, shown.audience, shown.examples, shown.outlook.sensitivities) == (0, 0, (), ())
    assert shown.outlook.forecast.total.discounts.value == 0


def test_what_cannot_be_previewed_is_refused_and_leaves_no_line(shop: Database) -> None:
    with pytest.raises(CampaignNotFound):
        preview(shop)
    draft(shop, make_plan(offers=()))
    before = counts(shop, "audit_log")
    with pytest.raises(InvalidCampaign, match="nobody is reached"):
        preview(shop)
    with pytest.raises(CampaignChanged):
        preview(shop, etag="2")
    with shop.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    launch_campaign(shop, PLAN)
    with pytest.raises(CampaignLaunched):
        preview(shop)
    assert counts(shop, "audit_log") > before
