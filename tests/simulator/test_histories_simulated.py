"""What happens in the shop could happen in a shop: causes before effects, and every row accounted for."""

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from simulated_shop import SimulatedShop, simulated_shop

from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA, EventType
from simulator.shop import Shop
from simulator.stream import simulate, simulate_block
from simulator.truth import TRUTH_SCHEMA

SMALL = Shop(customers=450, seed=5, block_size=200, days=120)


@pytest.fixture(scope="module")
def simulated() -> SimulatedShop:
    return simulated_shop(6_000)


def test_the_same_seed_gives_the_same_shop() -> None:
    for first, second in zip(simulate(SMALL), simulate(SMALL), strict=True):
        assert_frame_equal(first.events, second.events)
        assert_frame_equal(first.future, second.future)
        assert_frame_equal(first.customers, second.customers)
        assert_frame_equal(first.truth, second.truth)


def test_another_seed_gives_another_shop() -> None:
    other = Shop(customers=450, seed=6, block_size=200, days=120)
    assert not simulate_block(other, 0).events.equals(simulate_block(SMALL, 0).events)


def test_a_block_does_not_depend_on_the_blocks_around_it() -> None:
    larger = Shop(customers=100_000, seed=5, block_size=200, days=120)
    second = list(simulate(SMALL))[1]
    assert_frame_equal(simulate_block(larger, 1).events, second.events)
    assert_frame_equal(simulate_block(larger, 1).truth, second.truth)


def test_blocks_differ_and_share_no_customer_and_no_event() -> None:
    blocks = list(simulate(SMALL))
    assert [len(block.customers) for block in blocks] == [200, 200, 50]
    everything = pl.concat(frame for block in blocks for frame in (block.events, block.future))
    assert everything["event_id"].is_unique().all()
    assert pl.concat(block.customers for block in blocks)["customer_id"].is_unique().all()


def test_frames_have_the_canonical_schemas() -> None:
    block = simulate_block(SMALL, 0)
    assert block.events.schema == EVENT_SCHEMA
    assert block.future.schema == EVENT_SCHEMA
    assert block.customers.schema == CUSTOMER_SCHEMA
    assert block.truth.schema == TRUTH_SCHEMA


def test_the_trial_changes_nothing_before_the_cut_off() -> None:
    trial = Shop(customers=450, seed=5, block_size=200, days=120, trial_share=1.0)
    with_trial, without = simulate_block(trial, 0), simulate_block(SMALL, 0)
    assert_frame_equal(with_trial.truth.drop("in_trial"), without.truth.drop("in_trial"))
    assert with_trial.truth["in_trial"].all()
    first_day = with_trial.future.filter(pl.col("time").dt.date() == trial.as_of.date())
    assert first_day.filter(pl.col("event_type") == EventType.COUPON)["customer_id"].n_unique() == 200


def test_history_ends_at_the_cut_off_and_the_future_lasts_ninety_days(simulated: SimulatedShop) -> None:
    shop = simulated.shop
    assert simulated.events["time"].is_between(shop.start, shop.as_of, closed="left").all()
    assert simulated.future["time"].is_between(shop.as_of, shop.as_of + timedelta(days=90), closed="left").all()
    assert simulated.future["time"].dt.date().n_unique() == 90
