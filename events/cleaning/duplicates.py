"""Rows that say again what an earlier row said."""

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import Outcome, reject


class Duplicates(BaseModel, frozen=True, extra="forbid"):
    """Keep the first of rows that are equal in every mapped column, and the first row of an event id."""

    exact: bool = True
    """False for a file without event ids in which equal rows are separate events."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """An event id that comes back with other content is told apart: the sender broke a promise."""
        repeated = ~pl.struct("key_a", "key_b").is_first_distinct() if self.exact else pl.lit(value=False)
        reused = pl.col("event_id").is_not_null() & ~pl.col("event_id").is_first_distinct()
        return reject(rows, (repeated, "DUPLICATE"), (reused, "DUPLICATE_EVENT_ID"))
