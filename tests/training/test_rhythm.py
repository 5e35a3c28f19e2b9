"""The closed form of buying says what its story says: integrated by hand, and refitted to customers who live by it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from scoring.buying import UNFITTED, BuyingModel, alive, orders_given_one
from scoring.seen.feature_registry import NAMES
from training.rhythm import fit_buying, log_likelihood, most_likely

CDNOW = BuyingModel(r=0.243, alpha=4.414, a=0.793, b=2.426, basket_mean=0.0, basket_weight=1.0)
"""As published for its sample, in weeks (Fader, Hardie and Lee 2005, table 2)."""
SAMPLE = Path(__file__).with_name("cdnow_sample.csv")
PARAMETERS = np.array([CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b])


def stories(repeats: int, last: float, age: float) -> tuple[float, float]:
    """Likelihood of having stayed to the end, and of having left after the last order, over all customers there are."""
    rates, leaving = gamma(CDNOW.r, scale=1 / CDNOW.alpha), beta(CDNOW.a, CDNOW.b)

    def over_rates(until: float) -> float:
        # In log rates, for the density has a pole at 0; and from both sides of the peak.
        peak = np.log((repeats + CDNOW.r) / (CDNOW.alpha + until))
        return float(sum(
            quad(lambda z: np.exp(z * (repeats + 1) - np.exp(z) * until) * rates.pdf(np.exp(z)), *ends, limit=400)[0]
            for ends in ((peak - 150, peak - 5), (peak - 5, peak), (peak, peak + 5))
        ))  # fmt: skip

    stays = leaving.expect(lambda p: (1 - p) ** repeats) * over_rates(age)
    if repeats == 0:
        return stays, 0.0
    return stays, leaving.expect(lambda p: p * (1 - p) ** (repeats - 1)) * over_rates(last)


@pytest.mark.parametrize(
    ("repeats", "last", "age"), [(0, 0.0, 38.86), (1, 1.71, 38.86), (2, 30.43, 38.86), (9, 20, 30)]
)
def test_the_closed_form_is_the_story_integrated(repeats: int, last: float, age: float) -> None:
    stays, left = stories(repeats, last, age)
    customer = [np.array([value], dtype=np.float64) for value in (repeats, last, age)]

    assert log_likelihood(PARAMETERS, *customer)[0] == pytest.approx(np.log(stays + left), rel=1e-6)
    assert alive(CDNOW, *customer)[0] == pytest.approx(stays / (stays + left), rel=1e-6)


@pytest.mark.parametrize(
    ("repeats", "age", "days"), [(0.0, 0.0, 90.0), (0.0, 40.0, 7.0), (3.0, 200.0, 90.0), (60.0, 300.0, 365.0)]
)
def test_orders_given_one_are_those_of_the_rates_that_there_are(repeats: float, age: float, days: float) -> None:
    model = BuyingModel(r=0.7, alpha=50.0, a=0.6, b=2.5, basket_mean=8.0, basket_weight=2.0)
    rates, leaving = gamma(model.r + repeats, scale=1 / (model.alpha + age)), model.a / (model.a + model.b + repeats)
    orders = rates.expect(lambda rate: -np.expm1(-rate * leaving * days) / leaving)
    chance = rates.expect(lambda rate: -np.expm1(-rate * days))

    found = orders_given_one(model, np.array([repeats]), np.array([age]), days)

    assert found[0] == pytest.approx(orders / chance, rel=1e-6)


def lives(customers: int) -> np.ndarray:
    """[C, F] raw features of customers who order and leave by these parameters, in days of which a week has one."""
    random = np.random.default_rng(6)
    raw = np.full((customers, len(NAMES)), np.nan)
    for place in range(customers):
        age, rate, leaving = (
            random.uniform(27, 39),
            random.gamma(CDNOW.r, 1 / CDNOW.alpha),
            random.beta(CDNOW.a, CDNOW.b),
        )
        orders, last, time = 1, 0.0, random.exponential(1 / max(rate, 1e-12))
        while time < age:
            orders, last = orders + 1, time
            time = np.inf if random.random() < leaving else time + random.exponential(1 / rate)
        places = [NAMES.index(each) for each in ("orders", "order_days", "days_as_buyer", "days_since_order")]
        raw[place, places] = orders, orders, age, age - last
    raw[:, NAMES.index("mean_basket")] = 3000.0
    return raw


def test_customers_who_live_by_parameters_give_them_back() -> None:
    raw = lives(6000)
    fitted = fit_buying(raw)
    orders, age, silent = (raw[:, NAMES.index(name)] for name in ("orders", "days_as_buyer", "days_since_order"))
    found, true = (
        log_likelihood(np.array(parameters), orders - 1, age - silent, age).sum()
        for parameters in ((fitted.r, fitted.alpha, fitted.a, fitted.b), PARAMETERS)
    )

    assert found > true - 1
    assert (fitted.r, fitted.alpha) == pytest.approx((CDNOW.r, CDNOW.alpha), rel=0.2)
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(CDNOW.a / (CDNOW.a + CDNOW.b), rel=0.15)


def test_the_sample_that_the_paper_fitted_has_the_papers_parameters() -> None:
    """2,357 customers of CDNOW in weeks: equal customers share a row of the file (data of P. Fader and B. Hardie)."""
    sample = pl.read_csv(SAMPLE)
    repeats, last, age = (
        np.repeat(sample[name].to_numpy(), sample["customers"]).astype(np.float64)
        for name in ("repeats", "last", "age")
    )

    found = most_likely(repeats, last, age, shrinkage=0)

    assert len(age) == 2357
    assert found == pytest.approx(PARAMETERS, abs=0.001)
    assert log_likelihood(found, repeats, last, age).sum() == pytest.approx(-9582.4, abs=0.05)


def test_too_few_buyers_leave_the_priors_rhythm_and_tell_what_a_basket_is() -> None:
    raw = lives(20)
    basket = raw[:, NAMES.index("mean_basket")]

    assert fit_buying(raw) == replace(UNFITTED, basket_mean=np.log1p(basket).mean())
    assert fit_buying(raw[:0]) == UNFITTED
