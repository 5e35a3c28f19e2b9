"""What the statistics promise, on campaigns whose truth is known: 500 A/A, 500 A/B, and a simulated coupon trial."""

import polars as pl
import pytest
from made.moments import measured
from scipy import stats

from bench.experiments import ALPHA, ARM, AUDIENCE, CAMPAIGNS, misses
from bench.several_arms import family_misses
from bench.simulated_campaigns import Cohort, drawn, invented_cohort, shop_cohort
from campaigns.experiments.assignment import Arm, Design
from campaigns.experiments.moments import Moments
from campaigns.experiments.power import baseline_of_past
from campaigns.experiments.results import Metric, Plan, results
from events.event import EventType
from simulator.shop import Shop
from simulator.stream import simulate

MOST = int(stats.binom.ppf(0.9995, CAMPAIGNS, ALPHA))
FEWEST = int(stats.binom.ppf(0.0005, CAMPAIGNS, ALPHA))
"""Misses of 500 intervals with a level of 5 %, all but one time in a thousand."""


@pytest.fixture(scope="module")
def invented() -> tuple[Cohort, Cohort]:
    """A shop with heavy-tailed spending, without a campaign and with one that brings a quarter more orders."""
    plain, lifted = (invented_cohort(60_000, effect=effect, seed=11) for effect in (0.0, 0.25))
    return plain, lifted


def test_false_positives_of_500_aa_campaigns_stay_at_the_level(invented: tuple[Cohort, Cohort]) -> None:
    rates = misses(drawn(invented[0], {ARM: invented[0]}, CAMPAIGNS, customers=AUDIENCE, seed=21))
    assert rates.campaigns == 500
    assert FEWEST <= rates.at_the_end * CAMPAIGNS <= MOST
    assert rates.any_time <= ALPHA
    assert rates.peeked > 4 * ALPHA


def test_intervals_of_500_ab_campaigns_cover_the_truth(invented: tuple[Cohort, Cohort]) -> None:
    rates = misses(drawn(invented[0], {ARM: invented[1]}, CAMPAIGNS, customers=AUDIENCE, seed=22))
    assert FEWEST <= rates.at_the_end * CAMPAIGNS <= MOST
    assert rates.any_time <= ALPHA
    assert rates.found_any_time > 0.4
    assert rates.variance_left < 0.9


def test_several_arms_together_keep_the_level_that_one_keeps(invented: tuple[Cohort, Cohort]) -> None:
    """Two arms of three change nothing: none of them may look as if it did in more than 5 % of the campaigns."""
    plain, lifted = invented
    arms = {"idle": plain, "again": plain, "better": lifted}
    found = family_misses(drawn(plain, arms, 150, customers=AUDIENCE, seed=24), alpha=ALPHA)
    most = stats.binom.ppf(0.9995, 150, ALPHA)
    assert found.false_alarm_at_the_end * 150 <= most
    assert found.any_missed * 150 <= most
    assert all(rate * 150 <= stats.binom.ppf(0.9995, 150, ALPHA / 3) for rate in found.missed.values())
    assert max(found.false_alarm_any_day, found.any_missed_any_day) <= ALPHA
    assert found.found["better"] > 0.2 > found.found["idle"]


def test_campaigns_in_the_simulated_shop_keep_the_level_too() -> None:
    shops = [Shop(customers=3_000, seed=31, days=180, trial_share=share) for share in (0.0, 1.0)]
    plain, lifted = (shop_cohort(shop, conversion=True) for shop in shops)
    for coupon, found in ((plain, 0.0), (lifted, 1.0)):
        rates = misses(drawn(plain, {ARM: coupon}, 200, customers=5_000, seed=23))
        assert rates.at_the_end * 200 <= stats.binom.ppf(0.9995, 200, ALPHA)
        assert rates.any_time <= ALPHA
        assert rates.found_any_time == pytest.approx(found, abs=ALPHA)


def test_the_effect_of_the_simulated_coupon_is_recovered() -> None:
    """The trial gives half of the customers a coupon at `as_of`; the truth says what that adds to conversion."""
    shop = Shop(customers=6_000, seed=41, days=365, trial_share=0.5)
    blocks = list(simulate(shop))
    truth = pl.concat(block.truth for block in blocks)
    buyers = pl.concat(block.future for block in blocks).filter(pl.col("event_type") == EventType.PURCHASE)
    truth = truth.with_columns(bought=pl.col("customer_id").is_in(buyers["customer_id"].unique().implode()))
    plan = Plan(
        design=Design(holdout=0.5, arms=(Arm(name="coupon"),)),
        customers=shop.customers,
        baselines={Metric.CONVERSION: baseline_of_past(_sums(truth))},
        primary=Metric.CONVERSION,
    )
    sums = {
        group: {Metric.CONVERSION: _sums(truth.filter(pl.col("in_trial") == (group == "coupon")))}
        for group in plan.design.groups
    }
    found = results(sums, plan)
    effect = found.arms["coupon"][Metric.CONVERSION]
    true = truth["uplift"].to_numpy().mean()
    assert not found.sample_ratio.mismatch
    assert true in effect.at_the_end.difference
    assert true in effect.any_time.difference
    assert effect.any_time.difference.low > 0
    assert effect.variance_left < 0.7


def _sums(members: pl.DataFrame) -> Moments:
    return measured(members["bought"].cast(pl.Float64).to_numpy(), members["purchase_probability"].to_numpy())
