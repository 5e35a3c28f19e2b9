"""Power and detectable effects against published examples, the t distribution and simulation."""

import math

import numpy as np
import pytest
from made.moments import measured
from scipy import stats

from campaigns.experiments.assignment import Arm, Design
from campaigns.experiments.power import (
    Baseline,
    Criterion,
    Sizes,
    baseline_of_past,
    customers_needed,
    detectable_effect,
    power_for,
    sizes_of,
)
from campaigns.experiments.refusals import InvalidExperiment

ONCE = Criterion(any_time=False)
CONVERSION = Baseline(mean=0.05, standard_deviation=math.sqrt(0.05 * 0.95))
SPEND = Baseline(mean=3.75, standard_deviation=30.0)


@pytest.mark.parametrize(("baseline", "published"), [(CONVERSION, 121_600), (SPEND, 409_600)])
def test_the_examples_of_controlled_experiments_on_the_web(baseline: Baseline, published: int) -> None:
    """Kohavi et al. 2009: a change of 5 % at 80 % power, by the rule 16 s^2 / d^2 customers in each group.

    The rule rounds 2 (1.960 + 0.842)^2 = 15.70 up to 16.
    """
    needed = customers_needed(0.05 * baseline.mean, baseline, holdout=0.5, criterion=ONCE)
    assert needed / 2 == pytest.approx(published * 15.698 / 16, rel=1e-4)


def test_power_agrees_with_the_noncentral_t_distribution() -> None:
    sizes, effect = Sizes(arm=900, holdout=100), 0.3
    baseline = Baseline(mean=1.0, standard_deviation=1.0)
    distance = effect / math.sqrt(1 / 900 + 1 / 100)
    threshold = stats.t.ppf(0.975, 998)
    exact = stats.nct.sf(threshold, 998, distance) + stats.nct.cdf(-threshold, 998, distance)
    assert power_for(effect, baseline, sizes, ONCE) == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("criterion", [ONCE, Criterion(), Criterion(arms=3, power=0.9)])
def test_the_detectable_effect_has_the_power_and_the_size_that_were_asked_for(criterion: Criterion) -> None:
    found = detectable_effect(SPEND, Sizes(arm=90_000, holdout=10_000), criterion)
    assert power_for(found.per_customer, SPEND, Sizes(arm=90_000, holdout=10_000), criterion) == pytest.approx(
        criterion.power, abs=1e-6
    )
    assert customers_needed(found.per_customer, SPEND, holdout=0.1, criterion=criterion) == pytest.approx(
        100_000, abs=1
    )
    assert found.relative == pytest.approx(found.per_customer / 3.75)


def test_a_prediction_saves_the_share_of_customers_that_it_explains() -> None:
    explained = Baseline(mean=3.75, standard_deviation=30.0, correlation=0.6)
    without, with_prediction = (
        customers_needed(0.5, baseline, holdout=0.1, criterion=ONCE) for baseline in (SPEND, explained)
    )
    assert with_prediction / without == pytest.approx(1 - 0.6**2, rel=1e-4)


def test_looking_at_any_time_and_more_arms_cost_customers() -> None:
    sizes = Sizes(arm=9_000, holdout=1_000)
    effects = [
        detectable_effect(SPEND, sizes, criterion).per_customer
        for criterion in (ONCE, Criterion(any_time=False, arms=3), Criterion(), Criterion(arms=3))
    ]
    assert effects == sorted(effects)
    assert effects[2] / effects[0] == pytest.approx((3.035 + 0.842) / (1.960 + 0.842), rel=1e-3)


def test_without_an_effect_the_power_is_the_level() -> None:
    assert power_for(0.0, SPEND, Sizes(arm=10, holdout=10), ONCE) == pytest.approx(0.05)


def test_a_past_in_which_nothing_happened_explains_nothing() -> None:
    assert baseline_of_past(measured(np.zeros(3), np.ones(3))) == Baseline(mean=0.0, standard_deviation=0.0)
    assert detectable_effect(Baseline(mean=0.0, standard_deviation=1.0), Sizes(arm=5, holdout=5), ONCE).relative is None


def test_the_sizes_follow_the_design() -> None:
    design = Design(holdout=0.1, arms=(Arm(name="low"), Arm(name="high", weight=2.0)))
    assert sizes_of(design, 10_000) == {"low": Sizes(arm=3_000, holdout=1_000), "high": Sizes(arm=6_000, holdout=1_000)}


def test_what_cannot_be_planned_is_refused_with_the_field() -> None:
    with pytest.raises(InvalidExperiment, match="effect of zero"):
        customers_needed(0.0, SPEND, holdout=0.1, criterion=ONCE)
    for call in (
        lambda: customers_needed(1.0, SPEND, holdout=0.0, criterion=ONCE),
        lambda: detectable_effect(SPEND, Sizes(arm=10, holdout=0), ONCE),
    ):
        with pytest.raises(InvalidExperiment) as refusal:
            call()
        assert refusal.value.metadata == {"field": "holdout"}
