"""Rows whose time cannot be, or cannot be read."""

from datetime import datetime

import polars as pl
from pydantic import AwareDatetime, BaseModel

from events.cleaning.outcome import Outcome, reject
from events.event import EARLIEST


class Dates(BaseModel, frozen=True, extra="forbid"):
    """Reject times that are unreadable, in a gap of the clock, in the future, or before any shop of this kind."""

    earliest: AwareDatetime = EARLIEST

    def apply(self, rows: pl.DataFrame, *, now: datetime) -> Outcome:
        """Times moved out of a gap or chosen in a repeated hour while reading count as repaired."""
        outcome = reject(
            rows,
            (pl.col("time_problem").is_not_null(), pl.col("time_problem")),
            (pl.col("time") > now, "FUTURE_TIME"),
            (pl.col("time") < self.earliest, "TIME_TOO_EARLY"),
        )
        kept = outcome.kept
        return Outcome(kept=kept, rejected=outcome.rejected, repaired=int(kept["repaired_time"].sum()))
