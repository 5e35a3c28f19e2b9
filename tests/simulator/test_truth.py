"""The truth is true: what is computed from the hidden state is what then happens, within the error of chance."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from simulated_shop import SimulatedShop, simulated_shop

from events.event import EventType
from simulator.behaviour import LAPSED
from simulator.catalogue import stock
from simulator.journeys import walk
from simulator.shop import Shop
from simulator.traits import draw
from simulator.truth import outlook

WIDTH = 4.0
"""Standard errors; the seeds are fixed, so a failure is a change of the laws and not bad luck."""


@pytest.fixture(scope="module")
def simulated() -> SimulatedShop:
    return simulated_shop()


def given_arm(simulated: SimulatedShop) -> pl.DataFrame:
    """Outcomes with `expected`, the probability for the arm of the trial that the customer is in."""
    expected = pl.when("in_trial").then("purchase_probability_with_coupon").otherwise("purchase_probability")
    return simulated.outcomes().with_columns(expected=expected)


def deviation(realised: pl.Series, expected: pl.Series) -> float:
    """Mean difference in standard errors of the mean."""
    difference = (realised - expected).to_numpy()
    return float(difference.mean() / (difference.std() / np.sqrt(len(difference))))


@pytest.mark.parametrize("decile", range(10))
def test_purchase_probability_is_calibrated_in_each_decile(simulated: SimulatedShop, decile: int) -> None:
    ranked = given_arm(simulated).sort("expected", "customer_id")
    part = ranked.slice(decile * len(ranked) // 10, len(ranked) // 10)
    expected, bought = part["expected"].to_numpy(), part["bought"].to_numpy()
    error = np.sqrt((expected * (1 - expected)).sum()) / len(part)
    assert abs(bought.mean() - expected.mean()) <= WIDTH * error + 1e-9


def test_the_trial_measures_the_true_uplift(simulated: SimulatedShop) -> None:
    outcomes = given_arm(simulated)
    treated, control = (outcomes.filter(pl.col("in_trial") == arm)["bought"].to_numpy() for arm in (True, False))
    measured = treated.mean() - control.mean()
    error = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    uplift = outcomes["uplift"].to_numpy().mean()
    assert abs(measured - uplift) < 2 * error
    assert measured > 3 * error


def test_the_coupon_works_more_on_the_price_sensitive_and_puts_some_off(simulated: SimulatedShop) -> None:
    here = simulated.truth.filter(~pl.col("lapsed"))
    sensitive = here.filter(pl.col("price_sensitivity") > 0.6)["uplift"].to_numpy().mean()
    indifferent = here.filter(pl.col("price_sensitivity") < 0.2)["uplift"].to_numpy().mean()
    assert sensitive > 2 * indifferent > 0
    assert 0.01 < (here["uplift"] < -0.001).mean() < 0.1  # type: ignore[operator] # never empty


def test_shorter_horizons_are_calibrated_too(simulated: SimulatedShop) -> None:
    control = simulated.truth.filter(~pl.col("in_trial"))
    purchases = simulated.future.filter(pl.col("event_type") == EventType.PURCHASE)
    for days, column in ((30, "purchase_probability_30"), (60, "purchase_probability_60")):
        early = purchases.filter(pl.col("time") < simulated.shop.as_of + pl.duration(days=days))
        bought = control["customer_id"].is_in(early["customer_id"].implode()).cast(pl.Float64)
        assert abs(deviation(bought, control[column])) < WIDTH


def test_expected_orders_and_spend_are_those_of_the_untreated(simulated: SimulatedShop) -> None:
    control = simulated.outcomes().filter(~pl.col("in_trial"))
    assert abs(deviation(control["orders"], control["expected_orders"])) < WIDTH
    assert abs(deviation(control["spend"], control["expected_spend_minor"])) < WIDTH
    top = control.filter(pl.col("expected_spend_minor") > control["expected_spend_minor"].quantile(0.8))
    assert abs(deviation(top["spend"], top["expected_spend_minor"])) < WIDTH


def test_probabilities_lie_between_zero_and_one_and_grow_with_the_horizon(simulated: SimulatedShop) -> None:
    truth = simulated.truth
    for column in ("purchase_probability_30", "purchase_probability_60", "purchase_probability", "churn_probability"):
        assert truth[column].is_between(0, 1 + 1e-9).all()
    assert (truth["purchase_probability_30"] <= truth["purchase_probability_60"]).all()
    assert (truth["purchase_probability_60"] <= truth["purchase_probability"]).all()
    assert (truth.filter("lapsed")["purchase_probability"] < 1e-9).all()
    assert (truth.filter("lapsed")["churn_probability"] > 1 - 1e-9).all()


def test_churn_probability_is_that_of_the_state_at_the_end_of_the_window() -> None:
    """The same dice with a cut-off 90 days later walk the same way: the later state is what became of the earlier."""
    shop = Shop(customers=5_000, seed=21, days=180)
    goods, traits = stock(shop), draw(shop, 5_000, np.random.default_rng(1))
    _, now = walk(shop, goods, traits, np.random.default_rng(2))
    _, then = walk(replace(shop, days=270), goods, traits, np.random.default_rng(2))
    left_by_now, left_by_then = now.level == LAPSED, then.level == LAPSED
    expected = outlook(shop, traits, now, coupon_now=False).lapsed
    assert (left_by_then >= left_by_now).all()
    assert left_by_now.mean() + 0.03 < left_by_then.mean()
    error = np.sqrt((expected * (1 - expected)).sum()) / len(expected)
    assert abs(left_by_then.mean() - expected.mean()) < 3 * error
