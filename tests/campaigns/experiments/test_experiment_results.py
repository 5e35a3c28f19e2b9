"""Results of every arm and metric from sums alone, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made.moments import measured

from campaigns.experiments.assignment import Arm, Design
from campaigns.experiments.effect import Interval, compare
from campaigns.experiments.moments import Moments, together
from campaigns.experiments.power import Baseline
from campaigns.experiments.refusals import InvalidExperiment, NothingToCompare
from campaigns.experiments.results import FEWEST_BUYERS, Metric, Plan, check_experiment, results

EVERYTHING = Interval(low=-math.inf, high=math.inf)
DESIGN = Design(holdout=0.2, arms=(Arm(name="low"), Arm(name="high")))
PLAN = Plan(
    design=DESIGN,
    customers=5_000,
    baselines={
        Metric.CONVERSION: Baseline(mean=0.2, standard_deviation=0.4, correlation=0.3),
        Metric.MARGIN: Baseline(mean=400.0, standard_deviation=900.0, correlation=0.3),
    },
)


def outcomes(count: int, *, lift: float, seed: int) -> dict[Metric, Moments]:
    rng = np.random.default_rng(seed)
    probability = rng.beta(1.0, 4.0, count)
    bought = (rng.random(count) < probability * lift).astype(np.float64)
    margin = bought * rng.exponential(2_000.0, count)
    return {Metric.CONVERSION: measured(bought, probability), Metric.MARGIN: measured(margin, probability * 2_000.0)}


SUMS = {
    "holdout": outcomes(1_000, lift=1.0, seed=1),
    "low": outcomes(2_000, lift=1.0, seed=2),
    "high": outcomes(2_000, lift=1.6, seed=3),
}


def test_an_arm_is_compared_with_the_holdout() -> None:
    effect = results(SUMS, PLAN).arms["high"][Metric.CONVERSION]
    arm, holdout = SUMS["high"][Metric.CONVERSION], SUMS["holdout"][Metric.CONVERSION]
    assert (effect.customers, effect.holdout_customers) == (2_000, 1_000)
    assert (effect.mean, effect.holdout_mean) == (arm.mean, holdout.mean)
    assert effect.difference == compare(arm, holdout).difference
    assert effect.total == pytest.approx(2_000 * effect.difference)
    assert effect.any_time.total == effect.any_time.difference.times(2_000)
    assert effect.variance_left < 0.95
    assert effect.difference in effect.at_the_end.difference
    assert effect.at_the_end.difference.low > 0
    assert effect.lift is not None
    assert effect.at_the_end.lift is not None
    assert effect.lift in effect.at_the_end.lift


def test_the_sequence_is_wider_than_the_single_look() -> None:
    for effects in results(SUMS, PLAN).arms.values():
        for effect in effects.values():
            assert effect.any_time.difference.low < effect.at_the_end.difference.low
            assert effect.any_time.difference.high > effect.at_the_end.difference.high
            assert effect.any_time.p_value >= effect.at_the_end.p_value


def test_all_arms_together_are_the_arms_merged() -> None:
    overall = results(SUMS, PLAN).overall[Metric.MARGIN]
    merged = together(SUMS[arm][Metric.MARGIN] for arm in ("low", "high"))
    assert overall.customers == 4_000
    assert overall.difference == compare(merged, SUMS["holdout"][Metric.MARGIN]).difference


def test_arms_are_compared_with_the_first_one_too() -> None:
    rivals = results(SUMS, PLAN).rivals
    effect = rivals["high"][Metric.CONVERSION]
    high, low = SUMS["high"][Metric.CONVERSION], SUMS["low"][Metric.CONVERSION]
    assert list(rivals) == ["high"]
    assert (effect.mean, effect.holdout_mean) == (high.mean, low.mean)
    assert effect.difference == compare(high, low).difference
    assert effect.any_time.difference.low > 0


def test_with_one_arm_the_arm_is_the_whole() -> None:
    plan = replace(PLAN, design=Design(holdout=1 / 3))
    found = results({"holdout": SUMS["holdout"], "offer": SUMS["high"]}, plan)
    assert found.arms == {"offer": found.overall}
    assert found.rivals == {}


def test_more_arms_widen_each_interval_and_raise_each_p_value() -> None:
    alone = results({"holdout": SUMS["holdout"], "offer": SUMS["high"]}, replace(PLAN, design=Design(holdout=1 / 3)))
    one, among = alone.arms["offer"][Metric.MARGIN], results(SUMS, PLAN).arms["high"][Metric.MARGIN]
    assert among.difference == one.difference
    assert among.at_the_end.difference.low < one.at_the_end.difference.low
    assert among.at_the_end.p_value == pytest.approx(2 * one.at_the_end.p_value)


def test_the_sample_ratio_comes_with_the_results() -> None:
    assert not results(SUMS, PLAN).sample_ratio.mismatch
    assert results(SUMS | {"holdout": outcomes(500, lift=1.0, seed=1)}, PLAN).sample_ratio.mismatch


def test_a_day_on_which_nobody_bought_says_nothing() -> None:
    nothing = {metric: measured(np.zeros(100), np.linspace(0.0, 1.0, 100)) for metric in PLAN.baselines}
    effect = results(dict.fromkeys(DESIGN.groups, nothing), PLAN).arms["low"][Metric.MARGIN]
    assert (effect.difference, effect.lift, effect.any_time.lift) == (0.0, None, None)
    assert effect.any_time.p_value == effect.at_the_end.p_value == 1.0
    assert 1e12 in effect.any_time.difference
    assert -1e12 in effect.at_the_end.difference


def buyers(count: int, bought: int) -> dict[Metric, Moments]:
    outcome = np.zeros(count)
    outcome[:bought] = 1.0
    return {Metric.CONVERSION: measured(outcome), Metric.MARGIN: measured(outcome * 2_000.0)}


def test_until_enough_have_bought_in_both_groups_nothing_is_said_of_how_sure_one_is() -> None:
    plan = replace(PLAN, design=Design(holdout=0.1))
    enough, few = (
        results({"offer": buyers(9_000, 600), "holdout": buyers(1_000, bought)}, plan).overall
        for bought in (FEWEST_BUYERS, FEWEST_BUYERS - 1)
    )

    for metric in PLAN.baselines:
        assert few[metric].difference > enough[metric].difference > 0
        assert few[metric].any_time.difference == few[metric].at_the_end.difference == EVERYTHING
        assert (few[metric].any_time.p_value, few[metric].at_the_end.p_value, few[metric].any_time.lift) == (1, 1, None)
        assert enough[metric].at_the_end.difference.low > 0
        assert enough[metric].at_the_end.p_value < enough[metric].any_time.p_value < 0.05


def test_a_small_holdout_in_which_hardly_anybody_buys_gives_no_false_alarm() -> None:
    """Of 300 held out nobody buys in one campaign of five: then the arm alone says how far chance goes."""
    rng = np.random.default_rng(6)
    plan = replace(PLAN, design=Design(holdout=0.1), customers=3_000)

    alarms = 0
    for _ in range(200):
        arm, holdout = (buyers(count, int(rng.binomial(count, 0.005))) for count in (2_700, 300))
        found = results({"offer": arm, "holdout": holdout}, plan).overall[Metric.CONVERSION]
        alarms += found.at_the_end.p_value < plan.alpha or found.any_time.p_value < plan.alpha

    assert alarms == 0


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        ({"holdout": SUMS["holdout"]}, "no outcomes of low, high"),
        (SUMS | {"low": {Metric.MARGIN: SUMS["low"][Metric.MARGIN]}}, "conversion of low"),
        (SUMS | {"holdout": outcomes(1, lift=1.0, seed=1)}, "conversion of holdout is known of fewer than two"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(sums: dict[str, dict[Metric, Moments]], words: str) -> None:
    with pytest.raises(NothingToCompare, match=words):
        results(sums, PLAN)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(PLAN, customers=0), "customers"),
        (replace(PLAN, primary=Metric.REVENUE), "primary"),
        (replace(PLAN, alpha=1.0), "alpha"),
        (replace(PLAN, baselines={Metric.MARGIN: Baseline(mean=0.0, standard_deviation=0.0)}), "baselines"),
        (replace(PLAN, design=Design(holdout=2.0)), "holdout"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan: Plan, field: str) -> None:
    with pytest.raises(InvalidExperiment) as refusal:
        check_experiment(plan)
    assert refusal.value.metadata == {"field": field}
