"""The quality of a file's data before and after cleaning, and what each step did."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from events.fields import Field, belongs

QUANTITY_EDGES = tuple(2.0**power for power in range(18))
PRICE_EDGES = tuple(round(10.0 ** (power / 4), 4) for power in range(-8, 18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Rows by value. The first bin is what lies below the first edge, the last what lies at the last edge or above."""

    edges: Sequence[float]
    counts: Sequence[int]
    """[len(edges) + 1]"""

    @classmethod
    def of(cls, values: pl.Series, edges: Sequence[float]) -> "Distribution":
        """Count the values that are known."""
        known = values.drop_nulls().to_numpy()
        counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
        return cls(edges=tuple(edges), counts=tuple(counts.tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a set of rows looks like."""

    rows: int
    missing: Mapping[str, int]
    """Rows by mapped field without a value, among those whose event type has the field or whose type is unknown."""
    duplicates: int
    """Rows equal to an earlier one in every mapped column."""
    cancellations: int
    customers: int
    items: int
    first_time: str | None
    last_time: str | None
    weeks: Mapping[str, int]
    """Rows by the Monday of their week."""
    quantity: Distribution
    unit_price: Distribution
    """In major units."""

    @classmethod
    def of(cls, rows: pl.DataFrame, fields: Sequence[Field]) -> "Profile":
        """Profile of rows in ROW_SCHEMA."""
        lacks = [
            (pl.col(field).is_null() & belongs(field).fill_null(value=True)).sum().alias(field) for field in fields
        ]
        mondays = rows.select(pl.col("time").dt.truncate("1w").alias("week")).drop_nulls()
        weeks = mondays.group_by("week").len().sort("week").with_columns(pl.col("week").dt.strftime("%Y-%m-%d"))
        first, last = rows["time"].min(), rows["time"].max()
        return cls(
            rows=rows.height,
            missing=rows.select(lacks).row(0, named=True) if fields else {},
            duplicates=rows.height - rows.select("key_a", "key_b").n_unique(),
            cancellations=int(rows["cancellation"].sum()),
            customers=rows["customer_id"].drop_nulls().n_unique(),
            items=rows["item_id"].drop_nulls().n_unique(),
            first_time=None if first is None else str(first),
            last_time=None if last is None else str(last),
            weeks=dict(weeks.iter_rows()),
            quantity=Distribution.of(rows["quantity"], QUANTITY_EDGES),
            unit_price=Distribution.of(rows["unit_price"], PRICE_EDGES),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """What one cleaning step did."""

    step: str
    rows_in: int
    rejected: Mapping[str, int]
    """Rows by reason."""
    repaired: int
    rows_out: int
    notes: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The whole story of one file: rows_in = rows_out + rejected."""

    rows_in: int
    rows_out: int
    rejected: int
    repaired: int
    irrelevant_columns: Sequence[str]
    last_line_ends: bool
    """Where not, the file may have been cut off, and its last row may not be whole."""
    rounded_prices: int
    """Kept rows whose price was no whole number of minor units."""
    steps: Sequence[StepCount]
    before: Profile
    after: Profile

    def as_dict(self) -> dict[str, Any]:
        """For JSON; a report read back from JSON has the same shape."""
        return asdict(self)
