"""Quantities and prices far from what is usual for their item."""

from typing import Literal

import polars as pl
from pydantic import BaseModel, Field

from events.cleaning.outcome import Outcome, reject
from events.event import EventType

CONSISTENCY = 1.4826
"""The median absolute deviation times this estimates the standard deviation of a normal distribution."""
JUDGED = ("quantity", "unit_price")
EXAMPLES = 20


class Outliers(BaseModel, frozen=True, extra="forbid"):
    """Judge log quantity and log price of purchases by median and median absolute deviation of the item.

    Flagging is the default: a wholesaler's largest orders are its best customers, and a rule that rejects
    what is rare rejects them first.
    """

    action: Literal["keep", "flag", "winsorise", "reject"] = "flag"
    """`winsorise` moves values to the limit, `flag` counts and shows them in the report."""
    limit: float = Field(default=6.0, gt=0)
    """Robust standard deviations from the item's median."""
    floor: float = Field(default=0.35, gt=0)
    """Smallest standard deviation of a logarithm: most items sell mostly in one quantity at one price."""
    minimum_rows: int = Field(default=10, ge=3)
    """Items with fewer purchases are not judged."""

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """What cannot be judged is kept."""
        if self.action == "keep" or rows.is_empty():
            return Outcome(kept=rows)
        narrow = rows.lazy().select("row_number", "event_type", "item_id", *JUDGED)
        judged = narrow.join(self._usual(rows), on="item_id", how="left", maintain_order="left")
        judged = judged.with_columns(self._distance(name).alias(f"{name}_distance") for name in JUDGED)
        far = pl.max_horizontal(f"{name}_distance" for name in JUDGED) > self.limit
        measured = judged.with_columns(far.fill_null(value=False).alias("far")).collect()
        return self._act(rows, measured)

    def _usual(self, rows: pl.DataFrame) -> pl.LazyFrame:
        """Median and deviation of the logarithms for each item with enough purchases."""
        bought = rows.lazy().filter(pl.col("event_type") == int(EventType.PURCHASE))
        logs = bought.select("item_id", *(_log(name) for name in JUDGED))
        medians = logs.with_columns(pl.col(name).median().over("item_id").alias(f"{name}_median") for name in JUDGED)
        return (
            medians.group_by("item_id")
            .agg(
                pl.len().alias("purchases"),
                *(pl.col(f"{name}_median").first() for name in JUDGED),
                *((pl.col(name) - pl.col(f"{name}_median")).abs().median().alias(f"{name}_mad") for name in JUDGED),
            )
            .filter(pl.col("purchases") >= self.minimum_rows)
        )

    def _spread(self, name: str) -> pl.Expr:
        return pl.max_horizontal(pl.col(f"{name}_mad") * CONSISTENCY, pl.lit(self.floor))

    def _distance(self, name: str) -> pl.Expr:
        judged = pl.col("event_type") == int(EventType.PURCHASE)
        distance = (_log(name) - pl.col(f"{name}_median")).abs() / self._spread(name)
        return pl.when(judged).then(distance)

    def _act(self, rows: pl.DataFrame, measured: pl.DataFrame) -> Outcome:
        notes = {"outliers found": int(measured["far"].sum()), "furthest": self._furthest(measured)}
        if self.action == "reject":
            split = reject(rows, (pl.lit(measured["far"]), "OUTLIER"))
            return Outcome(kept=split.kept, rejected=split.rejected, notes=notes)
        if self.action == "winsorise":
            moved = rows.with_columns(measured.select(self._moved(name) for name in JUDGED))
            return Outcome(kept=moved, repaired=int(measured["far"].sum()), notes=notes)
        return Outcome(kept=rows, notes=notes)

    def _moved(self, name: str) -> pl.Expr:
        reach = self._spread(name) * self.limit
        median = pl.col(f"{name}_median")
        nearest = _log(name).clip(median - reach, median + reach).exp()
        return pl.when(pl.col(f"{name}_distance") > self.limit).then(nearest).otherwise(pl.col(name)).alias(name)

    @staticmethod
    def _furthest(measured: pl.DataFrame) -> list[dict[str, object]]:
        """The rows that a person should look at first."""
        distance = pl.max_horizontal(f"{name}_distance" for name in JUDGED).round(1).alias("deviations")
        far = (
            measured.filter(pl.col("far"))
            .with_columns(distance)
            .sort("deviations", "row_number", descending=[True, False])
        )
        return far.head(EXAMPLES).select("row_number", "item_id", *JUDGED, "deviations").to_dicts()


def _log(name: str) -> pl.Expr:
    return pl.when(pl.col(name) > 0).then(pl.col(name).log()).alias(name)
