"""Rows of a file under cleaning, from the few columns that a test is about."""

from collections.abc import Callable

import polars as pl
import pytest

from events.canonical import canonical_rows
from events.formats import FileFormat, preset

Lines = Callable[..., pl.DataFrame]


@pytest.fixture
def lines() -> Lines:
    """Make rows: `lines(quantity=[1, 2])` are purchases of item i by customer c, a day apart, at 1.00 GBP."""

    def make(file_format: FileFormat | None = None, **columns: list[object]) -> pl.DataFrame:
        rows = len(next(iter(columns.values())))
        usual: dict[str, list[object]] = {
            "customer_id": ["c"] * rows,
            "time": [f"2026-01-{day + 1:02} 12:00:00" for day in range(rows)],
            "event_type": ["purchase"] * rows,
            "item_id": ["i"] * rows,
            "quantity": [1.0] * rows,
            "unit_price": [1.0] * rows,
            "currency": ["GBP"] * rows,
        }
        raw = pl.DataFrame(usual | columns, strict=False).with_row_index("row_number", offset=1)
        return canonical_rows(raw, file_format or preset("canonical"))

    return make
