"""Lines that are not goods: postage, fees, manual corrections, vouchers."""

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import Outcome, reject


class NonProducts(BaseModel, frozen=True, extra="forbid"):
    """Reject rows by their item id; rows without one pass, the step for missing values decides on them."""

    product: str | None = None
    """Regular expression that every product's id matches; None lets all pass."""
    others: tuple[str, ...] = ()
    """Regular expressions of ids that are no products although they match `product`."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """A file without either expression keeps all its rows."""
        item = pl.col("item_id")
        refusals = [item.str.contains(pattern) for pattern in self.others]
        if self.product is not None:
            refusals.append(~item.str.contains(self.product))
        return reject(rows, *((refusal, "NON_PRODUCT") for refusal in refusals))
