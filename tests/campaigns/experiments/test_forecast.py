"""Previews from scores, and how past campaigns correct the next one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.experiments.calibration import Observation, Prior, believed
from campaigns.experiments.forecast import LEVEL, LIFT, REDEMPTION, Forecast, Limits, Prediction, TierAudience, foretell
from campaigns.experiments.hindsight import CampaignOutcome, Outcome, bias, calibration, covered

HIGH = TierAudience(
    tier="HIGH", customers=1_000, expected_buyers=200 / REDEMPTION, expected_spend_minor=200_000 / LIFT,
    discount_minor=800.0,
)  # fmt: skip
LOW = TierAudience(
    tier="LOW", customers=4_000, expected_buyers=40 / REDEMPTION, expected_spend_minor=25_000 / LIFT,
    discount_minor=300.0,
)  # fmt: skip


def outcome(predicted: float, actual: float, *, error: float = 0.0) -> Outcome:
    prediction = Prediction(value=predicted, low=predicted / 2, high=predicted * 2, raw=predicted)
    return Outcome(predicted=prediction, actual=actual, actual_error=error)


def past(factor: float, *, revenue: float = 1.0) -> CampaignOutcome:
    return CampaignOutcome(
        redemptions=outcome(200.0, 200.0 * factor),
        discounts=outcome(160_000.0, 160_000.0 * factor),
        revenue=outcome(200_000.0, 200_000.0 * revenue, error=20_000.0),
    )


def test_a_tier_is_foretold_from_its_scores() -> None:
    (high,) = foretell([HIGH]).tiers
    assert high.redemptions.value == pytest.approx(200.0)
    assert high.discounts.value == pytest.approx(200 * 800)
    assert high.revenue.value == pytest.approx(200_000.0)
    for prediction in (high.redemptions, high.discounts, high.revenue):
        assert prediction.low < prediction.value < prediction.high


def test_the_tiers_add_up() -> None:
    forecast = foretell([HIGH, LOW])
    assert forecast.total.redemptions.value == pytest.approx(240.0)
    assert forecast.total.redemptions.high == pytest.approx(sum(tier.redemptions.high for tier in forecast.tiers))
    assert forecast.total.discounts.value == pytest.approx(sum(tier.discounts.value for tier in forecast.tiers))
    assert [tier.tier for tier in forecast.tiers] == ["HIGH", "LOW"]


def test_limits_divide_what_they_allow_among_the_tiers() -> None:
    forecast = foretell([HIGH, LOW], limits=Limits(redemptions=120))
    assert forecast.total.redemptions.value == pytest.approx(120.0)
    assert forecast.total.redemptions.high == pytest.approx(120.0)
    assert forecast.total.redemptions.raw == pytest.approx(120.0)
    free = foretell([HIGH, LOW])
    for limited, tier in zip(forecast.tiers, free.tiers, strict=True):
        assert limited.revenue.value == pytest.approx(tier.revenue.value / 2)
    assert foretell([HIGH, LOW], limits=Limits(redemptions=10_000)) == free


@given(
    redemptions=st.none() | st.floats(1, 1e6), discounts_minor=st.none() | st.floats(1, 1e9), factor=st.floats(0.2, 5.0)
)
def test_no_forecast_exceeds_a_limit_or_leaves_its_interval(
    redemptions: float | None, discounts_minor: float | None, factor: float
) -> None:
    limits = Limits(redemptions=redemptions, discounts_minor=discounts_minor)
    calibrations = {"HIGH": calibration([past(factor)] * 3)}
    forecast = foretell([HIGH, LOW], calibrations, limits)
    for tier in (*forecast.tiers, forecast.total):
        for prediction in (tier.redemptions, tier.discounts, tier.revenue):
            assert prediction.low <= prediction.value <= prediction.high
    for total, limit in ((forecast.total.redemptions, redemptions), (forecast.total.discounts, discounts_minor)):
        assert total.value <= (math.inf if limit is None else limit * (1 + 1e-9))


def test_an_empty_audience_does_nothing() -> None:
    forecast: Forecast = foretell([])
    assert forecast.total.redemptions == Prediction(value=0, low=0, high=0, raw=0)
    empty = TierAudience(tier="LOW", customers=0, expected_buyers=0.0, expected_spend_minor=0.0, discount_minor=100.0)
    assert foretell([empty]).tiers[0].discounts == Prediction(value=0, low=0, high=0, raw=0)


def test_a_new_shop_s_preview_is_wide() -> None:
    redemptions = foretell([HIGH]).tiers[0].redemptions
    assert redemptions.high / redemptions.value == pytest.approx(redemptions.value / redemptions.low)
    assert redemptions.high / redemptions.value > 2


@pytest.mark.parametrize(("buyers", "none"), [(2.30, True), (2.31, False)])
def test_where_one_campaign_in_ten_sees_no_redemption_the_interval_begins_at_none(
    buyers: float, none: bool,  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    few = TierAudience(
        tier="HIGH", customers=9, expected_buyers=buyers / REDEMPTION, expected_spend_minor=0.0, discount_minor=100.0
    )
    tier = foretell([few]).tiers[0]
    assert (tier.redemptions.low == 0, tier.discounts.low == 0, tier.redemptions.high > 4) == (none, none, True)


def test_past_campaigns_move_the_next_preview_and_narrow_it() -> None:
    before = foretell([HIGH]).tiers[0]
    after = foretell([HIGH], {"HIGH": calibration([past(1.5, revenue=0.5)] * 6)}).tiers[0]
    assert 1.3 < after.redemptions.value / before.redemptions.value < 1.5
    assert 1.3 < after.discounts.value / before.discounts.value < 1.5
    assert 0.5 < after.revenue.value / before.revenue.value < 0.65
    assert after.redemptions.high / after.redemptions.low < before.redemptions.high / before.redemptions.low
    assert after.redemptions.raw == before.redemptions.raw


def test_one_campaign_moves_the_preview_less_than_six() -> None:
    one, six = (calibration([past(2.0)] * count).redemptions.centre for count in (1, 6))
    assert 0 < one < six < math.log(2)


def test_one_odd_campaign_moves_the_preview_half_way_at_most_and_hardly_among_usual_ones() -> None:
    alone = calibration([past(10.0)]).redemptions
    among = calibration([past(1.0)] * 4 + [past(10.0)]).redemptions
    assert alone.centre < math.log(10) / 2
    assert math.exp(among.centre) == pytest.approx(1.35, abs=0.05)
    assert among.centre - among.reach(LEVEL) < 0 < among.centre + among.reach(LEVEL)


def test_other_tiers_keep_their_own_calibration() -> None:
    corrected = foretell([HIGH, LOW], {"HIGH": calibration([past(2.0)] * 3)})
    assert corrected.tiers[1] == foretell([LOW]).tiers[0]


def test_a_campaign_without_redemptions_still_counts() -> None:
    failed = calibration([past(0.0)])
    assert failed.redemptions.centre < -0.5
    assert failed.discounts == calibration([]).discounts


def test_what_was_not_foretold_teaches_nothing() -> None:
    nothing = outcome(0.0, 10.0)
    assert calibration([CampaignOutcome(redemptions=nothing, discounts=nothing, revenue=nothing)]) == calibration([])


@given(errors=st.lists(st.floats(-2, 2), min_size=1, max_size=10), variance=st.floats(1e-4, 10))
def test_the_belief_lies_between_the_prior_and_what_was_seen(errors: list[float], variance: float) -> None:
    seen = [Observation(error=error, variance=variance) for error in errors]
    belief = believed(Prior(centre=0.0, deviation=0.5), seen)
    mean = float(np.mean(errors))
    assert min(0.0, mean) - 1e-9 <= belief.centre <= max(0.0, mean) + 1e-9
    assert belief.deviation < math.sqrt(2) * 0.5 or np.std(errors) > 0.1


def test_intervals_hold_as_often_as_promised() -> None:
    """Shops whose bias and spread follow the prior, 8 past campaigns each: does the interval hold the ninth?"""
    rng = np.random.default_rng(7)
    prior, held = Prior(centre=0.0, deviation=0.5), []
    for _ in range(2_000):
        bias_of_shop, chance = rng.normal(0.0, 0.5), 0.01
        errors = rng.normal(bias_of_shop, 0.5, 9) + rng.normal(0.0, math.sqrt(chance), 9)
        belief = believed(prior, [Observation(error=float(error), variance=chance) for error in errors[:8]])
        held.append(abs(errors[8] - belief.centre) <= belief.reach(LEVEL, chance=chance))
    assert np.mean(held) == pytest.approx(LEVEL, abs=0.03)


def test_an_uncertain_actual_is_given_its_own_error() -> None:
    assert not covered(outcome(100.0, 250.0))
    assert covered(outcome(100.0, 250.0, error=100.0))


def test_bias_is_actual_over_predicted() -> None:
    assert bias([outcome(100.0, 150.0), outcome(300.0, 250.0)]) == 1.0
    assert bias([]) is None
