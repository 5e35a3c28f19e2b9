"""What a plan could show, while it is written."""

import math
from dataclasses import replace

import pytest
from made.campaigns import NOW, add_customers, create_campaign, make_plan, store_scores
from sqlalchemy import text

from campaigns.audiences import audience
from campaigns.experiments.power import Baseline
from campaigns.experiments.results import Metric
from campaigns.forecast import power_ahead, sensitivity
from campaigns.forecast.outlook import baselines
from campaigns.life import campaigns
from database.audiences import eligibility
from database.audiences.eligibility import Drawn
from database.forecast.prospects import Prospects
from database.session import Database


@pytest.fixture
def crowd(database: Database) -> Database:
    """Forty customers in HIGH, and ten in LOW who get nothing."""
    customers = [f"c{number:02}" for number in range(50)]
    add_customers(database, customers)
    store_scores(database, {name: 9000 if place < 40 else 10 for place, name in enumerate(customers)})
    create_campaign(database, holdout_percent=20)
    return database


def test_it_says_what_the_saved_plan_says(crowd: Database) -> None:
    with crowd.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
        ahead = power_ahead.power_ahead(snapshot, campaign, NOW, percents=[20])
        saved = sensitivity.sensitivity(snapshot, "spring", NOW, lift=0.1)

    (holdout,) = ahead.holdouts
    assert (ahead.customers, ahead.sampled_share, holdout.held_out) == (40, 1.0, 8)
    assert holdout.smallest == {each.metric: each.smallest for each in saved}


def test_the_week_after_the_end_is_counted_too_and_a_silent_past_is_not_believed() -> None:
    """38 days and 7 are half of the 90 that scores and past tell of."""
    half = Prospects(
        tier="HIGH", channel="ON_SITE", exclusion=None, count=100, new_count=0, buyers=20.0, counted_buyers=25.0,
        counted_squared=6.25, new_buyers=0.0, spend_minor=100_000.0, new_spend_minor=0.0, buyers_90=50.0,
        past_spend_minor=90_000.0, past_spend_squared=9e8,
    )  # fmt: skip
    silent = replace(half, past_spend_minor=0.0, past_spend_squared=0.0)

    usual, foretold = (baselines(make_plan(), [each], 38.0) for each in (half, silent))

    assert usual[Metric.CONVERSION] == Baseline(mean=0.25, standard_deviation=math.sqrt(0.25 * 0.75))
    assert usual[Metric.REVENUE] == Baseline(mean=450.0, standard_deviation=math.sqrt(9e6 - 900**2) * math.sqrt(0.5))
    scored = 500 * math.sqrt(2 / (1 - math.sqrt(0.5)) - 1)
    assert foretold[Metric.REVENUE].mean == 500
    assert foretold[Metric.REVENUE].standard_deviation == pytest.approx(scored)


def test_more_held_out_means_smaller_effects_up_to_half(crowd: Database) -> None:
    with crowd.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
        limited = replace(campaign, plan=replace(campaign.plan, audience_limit=10))
        ahead = power_ahead.power_ahead(snapshot, campaign, NOW, percents=[5, 10, 50])
        few = power_ahead.power_ahead(snapshot, limited, NOW, percents=[1])
        nobody = power_ahead.power_ahead(
            snapshot, replace(campaign, plan=replace(campaign.plan, offers=())), NOW, percents=[10]
        )

    effects = [each.smallest[Metric.CONVERSION].per_customer for each in ahead.holdouts]
    assert effects == sorted(effects, reverse=True)
    assert (few.customers, few.holdouts[0].smallest) == (10, {})
    assert (nobody.customers, nobody.holdouts[0].smallest) == (0, {})


def test_revenue_in_another_currency_is_not_told(crowd: Database) -> None:
    with crowd.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET spend_90 = 1000 * (hashtext(customer_id) & 3)"))
    with crowd.reading() as snapshot:
        pounds = campaigns.get(snapshot, "spring")
        yen = replace(pounds, plan=replace(pounds.plan, currency="JPY"))
        told = [
            power_ahead.power_ahead(snapshot, each, NOW, percents=[20]).holdouts[0].smallest for each in (pounds, yen)
        ]
    create_campaign(crowd, "yen", holdout_percent=20, currency="JPY")
    with crowd.reading() as snapshot:
        saved = sensitivity.sensitivity(snapshot, "yen", NOW, lift=0.1)

    assert [set(each) for each in told] == [{Metric.CONVERSION, Metric.REVENUE}, {Metric.CONVERSION}]
    assert [each.metric for each in saved] == [Metric.CONVERSION]


def test_pages_that_are_all_drawn_hold_everybody(crowd: Database) -> None:
    with crowd.reading() as snapshot:
        everybody = audience.targeting(campaigns.get(snapshot, "spring"), NOW)
        drawn = replace(everybody, drawn=Drawn(1.0, 0, by_page=True))

        assert eligibility.reach(snapshot, drawn) == eligibility.reach(snapshot, everybody) != []
