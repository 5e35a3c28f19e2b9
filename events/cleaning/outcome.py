"""What a cleaning step did: every row that goes in is kept or rejected with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

REJECTIONS = pl.Schema({"row_number": pl.UInt32(), "reason": pl.String()})
TOO_FEW_FIELDS = "TOO_FEW_FIELDS"
"""Reason to reject a line of a CSV that is shorter than the header, whatever the file is of."""
CANCELLED = pl.Schema({"row_number": pl.UInt32(), "row_number_returned": pl.UInt32()})
"""A purchase that never happened, and the return that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The rows after a step, and what became of the others."""

    kept: pl.DataFrame
    rejected: pl.DataFrame = field(default_factory=REJECTIONS.to_frame)
    """In REJECTIONS."""
    repaired: int = 0
    """Kept rows with a value that the step changed."""
    cancelled: pl.DataFrame = field(default_factory=CANCELLED.to_frame)
    """In CANCELLED: of the rejected rows, those that undo each other."""
    notes: Mapping[str, object] = field(default_factory=dict)
    """More that the report says of the step."""


def reject(rows: pl.DataFrame, *refusals: tuple[pl.Expr, str | pl.Expr], repaired: int = 0) -> Outcome:
    """Split rows by (condition, reason) pairs; the first condition that holds gives the reason, null holds not."""
    reasons = [pl.when(condition).then(pl.lit(why) if isinstance(why, str) else why) for condition, why in refusals]
    judged = rows.with_columns(pl.coalesce(*reasons, pl.lit(None, pl.String)).alias("reason"))
    doomed = judged.filter(pl.col("reason").is_not_null())
    if doomed.is_empty():
        return Outcome(kept=rows, repaired=repaired)
    kept = judged.filter(pl.col("reason").is_null()).drop("reason")
    return Outcome(kept=kept, rejected=doomed.select(REJECTIONS.names()), repaired=repaired)
