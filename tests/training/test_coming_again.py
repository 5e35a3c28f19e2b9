"""Who comes often is learned from windows with an order."""

from dataclasses import replace

import numpy as np
import pytest
from made.histories import random_shop
from networks.small_training import course, prepared

from scoring.predictors.further_orders import closed_forms
from scoring.seen.actions import Floats
from scoring.seen.features import raw_features
from training.material.preparation import Prepared
from training.predictors.further_orders import FEWEST, fit_further_orders

SIZE = 4000


@pytest.fixture(scope="module")
def shop() -> Prepared:
    """Of whom the first feature says how many orders follow the first, where there is one."""
    whole = prepared(course(random_shop(240, seed=5)))
    made, random = whole.examples, np.random.default_rng(3)
    places = random.integers(0, len(made.pairs), SIZE)
    tabular = np.zeros((SIZE, made.tabular.shape[1]), np.float32)
    tabular[:, 0] = random.normal(size=SIZE)
    orders = (1.0 + random.poisson(np.exp(0.5 * tabular[:, 0] - 0.3))) * (random.random(SIZE) < 0.5)
    labels = replace(
        made.labels, interval=made.labels.interval[places], spend=made.labels.spend[places],
        silent=made.labels.silent[places], orders=orders,
    )  # fmt: skip
    examples = replace(made, pairs=made.pairs.some(places), tabular=tabular, labels=labels, weight=np.ones(SIZE))
    return replace(whole, examples=examples)


def where(shop: Prepared, orders: Floats) -> Prepared:
    """The same shop, had so many orders come."""
    examples = shop.examples
    return replace(shop, examples=replace(examples, labels=replace(examples.labels, orders=orders)))


def test_what_a_feature_says_of_further_orders_is_found(shop: Prepared) -> None:
    found = fit_further_orders(shop, 0)

    assert found is not None
    assert found.weights[0] == pytest.approx(0.47, abs=0.06)
    assert found.bias == pytest.approx(-0.3, abs=0.1)
    assert (found.weights[1:] == 0).all()


@pytest.mark.parametrize(("true", "least", "most"), [((0.0, 0.0), 0.0, 0.01), ((0.4, 0.3), 0.2, 0.5)])
def test_a_shop_says_how_much_the_latest_days_count(
    shop: Prepared, true: tuple[float, float], least: float, most: float
) -> None:
    raw = raw_features(shop.examples.tokens.actions, shop.examples.pairs, shop.buying)
    life, *late = closed_forms(raw, shop.buying)
    further = 10 * life * np.prod([(each / life) ** share for each, share in zip(late, true, strict=True)], axis=0)

    found = fit_further_orders(where(shop, 1.0 + further), 0)

    assert found is not None
    assert (found.recent >= least).all()
    assert (found.recent <= most).all()


def test_too_few_orders_and_a_shop_where_nobody_comes_twice_leave_it_to_the_closed_form(shop: Prepared) -> None:
    few, once = shop.examples.labels.orders.copy(), np.minimum(shop.examples.labels.orders, 1.0)
    few[np.flatnonzero(few)[FEWEST - 1 :]] = 0.0

    for orders in (few, once):
        assert fit_further_orders(where(shop, orders), 0) is None


def test_more_than_an_order_a_day_teaches_no_more(shop: Prepared) -> None:
    daily, robot = shop.examples.labels.orders.copy(), shop.examples.labels.orders.copy()
    place = np.flatnonzero(daily)[0]
    daily[place], robot[place] = 91.0, 100_000.0
    taught = [fit_further_orders(where(shop, orders), 0) for orders in (daily, robot)]

    assert taught[0] is not None
    assert taught[1] is not None
    assert taught[0].weights.tolist() == taught[1].weights.tolist()
    assert taught[0].recent.tolist() == taught[1].recent.tolist()
