"""What happens to rows in which a value is missing, chosen field by field."""

from collections.abc import Callable, Mapping
from typing import Literal, Self

import polars as pl
from pydantic import BaseModel, model_validator

from events.cleaning.imputation import by_mean, by_regression, by_time
from events.cleaning.outcome import Outcome, reject
from events.fields import Field, belongs

Strategy = Literal["keep", "drop", "mean", "interpolate", "regression"]
INDISPENSABLE = (Field.CUSTOMER_ID, Field.TIME, Field.EVENT_TYPE)
IMPUTABLE = (Field.QUANTITY, Field.UNIT_PRICE, Field.RATING, Field.DWELL_SECONDS)
IMPUTATIONS: Mapping[Strategy, Callable[[pl.DataFrame, str], pl.Series]] = {
    "mean": by_mean,
    "interpolate": by_time,
    "regression": by_regression,
}


class MissingValues(BaseModel, frozen=True, extra="forbid"):
    """`keep` leaves a value unknown, `drop` rejects the row, the others put in a likely number.

    A row without customer, time or type is no event, so it is always rejected.
    """

    fields: dict[Field, Strategy] = {}

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for field, strategy in self.fields.items():
            if strategy in IMPUTATIONS and field not in IMPUTABLE:
                allowed = ", ".join(IMPUTABLE)
                message = f"{field}: {strategy} works for {allowed}; use keep or drop"
                raise ValueError(message)
            if strategy == "keep" and field in INDISPENSABLE:
                message = f"{field}: an event cannot be without it; leave it out or use drop"
                raise ValueError(message)
        return self

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """Only fields that belong to the row's event type can be missing."""
        dropped = [*INDISPENSABLE, *(field for field, strategy in self.fields.items() if strategy == "drop")]
        split = reject(rows, *((_missing(field), f"MISSING_{field.upper()}") for field in dict.fromkeys(dropped)))
        repaired = (
            pl.Series([False]).new_from_index(0, split.kept.height)
            if split.kept.height
            else pl.Series(dtype=pl.Boolean)
        )
        kept, notes = split.kept, {}
        for field, strategy in self.fields.items():
            if strategy in IMPUTATIONS:
                kept, changed = _impute(kept, field, strategy)
                repaired, notes[f"{field} by {strategy}"] = repaired | changed, int(changed.sum())
        return Outcome(kept=kept, rejected=split.rejected, repaired=int(repaired.sum()), notes=notes)


def _missing(field: Field) -> pl.Expr:
    return pl.col(field).is_null() & belongs(field)


def _impute(rows: pl.DataFrame, field: Field, strategy: Strategy) -> tuple[pl.DataFrame, pl.Series]:
    """The rows with the field filled, and which rows changed. The whole frame lends its knowledge to each."""
    likely = IMPUTATIONS[strategy](rows.with_columns(pl.when(belongs(field)).then(field).alias(field)), field)
    if field is Field.RATING:
        likely = likely.round().clip(1, 5)
    filled = rows.with_columns(pl.when(_missing(field)).then(likely).otherwise(field).alias(field))
    return filled, rows[field].is_null() & filled[field].is_not_null()
