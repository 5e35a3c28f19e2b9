"""Prices that no sale has."""

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import Outcome, reject


class NonPositivePrices(BaseModel, frozen=True, extra="forbid"):
    """Reject rows with a price of zero or less: adjustments, write-offs, gifts."""

    allow_zero: bool = False
    """True for a shop whose gifts at no price are real sales."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """A price that is missing passes, the step for missing values decides on it."""
        price = pl.col("unit_price")
        return reject(rows, (price < 0 if self.allow_zero else price <= 0, "NON_POSITIVE_PRICE"))
