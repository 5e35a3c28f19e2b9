"""A shop's events file, whole: read, cleaned and in the canonical schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from events.canonical import canonical_rows
from events.cleaning.missing import IMPUTABLE
from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA, ITEM_SCHEMA, EventType
from events.fields import IDS, ROW_SCHEMA, Field
from events.files.reading import FileNotUsable, batches, columns_of, last_line_ends, row_count
from events.files.room import require_room, with_room
from events.files.short_lines import short_lines
from events.formats import FileFormat, preset
from events.identity import identified
from events.minor_units import minor_units_per_major
from events.pipeline import Cleaned, clean
from events.quality.figures import Profile, QualityReport, StepCount

HALF_A_MILLIONTH = 5e-7
ROUNDED_AWAY = 0.01
"""Of a line's amount: what a unit price in whole minor units may change at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A cleaned file."""

    events: pl.DataFrame
    """In EVENT_SCHEMA, by time, those of one instant as in the file."""
    cancelled: pl.DataFrame
    """Returns that undo a purchase of the same day, with its `purchase_id`, in EVENT_SCHEMA; neither is an event."""
    items: pl.DataFrame
    """In ITEM_SCHEMA: what the file says of the items of its events."""
    customers: pl.DataFrame
    """In CUSTOMER_SCHEMA: what the file says of the customers of its events."""
    seen: pl.DataFrame
    """`customer_id` and the `time` of the first row, of all whom the file names: also where no row became an event."""
    rejected: pl.DataFrame
    """`row_number` and `reason` of every row that became no event."""
    report: QualityReport


def load_events(
    path: Path,
    file_format: FileFormat | None = None,
    *,
    currency: str | None = None,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Loaded:
    """Read and clean a file of CSV, Parquet or lines of JSON; the canonical preset by default.

    `currency` is that of prices without one of their own. Times after `now` are rejected. `progress` is told how many
    rows more were read. The file is read in batches; its rows stay in memory in the compact form of ROW_SCHEMA, because
    duplicates, cancellations and outliers are judged over the whole file: about 0.6 GB at the peak for a million rows,
    and twice the size of their texts.
    Raises FileNotUsable and FormatNotUsable.
    """
    used = (file_format or preset("canonical")).with_currency(currency)
    present = columns_of(path, used.layout)
    mapped = used.columns_in(present)
    require_room(path, row_count(path, used.layout))
    rows = _rows(path, used, list(mapped), progress)
    places = {field: present.index(column) for column, field in mapped.items()}
    cleaned = clean(rows, used, short=short_lines(path, used.layout), places=places, now=now)
    return Loaded(
        events=_events(cleaned.kept, rows).sort("time", maintain_order=True),
        cancelled=_cancelled(cleaned.cancelled, rows),
        items=_items(cleaned.kept),
        customers=_customers(cleaned.kept),
        seen=_seen(rows),
        rejected=cleaned.rejected,
        report=_report(
            rows,
            cleaned,
            mapped,
            left_out=[column for column in present if column not in mapped],
            whole=last_line_ends(path),
        ),
    )


def _rows(path: Path, file_format: FileFormat, columns: Sequence[str], progress: Callable[[int], None]) -> pl.DataFrame:
    blocks = [ROW_SCHEMA.to_frame()]
    read = batches(path, columns, file_format.layout)
    for block in with_room(path, (canonical_rows(batch, file_format) for batch in read)):
        blocks.append(block)
        progress(block.height)
    rows = pl.concat(blocks)
    if rows.is_empty():
        raise FileNotUsable(f"{path}: it has a header and no rows")
    return rows


def _report(
    rows: pl.DataFrame, cleaned: Cleaned, mapped: Mapping[str, Field], *, left_out: Sequence[str], whole: bool
) -> QualityReport:
    minor = cleaned.kept.select(_minor()).to_series()
    fields = [Field.UNIT_PRICE if field is Field.UNIT_PRICE_MINOR else field for field in mapped.values()]
    return QualityReport(
        rows_in=rows.height,
        rows_out=cleaned.kept.height,
        rejected=cleaned.rejected.height,
        repaired=sum(step.repaired for step in cleaned.steps),
        irrelevant_columns=tuple(left_out),
        last_line_ends=whole,
        rounded_prices=int(((minor - minor.round()).abs() > HALF_A_MILLIONTH).sum()),
        steps=(_irrelevant(left_out, rows.height), *cleaned.steps),
        before=Profile.of(rows, fields),
        after=Profile.of(cleaned.kept, fields),
    )


def _irrelevant(columns: Sequence[str], rows: int) -> StepCount:
    notes = {"left out": ", ".join(columns)} if columns else {}
    return StepCount(step="irrelevant columns", rows_in=rows, rejected={}, repaired=0, rows_out=rows, notes=notes)


def _minor() -> pl.Expr:
    return (pl.col("unit_price") * minor_units_per_major(pl.col("currency"))).alias("unit_price_minor")


def _events(kept: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    events = _canonical(_by_the_line(kept))
    if not events["event_id"].has_nulls():
        return events
    read = rows.select("row_number", *IMPUTABLE)
    said = kept.select("row_number").join(read, on="row_number", how="left", maintain_order="left")
    return identified(events, _canonical(kept.with_columns(said)))


def _cancelled(pairs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    bought, returned = (
        pairs.select(pl.col(name).alias("row_number")).join(rows, on="row_number", how="left", maintain_order="left")
        for name in pairs.columns
    )
    return _events(returned, rows).with_columns(_events(bought, rows)["event_id"].alias("purchase_id"))


def _by_the_line(rows: pl.DataFrame) -> pl.DataFrame:
    """A line whose unit price is lost in whole minor units, as fuel by the millilitre, is one piece at its amount."""
    minor = _minor()
    lost = (minor.round() - minor).abs() > ROUNDED_AWAY * minor
    amount, one = pl.col("unit_price") * pl.col("quantity"), pl.lit(1.0)
    return rows.with_columns(
        pl.when(lost & amount.is_not_null()).then(said).otherwise(field).alias(field)
        for field, said in (("unit_price", amount), ("quantity", one))
    )


def _canonical(rows: pl.DataFrame) -> pl.DataFrame:
    priced = rows.with_columns(
        _minor().round().cast(pl.Int64), pl.when(pl.col("unit_price").is_not_null()).then("currency").alias("currency")
    )
    return priced.select(EVENT_SCHEMA.names()).cast(EVENT_SCHEMA)


def _items(kept: pl.DataFrame) -> pl.DataFrame:
    """An item's most frequent words, and the median price in the currency in which it was bought most often."""
    priced = kept.lazy().filter(pl.col("event_type") == int(EventType.PURCHASE), pl.col("unit_price").is_not_null())
    bought = priced.select("item_id", "currency", "unit_price").collect()
    currencies = _most_frequent(bought, "item_id", "currency")
    median = _minor().median().round().cast(pl.Int64)
    prices = bought.join(currencies, on=["item_id", "currency"]).group_by("item_id", "currency").agg(median)
    words = [_most_frequent(kept, "item_id", name) for name in ("title", "category", "brand")]
    items = _joined(kept.select(pl.col("item_id").drop_nulls().unique().sort()), "item_id", [*words, prices])
    return items.select(ITEM_SCHEMA.names()).cast(ITEM_SCHEMA)


def _customers(kept: pl.DataFrame) -> pl.DataFrame:
    ids = kept.select(pl.col("customer_id").unique().sort())
    known = _joined(ids, "customer_id", [_most_frequent(kept, "customer_id", "country")])
    unknown = [pl.lit(None, kind).alias(name) for name, kind in CUSTOMER_SCHEMA.items() if name not in known.columns]
    return known.with_columns(unknown).select(CUSTOMER_SCHEMA.names()).cast(CUSTOMER_SCHEMA)


def _seen(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.lazy().filter(pl.col("customer_id").str.contains(IDS[Field.CUSTOMER_ID]), pl.col("time").is_not_null())
    return named.group_by("customer_id").agg(pl.col("time").min()).collect()


def _joined(left: pl.DataFrame, key: str, others: list[pl.DataFrame]) -> pl.DataFrame:
    for other in others:
        left = left.join(other, on=key, how="left", maintain_order="left")
    return left


def _most_frequent(kept: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """The value that stands most often beside each key; among equals the first by its letters."""
    counts = kept.lazy().filter(pl.col(name).is_not_null()).group_by(key, name).len()
    ordered = counts.sort(key, "len", name, descending=[False, True, False])
    return ordered.group_by(key, maintain_order=True).agg(pl.col(name).first()).collect()
