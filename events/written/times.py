"""Times as shops write them, into UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl

from events.event import TIME

LOCAL_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
OFFSET_FORMATS = ("%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z")
OFFSET = re.compile(r"%[:#]*z|%\+|(?<!%)(?:Z|UTC|GMT)$")
"""In a strptime format: what says how far the time is from UTC."""
ZONE_NAME = "%Z"
PROBE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
EPOCH = r"^-?\d{9,19}(\.\d+)?$"
MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
LOCAL = pl.Datetime("us")
FOUR_DIGITS = 1000
"""The first year that is written by so many."""
BEFORE_A_GAP = (timedelta(hours=1), timedelta(days=1))
"""So long before a time that the clocks skip they still ran as before; the second, where a whole day was left out."""
CALENDAR = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
"""Times outside of it are none."""
LIKELY = (datetime(1971, 1, 1, tzinfo=UTC), CALENDAR[1])
"""Of numbers: seconds taken for milliseconds, days and dates lie before, milliseconds taken for seconds after."""
ZERO = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 9e18
"""Of what 64 bits hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a file writes its times."""

    zone: str = "UTC"
    """Of times without an offset."""
    nonexistent: Literal["reject", "shift"] = "reject"
    ambiguous: Literal["earliest", "latest", "reject"] = "earliest"
    formats: tuple[str, ...] = ()
    """strptime formats beside ISO 8601; those with an offset give absolute times. What fits one is no epoch."""
    epoch_unit: Literal["s", "ms", "us"] = "s"


def format_problem(form: str) -> str | None:
    """What is wrong with a strptime format, and the way out; None for one that can be used."""
    if ZONE_NAME in form:
        return f"{form!r}: a zone's name is not read; write %z for an offset such as +01:00, or set zone"
    try:
        # %#z is for reading alone.
        written = pl.Series([PROBE]).dt.strftime(form.replace("%#z", "%z"))
        read = _parsed(pl.col(""), form, time_zone="UTC" if OFFSET.search(form) else None)
        (found,) = written.alias("").to_frame().select(read).to_series()
    except pl.exceptions.PolarsError:
        found = None
    if found is None or found.date() != PROBE.date():
        return f"{form!r} does not tell the day; write one such as %d/%m/%Y %H:%M"
    return None


def read_times(column: pl.Series, clock: Clock) -> pl.DataFrame:
    """Columns `time` (UTC), `time_problem` (a reason to reject the row, or null) and `repaired_time`.

    A time that is missing is null without a problem.
    """
    given, epoch = column.is_not_null(), _nothing(column, TIME)
    if clock.formats and column.dtype.is_numeric():
        column = _as_written(column)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        given = column.is_not_null() & (column != "")
        absolute, local, epoch = _from_strings(column, clock)
    elif isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        absolute, local = column.dt.convert_time_zone("UTC").cast(TIME), _nothing(column, LOCAL)
    elif column.dtype.is_temporal():
        absolute, local = _nothing(column, TIME), column.cast(LOCAL, strict=False)
    else:
        absolute, local, epoch = _nothing(column, TIME), _nothing(column, LOCAL), _from_epoch(column, clock)
    frame = pl.DataFrame({"given": given, "absolute": absolute, "local": local, "epoch": epoch})
    return frame.select(*_localised(clock))


def _as_written(column: pl.Series) -> pl.Series:
    """20241119.0 are 20241119, which a column with gaps makes of whole numbers."""
    number, whole = pl.col(column.name), pl.col(column.name).cast(pl.Int64, strict=False)
    written = pl.when(whole == number).then(whole.cast(pl.String)).otherwise(number.cast(pl.String))
    return column.to_frame().select(written).to_series()


def _from_strings(column: pl.Series, clock: Clock) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Absolute times (UTC), for those without an offset local times, and what the others are as numbers."""
    texts, said, iso = column.alias("text").to_frame(), pl.col("text"), _iso(pl.col("text"))
    own = {form: bool(OFFSET.search(form)) for form in clock.formats}
    offsets = [
        *(_parsed(iso, form, time_zone="UTC") for form in OFFSET_FORMATS),
        *(_by_own(texts, form, time_zone="UTC") for form, absolute in own.items() if absolute),
    ]
    locals_ = [
        *(_parsed(iso, form) for form in LOCAL_FORMATS),
        *(_by_own(texts, form) for form, absolute in own.items() if not absolute),
    ]
    absolute, local = (texts.select(pl.coalesce(*read)).to_series() for read in (offsets, locals_))
    number = pl.when(said.str.contains(EPOCH) & pl.lit(absolute.is_null() & local.is_null())).then(said)
    return absolute, local, _from_epoch(texts.select(number.cast(pl.Float64, strict=False)).to_series(), clock)


def _iso(text: pl.Expr) -> pl.Expr:
    """ISO 8601 as programs spell it: with T or a space, Z or UTC, +01 (PostgreSQL) or +01:00."""
    spaced = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[Tt]", "${1} ")
    return spaced.str.replace(r" ?([Zz]|UTC|GMT)$", "+00:00").str.replace(
        r"(:\d{2}(?:\.\d+)?) ?([+-]\d{2})$", "${1}${2}:00"
    )


def _parsed(text: pl.Expr, form: str, *, time_zone: str | None = None) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us", time_zone=time_zone)


def _by_own(texts: pl.DataFrame, form: str, *, time_zone: str | None = None) -> pl.Expr:
    """%Y takes the 14 of 01/02/14 for the year 14; such a time is left to the other formats."""
    read = texts.select(_parsed(pl.col("text"), form, time_zone=time_zone)).to_series()
    return pl.lit(read.zip_with(read.dt.year() >= FOUR_DIGITS, _nothing(read, read.dtype)))


def _from_epoch(column: pl.Series, clock: Clock) -> pl.Series:
    scaled = column.cast(pl.Float64, strict=False) * MICROSECONDS[clock.epoch_unit]
    whole = scaled.fill_nan(None).clip(-LARGEST, LARGEST).round().cast(pl.Int64, strict=False)
    return whole.cast(LOCAL).dt.replace_time_zone("UTC")


def _localised(clock: Clock) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Local times by the zone's clock, with what is wrong with them and whether a choice was made."""
    local = pl.col("local")
    first = local.dt.replace_time_zone(clock.zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
        "UTC"
    )
    last = local.dt.replace_time_zone(clock.zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    skipped = local.is_not_null() & first.is_null()
    twice = (first != last).fill_null(value=False)
    shifted = pl.coalesce(*(_by_the_clock_before(clock.zone, back) for back in BEFORE_A_GAP))
    # A date alone claims no time of the day: it begins when its day does.
    begins = (local == local.dt.truncate("1d")) & (
        shifted.dt.convert_time_zone(clock.zone).dt.date() == local.dt.date()
    )
    chosen = pl.when(twice).then(last if clock.ambiguous == "latest" else first).otherwise(first)
    resolved = pl.coalesce(chosen, pl.when(begins | pl.lit(clock.nonexistent == "shift")).then(shifted))
    refused = twice if clock.ambiguous == "reject" else pl.lit(value=False)
    told = pl.coalesce("absolute", "epoch", pl.when(~refused).then(resolved))
    time = pl.when(told.is_between(*CALENDAR)).then(told)
    problem = (
        pl.when(refused)
        .then(pl.lit("AMBIGUOUS_TIME"))
        .when(skipped & time.is_null())
        .then(pl.lit("NONEXISTENT_TIME"))
        # A zero is the same in each unit: it stands where no time is known, and is too early.
        .when(~pl.col("epoch").is_between(*LIKELY) & (pl.col("epoch") != ZERO))
        .then(pl.lit("TIME_IN_ANOTHER_UNIT"))
        .when(pl.col("given") & time.is_null())
        .then(pl.lit("UNREADABLE_TIME"))
    )
    return time.cast(TIME).alias("time"), problem.alias("time_problem"), (skipped | twice).alias("repaired_time")


def _by_the_clock_before(zone: str, back: timedelta) -> pl.Expr:
    """A local time in a gap, with the offset that was in force so much earlier."""
    before = (pl.col("local") - back).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return before.dt.convert_time_zone("UTC") + back


def _nothing(column: pl.Series, kind: pl.DataType) -> pl.Series:
    return pl.Series([None], dtype=kind).new_from_index(0, len(column))
