"""Missing values are dropped or filled as chosen for their field, and only where the field belongs."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from events.cleaning.missing import MissingValues, Strategy
from events.fields import Field

Lines = Callable[..., pl.DataFrame]


def filled(rows: pl.DataFrame, field: Field, strategy: Strategy) -> list[float | None]:
    outcome = MissingValues(fields={field: strategy}).apply(rows)
    assert outcome.kept.height == rows.height
    changed = outcome.kept[field].is_not_null() & rows[field].is_null()
    assert outcome.repaired == changed.sum()
    assert outcome.notes == {f"{field} by {strategy}": changed.sum()}
    return outcome.kept[field].to_list()


def test_a_row_without_customer_time_or_type_is_no_event(lines: Lines) -> None:
    rows = lines(
        customer_id=["c", None, "", "c"],
        time=["2026-01-01", "2026-01-01", "2026-01-01", None],
        quantity=[None, 1, 1, 1],
    )
    outcome = MissingValues().apply(rows)
    assert outcome.rejected.rows() == [(2, "MISSING_CUSTOMER_ID"), (3, "MISSING_CUSTOMER_ID"), (4, "MISSING_TIME")]
    assert outcome.kept["quantity"].to_list() == [None]


def test_a_field_can_be_required(lines: Lines) -> None:
    step = MissingValues(fields={Field.ITEM_ID: "drop", Field.ORDER_ID: "keep"})
    outcome = step.apply(lines(item_id=["i", None], order_id=[None, None]))
    assert outcome.rejected.rows() == [(2, "MISSING_ITEM_ID")]


def test_a_field_is_not_missing_where_it_does_not_belong(lines: Lines) -> None:
    rows = lines(event_type=["view", "message", "coupon"], item_id=[None, None, None], quantity=[None, None, None])
    outcome = MissingValues(fields={Field.ITEM_ID: "drop", Field.QUANTITY: "mean"}).apply(rows)
    assert outcome.rejected.rows() == [(1, "MISSING_ITEM_ID")]
    assert outcome.repaired == 0


def test_the_mean_is_that_of_the_item_else_of_all(lines: Lines) -> None:
    rows = lines(item_id=["a", "a", "a", "b", "b"], quantity=[2, 4, None, 9, None])
    assert filled(rows, Field.QUANTITY, "mean") == [2, 4, 3, 9, 9]
    unseen = lines(item_id=["a", "a", "new"], quantity=[2, 4, None])
    assert filled(unseen, Field.QUANTITY, "mean") == [2, 4, 3]


def test_nothing_is_known_so_nothing_is_filled(lines: Lines) -> None:
    rows = lines(quantity=[None, None])
    assert filled(rows, Field.QUANTITY, "mean") == [None, None]
    assert filled(rows, Field.QUANTITY, "interpolate") == [None, None]
    assert filled(rows, Field.QUANTITY, "regression") == [None, None]


def test_prices_are_interpolated_in_time_not_by_row(lines: Lines) -> None:
    times = ["2026-01-05", "2026-01-01", "2026-01-02", "2026-01-09", "2025-12-01"]
    rows = lines(time=times, unit_price=[5.0, 1.0, None, None, None])
    assert filled(rows, Field.UNIT_PRICE, "interpolate") == [5.0, 1.0, 2.0, 5.0, 1.0]


def test_interpolation_does_not_cross_items(lines: Lines) -> None:
    rows = lines(item_id=["a", "b", "a", "b", "new"], unit_price=[1.0, 10.0, None, None, None])
    assert filled(rows, Field.UNIT_PRICE, "interpolate") == [1.0, 10.0, 1.0, 10.0, 5.5]


def test_regression_recovers_a_law_between_fields(lines: Lines) -> None:
    rng = np.random.default_rng(1)
    quantity = rng.integers(1, 200, 400).astype(float)
    price = 20 * quantity**-0.5
    known: list[object] = [None if place % 10 == 0 else value for place, value in enumerate(price)]
    times = [f"2026-01-01 {place % 24:02}:00" for place in range(400)]

    found = filled(lines(time=times, quantity=list(quantity), unit_price=known), Field.UNIT_PRICE, "regression")

    np.testing.assert_allclose(np.array(found, dtype=float), price, rtol=0.02)


def test_regression_stays_within_what_is_known(lines: Lines) -> None:
    rising: list[object] = [float(price) for price in range(1, 21)]
    rows = lines(time=["2026-01-01"] * 21, quantity=[*rising, 1000], unit_price=[*rising, None])
    assert filled(rows, Field.UNIT_PRICE, "regression")[-1] == pytest.approx(20.0)


@pytest.mark.parametrize("strategy", ["mean", "interpolate", "regression"])
def test_ratings_stay_whole_stars(lines: Lines, strategy: Strategy) -> None:
    rows = lines(event_type=["review"] * 4, rating=[5, 4, 4, None])
    assert filled(rows, Field.RATING, strategy)[-1] in {4.0, 5.0}
