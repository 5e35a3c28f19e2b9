"""Outliers are judged by item, and what is done with them is chosen; big orders stay unless a shop says otherwise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from events.cleaning.outliers import Outliers

Lines = Callable[..., pl.DataFrame]
WHOLESALE = 3000.0


def sold(lines: Lines, **columns: list[object]) -> pl.DataFrame:
    """Twenty usual sales of one or two units and, last, a wholesale order."""
    quantity: list[object] = [*(1 + place % 2 for place in range(20)), WHOLESALE]
    times: list[object] = [f"2026-01-01 12:{place:02}" for place in range(21)]
    usual: dict[str, list[object]] = {"quantity": quantity, "time": times}
    return lines(**(usual | columns))


def test_a_wholesale_order_is_flagged_and_kept(lines: Lines) -> None:
    rows = sold(lines)
    outcome = Outliers().apply(rows)

    assert outcome.kept.equals(rows)
    assert outcome.repaired == 0
    assert outcome.notes["outliers found"] == 1
    furthest: Any = outcome.notes["furthest"]
    assert [(row["row_number"], row["quantity"]) for row in furthest] == [(21, WHOLESALE)]


def test_a_shop_can_reject_them(lines: Lines) -> None:
    outcome = Outliers(action="reject").apply(sold(lines))
    assert outcome.rejected.rows() == [(21, "OUTLIER")]
    assert outcome.kept.height == 20


def test_a_shop_can_draw_them_to_the_limit(lines: Lines) -> None:
    step = Outliers(action="winsorise", limit=6.0, floor=0.35)
    rows = sold(lines)
    outcome = step.apply(rows)

    logs = np.log([1 + place % 2 for place in range(20)] + [WHOLESALE])
    spread = max(1.4826 * float(np.median(np.abs(logs - np.median(logs)))), 0.35)
    assert outcome.kept["quantity"].to_list()[-1] == pytest.approx(np.exp(np.median(logs) + 6 * spread))
    assert outcome.kept["quantity"].to_list()[:-1] == rows["quantity"].to_list()[:-1]
    assert outcome.repaired == 1


def test_keep_looks_at_nothing(lines: Lines) -> None:
    rows = sold(lines)
    outcome = Outliers(action="keep").apply(rows)
    assert outcome.kept.equals(rows)
    assert outcome.notes == {}


def test_a_price_far_off_is_an_outlier_too(lines: Lines) -> None:
    prices: list[object] = [*[9.99] * 20, 999.0]
    outcome = Outliers(action="reject").apply(sold(lines, quantity=[1] * 21, unit_price=prices))
    assert outcome.rejected.rows() == [(21, "OUTLIER")]


@pytest.mark.parametrize(
    "columns",
    [
        {"item_id": ["a"] * 20 + ["b"]},
        {"event_type": ["purchase"] * 20 + ["return"]},
        {"item_id": [None] * 21},
        {"quantity": [2] * 20 + [4]},
        {"quantity": [1] * 20 + [None]},
    ],
)
def test_what_cannot_be_judged_or_is_near_is_kept(lines: Lines, columns: dict[str, list[object]]) -> None:
    assert Outliers(action="reject").apply(sold(lines, **columns)).kept.height == 21


def test_few_sales_say_nothing_of_an_item(lines: Lines) -> None:
    rows = lines(quantity=[*[1] * 8, WHOLESALE])
    assert Outliers(action="reject").apply(rows).kept.height == 9
    assert Outliers(action="reject", minimum_rows=9).apply(rows).kept.height == 8
