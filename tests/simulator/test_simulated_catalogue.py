"""The catalogue reads like a shop's, and its expected prices are those of its draws."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_shop import SimulatedShop, simulated_shop

from events.event import ITEM_SCHEMA, EventType
from simulator.assortment import DEPARTMENTS
from simulator.catalogue import ANY_COLLECTION, CATEGORIES, catalogue, stock
from simulator.shop import Shop


@pytest.fixture(scope="module")
def simulated() -> SimulatedShop:
    return simulated_shop(6_000)


@pytest.mark.parametrize("items", [50, 1_200, 5_000])
def test_titles_are_unique_and_prices_positive(items: int) -> None:
    frame = catalogue(Shop(customers=1, seed=3, items=items))
    assert frame.schema == ITEM_SCHEMA
    assert frame["item_id"].n_unique() == frame["title"].n_unique() == items
    assert frame["unit_price_minor"].min() >= 99  # type: ignore[operator] # an integer column
    assert frame["category"].n_unique() == 12
    assert frame.null_count().sum_horizontal().item() == 0


def test_titles_name_a_collection_and_a_noun_of_the_category() -> None:
    nouns = {department.path: department.nouns for department in DEPARTMENTS}
    for title, category in catalogue(Shop(customers=1, seed=3)).select("title", "category").iter_rows():
        assert re.sub(", .*", "", title).endswith(nouns[category])


def test_the_same_seed_gives_the_same_catalogue_and_another_seed_another() -> None:
    first = catalogue(Shop(customers=1, seed=3))
    assert first.equals(catalogue(Shop(customers=999, seed=3)))
    assert not first.equals(catalogue(Shop(customers=1, seed=4)))


def test_complements_form_rings() -> None:
    assert sorted(department.complement for department in DEPARTMENTS) == list(range(CATEGORIES))


@settings(max_examples=25, deadline=None)
@given(
    items=st.integers(50, 2_000),
    seed=st.integers(0, 2**32),
    hunter=st.integers(0, 1),
    category=st.integers(0, CATEGORIES - 1),
    collection=st.integers(0, ANY_COLLECTION),
)
def test_the_mean_price_is_that_of_many_draws(
    items: int, seed: int, hunter: int, category: int, collection: int
) -> None:
    goods = stock(Shop(customers=1, seed=seed, items=items))
    uniform = (np.arange(20_000) + 0.5) / 20_000
    same = np.full(20_000, 1)
    drawn = goods.draw(uniform, hunter=same * hunter, category=same * category, collection=same * collection)
    assert (goods.category[drawn] == category).all()
    assert goods.price[drawn].mean() == pytest.approx(goods.mean_price()[hunter, category, collection], rel=0.01)


def test_popularity_falls_with_the_rank(simulated: SimulatedShop) -> None:
    sales = simulated.of(EventType.PURCHASE).group_by("item_id").len()["len"].sort(descending=True).to_numpy()
    assert 0.25 < sales[:120].sum() / sales.sum() < 0.6
