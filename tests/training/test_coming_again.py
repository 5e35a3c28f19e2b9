"""Who comes often is learned from windows with an order."""

from dataclasses import replace

import numpy as np
import pytest
from made.histories import random_shop
from networks.small_training import course, prepared

from training.material.examples import Examples
from training.predictors.further_orders import FEWEST, fit_further_orders

SIZE = 4000


@pytest.fixture(scope="module")
def examples() -> Examples:
    """Of whom the first feature says how many orders follow the first, where there is one."""
    made = prepared(course(random_shop(240, seed=5))).examples
    random = np.random.default_rng(3)
    places = random.integers(0, len(made.pairs), SIZE)
    tabular = np.zeros((SIZE, made.tabular.shape[1]), np.float32)
    tabular[:, 0] = random.normal(size=SIZE)
    orders = (1.0 + random.poisson(np.exp(0.5 * tabular[:, 0] - 0.3))) * (random.random(SIZE) < 0.5)
    labels = replace(
        made.labels, interval=made.labels.interval[places], spend=made.labels.spend[places],
        silent=made.labels.silent[places], orders=orders,
    )  # fmt: skip
    return replace(made, pairs=made.pairs.some(places), tabular=tabular, labels=labels, weight=np.ones(SIZE))


def test_what_a_feature_says_of_further_orders_is_found(examples: Examples) -> None:
    found = fit_further_orders(examples)

    assert found is not None
    assert found.weights[0] == pytest.approx(0.47, abs=0.06)
    assert found.bias == pytest.approx(-0.3, abs=0.1)
    assert (found.weights[1:] == 0).all()


def test_too_few_orders_and_a_shop_where_nobody_comes_twice_leave_it_to_the_closed_form(examples: Examples) -> None:
    few, once = examples.labels.orders.copy(), np.minimum(examples.labels.orders, 1.0)
    few[np.flatnonzero(few)[FEWEST - 1 :]] = 0.0

    for orders in (few, once):
        assert fit_further_orders(replace(examples, labels=replace(examples.labels, orders=orders))) is None


def test_more_than_an_order_a_day_teaches_no_more(examples: Examples) -> None:
    daily, robot = examples.labels.orders.copy(), examples.labels.orders.copy()
    place = np.flatnonzero(daily)[0]
    daily[place], robot[place] = 91.0, 100_000.0
    taught = [
        fit_further_orders(replace(examples, labels=replace(examples.labels, orders=orders)))
        for orders in (daily, robot)
    ]

    assert taught[0] is not None
    assert taught[1] is not None
    assert taught[0].weights.tolist() == taught[1].weights.tolist()
