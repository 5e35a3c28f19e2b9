"""Values that cannot be read or lie outside what their field can mean."""

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import Outcome, reject


class Ranges(BaseModel, frozen=True, extra="forbid"):
    """Reject unreadable numbers, currencies and event types, and numbers outside their field's range."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """The reason names the field."""
        return reject(
            rows,
            (pl.col("unreadable").is_not_null(), pl.lit("UNREADABLE_") + pl.col("unreadable").str.to_uppercase()),
            (pl.col("quantity") <= 0, "NON_POSITIVE_QUANTITY"),
            (~pl.col("rating").is_between(1, 5), "RATING_OUT_OF_RANGE"),
            (pl.col("rating") != pl.col("rating").round(), "RATING_OUT_OF_RANGE"),
            (pl.col("dwell_seconds") < 0, "NEGATIVE_DWELL_SECONDS"),
        )
