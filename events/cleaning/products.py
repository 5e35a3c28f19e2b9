"""Lines that are not goods: postage, fees, manual corrections, vouchers."""

from typing import Annotated

import polars as pl
from pydantic import AfterValidator, BaseModel

from events.cleaning.outcome import Outcome, reject


def _pattern(expression: str) -> str:
    try:
        pl.Series([""]).str.contains(expression)
    except pl.exceptions.PolarsError as error:
        why = next((line for line in str(error).splitlines() if line.startswith("error: ")), "it cannot be read")
        message = f"{expression!r} is no regular expression: {why.removeprefix('error: ')}"
        raise ValueError(message) from error
    return expression


Pattern = Annotated[str, AfterValidator(_pattern)]


class NonProducts(BaseModel, frozen=True, extra="forbid"):
    """Reject rows by their item id; rows without one pass, the step for missing values decides on them."""

    product: Pattern | None = None
    """Regular expression that every product's id matches; None lets all pass."""
    others: tuple[Pattern, ...] = ()
    """Regular expressions of ids that are no products although they match `product`."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """A file without either expression keeps all its rows."""
        item = pl.col("item_id")
        refusals = [item.str.contains(pattern) for pattern in self.others]
        if self.product is not None:
            refusals.append(~item.str.contains(self.product))
        return reject(rows, *((refusal, "NON_PRODUCT") for refusal in refusals))
