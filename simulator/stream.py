"""A whole shop as a stream of blocks; each block depends on the shop and its own number alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from events.event import CUSTOMER_SCHEMA
from simulator import traits as nature
from simulator.catalogue import stock
from simulator.history import events
from simulator.journeys import walk
from simulator.shop import Shop
from simulator.truth import truth

BLOCK_STREAM = 2
"""Keeps the random numbers of the blocks apart from the catalogue's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Everything about some thousands of customers; `history` and `future` never overlap."""

    customers: pl.DataFrame
    """CUSTOMER_SCHEMA"""
    events: pl.DataFrame
    """EVENT_SCHEMA, before `as_of`, ascending by time."""
    future: pl.DataFrame
    """EVENT_SCHEMA, the 90 days from `as_of`: only for scoring a prediction."""
    truth: pl.DataFrame
    """TRUTH_SCHEMA"""


def simulate(shop: Shop) -> Iterator[Block]:
    """The blocks one after another; memory holds one at a time."""
    for number in range(shop.blocks):
        yield simulate_block(shop, number)


def simulate_block(shop: Shop, number: int) -> Block:
    """One block on its own: the same whichever blocks were made before, and however many follow.

    Raises:
        IndexError: If the shop has no such block.
    """
    customers = shop.customers_in(number)
    rng = np.random.default_rng(np.random.SeedSequence([shop.seed, number], spawn_key=(BLOCK_STREAM,)))
    goods = stock(shop)
    traits = nature.draw(shop, len(customers), rng)
    ids = pl.Series("customer_id", [f"C{index + 1:08d}" for index in customers], dtype=pl.String)
    journeys, at_cut = walk(shop, goods, traits, rng)
    happened = events(shop, goods, traits, journeys, ids, rng)
    before = pl.col("time") < shop.as_of
    return Block(
        customers=_customers(traits, ids),
        events=happened.filter(before),
        future=happened.filter(~before),
        truth=truth(shop, goods, traits, at_cut, customer_ids=ids, in_trial=journeys.in_trial),
    )


def _customers(traits: nature.Traits, ids: pl.Series) -> pl.DataFrame:
    channels = np.array(nature.CHANNELS)
    preferred = pl.Series(np.append(channels, "")[traits.preferred]).replace("", None)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "country": np.array(nature.COUNTRIES)[traits.country],
            "zone": np.array(nature.ZONES)[traits.country],
            "preferred_channel": preferred,
            "consented_channels": [channels[row].tolist() for row in traits.consent],
        }
    ).cast(CUSTOMER_SCHEMA)
