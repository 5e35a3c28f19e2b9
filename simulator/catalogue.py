"""The items of a shop, and how they are drawn: by popularity, within a category or within one of its collections."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from events.event import ITEM_SCHEMA
from simulator.assortment import BRANDS, COLLECTIONS, DEPARTMENTS, VARIANTS
from simulator.shop import Shop

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CATEGORIES = len(DEPARTMENTS)
ANY_COLLECTION = len(COLLECTIONS)
"""In the place of a collection: draw from the whole category."""
COMPLEMENT = np.array([department.complement for department in DEPARTMENTS])
EXTRA_UNITS = np.array([department.extra_units for department in DEPARTMENTS])
CATALOGUE_STREAM = 1
"""Keeps the catalogue's random numbers apart from those of the blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """I items sorted by category and collection, so that each category and each collection in it is a slice."""

    category: Ints
    """[I]"""
    collection: Ints
    """[I]"""
    price: Floats
    """[I] list price in minor units, whole."""
    running_weight: Floats
    """[2, I + 1] running sum of the popularity: of ordinary customers, and of bargain hunters."""
    running_value: Floats
    """[2, I + 1] running sum of popularity times price."""
    first: Ints
    """[CATEGORIES, collections + 1] first item of the slice."""
    last: Ints
    """[CATEGORIES, collections + 1] the item after the slice."""

    def draw(self, uniform: Floats, *, hunter: Ints, category: Ints, collection: Ints) -> Ints:
        """Items [M] by popularity from the slices that are named; `uniform` [M] in [0, 1)."""
        first, last = self.first[category, collection], self.last[category, collection]
        low, high = self.running_weight[hunter, first], self.running_weight[hunter, last]
        target = low + uniform * (high - low)
        found = np.where(
            hunter == 0,
            np.searchsorted(self.running_weight[0], target, side="right"),
            np.searchsorted(self.running_weight[1], target, side="right"),
        )
        items: Ints = np.clip(found - 1, first, last - 1)
        return items

    def mean_price(self) -> Floats:
        """[2, CATEGORIES, collections + 1] expected price of a draw, in minor units."""
        weight = self.running_weight[:, self.last] - self.running_weight[:, self.first]
        mean: Floats = (self.running_value[:, self.last] - self.running_value[:, self.first]) / weight
        return mean

    def collection_share(self) -> Floats:
        """[2, CATEGORIES, collections] probability that a draw from the whole category is of a collection."""
        shares = np.zeros((2, CATEGORIES, ANY_COLLECTION))
        for hunter in (0, 1):
            weight = np.diff(self.running_weight[hunter])
            np.add.at(shares[hunter], (self.category, self.collection), weight)
        normalised: Floats = shares / shares.sum(axis=2, keepdims=True)
        return normalised


def stock(shop: Shop) -> Catalogue:
    """The catalogue as arrays: prices lognormal by category, popularity Zipf, cheap items preferred by hunters."""
    rng = np.random.default_rng(np.random.SeedSequence([shop.seed], spawn_key=(CATALOGUE_STREAM,)))
    category = np.sort(np.arange(shop.items) % CATEGORIES)
    collection = rng.integers(0, ANY_COLLECTION, shop.items)
    order = np.lexsort((collection, category))
    category, collection = category[order], collection[order]
    median = np.log([department.median_price_minor for department in DEPARTMENTS])
    spread = np.array([department.price_spread for department in DEPARTMENTS])
    raw = np.exp(median[category] + spread[category] * rng.standard_normal(shop.items))
    price = np.maximum(np.round(raw / 100) * 100 - rng.choice([1, 5, 50], shop.items), 99.0)
    popularity = (rng.permutation(shop.items) + 10.0) ** -0.9
    weights = np.stack([popularity, popularity * (np.exp(median)[category] / price) ** 1.5])
    first, last = _slices(category, collection)
    return Catalogue(
        category=category, collection=collection, price=price, first=first, last=last,
        running_weight=_running(weights), running_value=_running(weights * price),
    )  # fmt: skip


def catalogue(shop: Shop) -> pl.DataFrame:
    """The items of the shop in ITEM_SCHEMA."""
    goods = stock(shop)
    rng = np.random.default_rng(np.random.SeedSequence([shop.seed], spawn_key=(CATALOGUE_STREAM, 1)))
    frame = pl.DataFrame(
        {
            "item_id": item_ids(shop.items),
            "title": _titles(goods),
            "category": [DEPARTMENTS[index].path for index in goods.category],
            "brand": rng.choice(BRANDS, shop.items).tolist(),
            "unit_price_minor": goods.price.astype(np.int64),
            "currency": shop.currency,
        }
    )
    return frame.cast(ITEM_SCHEMA)


def item_ids(count: int) -> list[str]:
    """The ids of the items, by their index."""
    return [f"I{index:06d}" for index in range(1, count + 1)]


def item_nouns(goods: Catalogue) -> list[str]:
    """What each item is, such as "Bedside Lamp"."""
    return [noun for noun, _ in _nouns_and_rounds(goods)]


def _titles(goods: Catalogue) -> list[str]:
    """Collection and noun, as in "Oak Bedside Lamp"; when a slice has run through its nouns, a variant tells apart."""
    titles = []
    for (noun, round_), collection in zip(_nouns_and_rounds(goods), goods.collection, strict=True):
        title = f"{COLLECTIONS[collection]} {noun}"
        variant = VARIANTS[round_] if round_ < len(VARIANTS) else f"No. {round_ + 1}"
        titles.append(f"{title}, {variant}" if variant else title)
    return titles


def _nouns_and_rounds(goods: Catalogue) -> list[tuple[str, int]]:
    found = []
    for index, (category, collection) in enumerate(zip(goods.category, goods.collection, strict=True)):
        nouns = DEPARTMENTS[category].nouns
        round_, place = divmod(index - int(goods.first[category, collection]), len(nouns))
        # The shift keeps small slices from all starting with the same noun.
        found.append((nouns[(place + collection) % len(nouns)], round_))
    return found


def _slices(category: Ints, collection: Ints) -> tuple[Ints, Ints]:
    """Where each collection of each category lies; one without items stands for the whole category."""
    key = category * ANY_COLLECTION + collection
    cells = np.arange(CATEGORIES * ANY_COLLECTION).reshape(CATEGORIES, ANY_COLLECTION)
    first, last = np.searchsorted(key, cells), np.searchsorted(key, cells, side="right")
    whole_first = np.searchsorted(category, np.arange(CATEGORIES))[:, None]
    whole_last = np.searchsorted(category, np.arange(CATEGORIES), side="right")[:, None]
    empty = first == last
    first, last = np.where(empty, whole_first, first), np.where(empty, whole_last, last)
    return np.hstack([first, whole_first]), np.hstack([last, whole_last])


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((2, 1)), np.cumsum(values, axis=1)], axis=1)
