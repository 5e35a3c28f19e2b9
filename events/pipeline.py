"""The cleaning steps in their order, each counted, with nothing lost between them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl

from events.cleaning.missing import INDISPENSABLE
from events.cleaning.outcome import CANCELLED, REJECTIONS, TOO_FEW_FIELDS, Outcome, reject
from events.fields import WHAT, Field, belongs
from events.formats import FileFormat
from events.quality.figures import StepCount

Step = Callable[[pl.DataFrame], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What is left of a file's rows, and what was rejected why."""

    kept: pl.DataFrame
    """In ROW_SCHEMA."""
    rejected: pl.DataFrame
    """In REJECTIONS, by row number; each row of the file stands here or in `kept`, never in both."""
    cancelled: pl.DataFrame
    """In CANCELLED."""
    steps: tuple[StepCount, ...]


def clean(
    rows: pl.DataFrame, file_format: FileFormat, *, short: pl.DataFrame, places: Mapping[Field, int], now: datetime
) -> Cleaned:
    """Run every step on rows in ROW_SCHEMA; `short` are lines in SHORT, and `places` of fields in a whole one."""
    kept, rejected, cancelled, counts = rows, [REJECTIONS.to_frame()], [CANCELLED.to_frame()], []
    whole = partial(_whole, short=short, places=places)
    for name, step in _steps(file_format, whole, now):
        outcome = step(kept)
        counts.append(_count(name, kept, outcome))
        kept = outcome.kept
        rejected.append(outcome.rejected)
        cancelled.append(outcome.cancelled)
    everyone = pl.concat(rejected).sort("row_number")
    assert rows.height == kept.height + everyone.height, "a cleaning step lost or invented rows"
    return Cleaned(kept=kept, rejected=everyone, cancelled=pl.concat(cancelled), steps=tuple(counts))


def _steps(file_format: FileFormat, whole: Step, now: datetime) -> Iterator[tuple[str, Step]]:
    """Missing values are put in before steps that compare values, and after those that remove nonsense."""
    cleaning = file_format.cleaning
    yield "short lines", whole
    yield "bad dates and zones", partial(cleaning.dates.apply, now=now)
    yield "duplicates", cleaning.duplicates.apply
    yield "non-products", cleaning.non_products.apply
    yield "non-positive prices", cleaning.non_positive_prices.apply
    yield "values out of range", cleaning.ranges.apply
    yield "missing values", cleaning.missing_values.apply
    yield "cancelled lines", partial(cleaning.cancellations.apply, zone=ZoneInfo(file_format.zone))
    yield "outliers", cleaning.outliers.apply


def _whole(rows: pl.DataFrame, *, short: pl.DataFrame, places: Mapping[Field, int]) -> Outcome:
    """What a line lacks at its end is empty, unless an event of its type has to say it."""
    if short.is_empty():
        return Outcome(kept=rows)
    counted = rows.join(short, on="row_number", how="left", maintain_order="left")
    told = [field for field in places if field in {*INDISPENSABLE, *WHAT}]
    lacking = [(pl.col("fields") <= places[field]) & belongs(field) for field in told]
    outcome = reject(counted, (pl.any_horizontal(pl.col("fields") == 0, *lacking), TOO_FEW_FIELDS))
    taken = short.height - outcome.rejected.height
    return replace(
        outcome, kept=outcome.kept.drop("fields"), notes={"without empty fields at the end": taken} if taken else {}
    )


def _count(name: str, before: pl.DataFrame, outcome: Outcome) -> StepCount:
    reasons = outcome.rejected.group_by("reason").len().sort("reason")
    return StepCount(
        step=name,
        rows_in=before.height,
        rejected=dict(reasons.iter_rows()),
        repaired=outcome.repaired,
        rows_out=outcome.kept.height,
        notes=dict(outcome.notes),
    )
