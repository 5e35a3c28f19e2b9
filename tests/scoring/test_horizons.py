"""Chances of an order within any number of days agree with the network's, rise, and go on as the closed form does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import buying
from scoring.buying import BuyingModel
from scoring.networks.network import HORIZONS
from scoring.predictors.horizons import LONGEST_DAYS, SHORTEST_DAYS, purchase_within
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

MODEL = BuyingModel(r=0.7, alpha=50.0, a=0.6, b=2.5, basket_mean=8.0, basket_weight=2.0)
DAYS = range(SHORTEST_DAYS, LONGEST_DAYS + 1)


def customer(orders: float, age: float, silent: float) -> Floats:
    """[1, F] raw features; nothing is known of somebody who has no order."""
    raw = np.full((1, len(NAMES)), np.nan)
    raw[0, [NAMES.index("orders"), NAMES.index("order_days")]] = orders
    if orders:
        raw[0, [NAMES.index("days_as_buyer"), NAMES.index("days_since_order")]] = age, silent
    return raw


@given(
    orders=st.integers(0, 200),
    age=st.floats(0, 3000),
    silent=st.floats(0, 1),
    hazards=st.tuples(*[st.floats(1e-9, 0.999)] * len(HORIZONS)),
)
def test_it_is_the_networks_at_its_horizons_and_never_falls(
    orders: int, age: float, silent: float, hazards: tuple[float, ...]
) -> None:
    purchase = np.array([1.0 - np.cumprod(1.0 - np.array(hazards))])
    raw = customer(orders, age, silent * age)

    chances = np.array([float(purchase_within(days, purchase, raw, MODEL)[0]) for days in DAYS])

    assert [chances[days - SHORTEST_DAYS] for days in HORIZONS] == pytest.approx(purchase[0].tolist(), abs=1e-9)
    assert (np.diff(chances) >= -1e-12).all()
    assert ((chances > 0) & (chances <= 1)).all()


@pytest.mark.parametrize("days", [7, 45, 180, 365])
def test_where_the_network_says_what_the_closed_form_says_so_do_all_horizons(days: int) -> None:
    repeats, last, age = np.array([4.0]), np.array([300.0]), np.array([340.0])
    purchase = np.array([[float(buying.chance(MODEL, repeats, last, age, each)[0]) for each in HORIZONS]])

    found = purchase_within(days, purchase, customer(5, 340, 40), MODEL)

    assert found == pytest.approx(buying.chance(MODEL, repeats, last, age, days))


def test_who_has_no_order_yet_is_expected_at_one_rate() -> None:
    purchase = np.array([[0.19, 0.271, 0.3439]])

    found = [float(purchase_within(days, purchase, customer(0, 0, 0), MODEL)[0]) for days in (15, 180)]

    assert found == pytest.approx([0.1, 1 - (1 - 0.3439) ** 2])
