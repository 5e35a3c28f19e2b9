"""Values that cannot be read or lie outside what their field can mean."""

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import Outcome, reject
from events.currency import LARGEST_MINOR
from events.event import LARGEST_QUANTITY
from events.fields import IDS, LONGEST
from events.minor_units import minor_units_per_major


class Ranges(BaseModel, frozen=True, extra="forbid"):
    """Reject what cannot be read, numbers outside their field's range, unusable ids, and texts without an end."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """The reason names the field."""
        line = pl.max_horizontal(1.0, "quantity") * pl.col("unit_price") * minor_units_per_major(pl.col("currency"))
        return reject(
            rows,
            *((~pl.col(field).str.contains(form), f"UNUSABLE_{field.upper()}") for field, form in IDS.items()),
            *((pl.col(field).str.len_chars() > most, f"{field.upper()}_TOO_LONG") for field, most in LONGEST.items()),
            (pl.col("unreadable").is_not_null(), pl.lit("UNREADABLE_") + pl.col("unreadable").str.to_uppercase()),
            (pl.col("quantity") <= 0, "NON_POSITIVE_QUANTITY"),
            (pl.col("quantity") > LARGEST_QUANTITY, "QUANTITY_OUT_OF_RANGE"),
            (line > LARGEST_MINOR, "AMOUNT_OUT_OF_RANGE"),
            (~pl.col("rating").is_between(1, 5), "RATING_OUT_OF_RANGE"),
            (pl.col("rating") != pl.col("rating").round(), "RATING_OUT_OF_RANGE"),
            (pl.col("dwell_seconds") < 0, "NEGATIVE_DWELL_SECONDS"),
        )
