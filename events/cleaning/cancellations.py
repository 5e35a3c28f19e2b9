"""Purchases that were taken back the same day."""

from zoneinfo import ZoneInfo

import polars as pl
from pydantic import BaseModel

from events.cleaning.outcome import CANCELLED, REJECTIONS, Outcome
from events.event import EventType

LINE = ("customer_id", "item_id", "quantity")
REASON = "CANCELLED_SAME_DAY"


class Cancellations(BaseModel, frozen=True, extra="forbid"):
    """A purchase line cancelled in full on the same calendar day never happened: both lines are rejected.

    The nth purchase of a customer, item, quantity and day meets the nth return of them. Returns that meet none stay
    as return events.
    """

    match_same_day: bool = True

    def apply(self, rows: pl.DataFrame, *, zone: ZoneInfo) -> Outcome:
        """The calendar is that of the shop's zone."""
        kinds = {kind: pl.col("event_type") == int(kind) for kind in (EventType.PURCHASE, EventType.RETURN)}
        if not self.match_same_day or rows.filter(kinds[EventType.RETURN]).is_empty():
            return Outcome(kept=rows)
        day = pl.col("time").dt.convert_time_zone(zone.key).dt.date().alias("day")
        lines = rows.select("row_number", *LINE, day, "event_type", "time").sort("time", maintain_order=True)
        bought, returned = (lines.filter(condition) for condition in kinds.values())
        key = [*LINE, "day"]
        nth = pl.int_range(pl.len()).over(key).alias("nth")
        suspects = bought.join(returned, on=key, how="semi", maintain_order="left").with_columns(nth)
        met = suspects.join(returned.with_columns(nth), on=[*key, "nth"], suffix="_returned")
        doomed = pl.concat([met["row_number"], met["row_number_returned"]]).sort()
        rejected = doomed.to_frame().with_columns(pl.lit(REASON).alias("reason")).cast(REJECTIONS)
        kept = rows.join(rejected, on="row_number", how="anti", maintain_order="left")
        return Outcome(kept=kept, rejected=rejected, cancelled=met.select(CANCELLED.names()))
