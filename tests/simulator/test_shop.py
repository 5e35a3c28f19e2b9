"""A shop that cannot be simulated is refused by the name of its field."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from simulator.shop import Shop, ShopNotPossible


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("customers", 0, "customers must be between 1 and 100,000,000, and is 0"),
        ("seed", -1, "seed must be between 0 and"),
        ("days", 29, "days must be between 30 and 3,650, and is 29"),
        ("items", 49, "items must be between 50 and 100,000, and is 49"),
        ("block_size", 50_001, "block_size must be between 1 and 50,000"),
        ("campaign_every_days", 0, "campaign_every_days must be between"),
        ("message_every_days", 0, "message_every_days must be between"),
        ("coupon_share", 1.01, "coupon_share must be between 0 and 1, and is 1.01"),
        ("message_share", -0.1, "message_share must be between 0 and 1"),
        ("trial_share", float("nan"), "trial_share must be between 0 and 1"),
        ("currency", "pounds", "currency must be an ISO 4217 code, and is 'pounds'"),
        ("start", datetime(2024, 1, 1), "start must be midnight in UTC"),  # noqa: DTZ001 - the mistake under test
        ("start", datetime(2024, 1, 1, 9, tzinfo=UTC), "start must be midnight in UTC"),
        ("start", datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2))), "start must be midnight in UTC"),
    ],
)
def test_a_value_that_is_not_possible_is_refused_by_field(field: str, value: object, message: str) -> None:
    fields: dict[str, object] = {"customers": 10, "seed": 1, field: value}
    with pytest.raises(ShopNotPossible, match=message):
        Shop(**fields)  # type: ignore[arg-type] # one field is wrong on purpose


def test_the_cut_off_is_the_moment_after_the_last_day() -> None:
    assert Shop(customers=1, seed=1, days=31).as_of == datetime(2024, 2, 1, tzinfo=UTC)


def test_blocks_cover_every_customer_once() -> None:
    shop = Shop(customers=2_500, seed=1, block_size=1_000)
    assert shop.blocks == 3
    assert [shop.customers_in(block) for block in range(3)] == [range(1000), range(1000, 2000), range(2000, 2500)]


@pytest.mark.parametrize("block", [-1, 3])
def test_a_block_that_does_not_exist_is_refused(block: int) -> None:
    with pytest.raises(IndexError, match=f"block {block} is not among the 3 blocks"):
        Shop(customers=2_500, seed=1, block_size=1_000).customers_in(block)
