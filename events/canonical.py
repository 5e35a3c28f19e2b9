"""A batch of a file's rows into rows of canonical fields, losing none: what is wrong is marked, not dropped."""

import polars as pl

from events.currency import codes
from events.event import EventType
from events.fields import NUMBERS, ROW_SCHEMA, STRINGS, Field
from events.files.cells import require_readable, text_of
from events.formats import WORDS, FileFormat, FormatNotUsable
from events.minor_units import minor_units_per_major
from events.written import country
from events.written.times import Clock, read_times


def canonical_rows(batch: pl.DataFrame, file_format: FileFormat) -> pl.DataFrame:
    """From `row_number` and the file's columns to ROW_SCHEMA, row for row. Raises FileNotUsable and FormatNotUsable."""
    mapped = file_format.columns_in(batch.columns[1:])
    require_readable(batch.schema, mapped)
    raw = batch.select(pl.col(column).alias(field) for column, field in mapped.items())
    keys = [raw.hash_rows(seed=0).alias("key_a"), raw.hash_rows(seed=1).alias("key_b")]
    times = read_times(raw[Field.TIME], _clock(file_format))
    absent = [pl.lit(None, pl.String).alias(field) for field in Field if field not in raw.columns]
    read = raw.drop(Field.TIME).with_columns(*absent)
    typed = read.select(
        _unreadable(read.schema, file_format).alias("unreadable"),
        _type(read.schema, file_format).alias("event_type"),
        _cancellation(read.schema, file_format).alias("cancellation"),
        *(_number(field, read.schema[field], file_format).alias(field) for field in NUMBERS),
        *(_string(field, read.schema[field], file_format).alias(field) for field in STRINGS),
    )
    rows = pl.concat([batch.select("row_number"), pl.DataFrame(keys), times, typed], how="horizontal")
    return _priced(rows, file_format).select(ROW_SCHEMA.names()).cast(ROW_SCHEMA)


def _clock(file_format: FileFormat) -> Clock:
    return Clock(
        zone=file_format.zone,
        nonexistent=file_format.nonexistent_times,
        ambiguous=file_format.ambiguous_times,
        formats=file_format.time_formats,
        epoch_unit=file_format.epoch_unit,
    )


def _string(field: Field, kind: pl.DataType, file_format: FileFormat) -> pl.Expr:
    """What is empty is missing."""
    text = text_of(field, kind)
    if field in {*file_format.uppercase, Field.CURRENCY}:
        text = text.str.to_uppercase()
    if field is Field.COUNTRY:
        text = country.spelled(text)
    return pl.when(text != "").then(text)


def _number(field: Field, kind: pl.DataType, file_format: FileFormat) -> pl.Expr:
    column = pl.col(field)
    if kind == pl.String:
        column = file_format.numbers.plain(column.str.strip_chars())
    number = column.cast(pl.Float64, strict=False).fill_nan(None)
    return pl.when(number.is_finite()).then(number)


def _words(file_format: FileFormat) -> dict[str, int]:
    words = {**WORDS} | {word.lower(): ours for word, ours in file_format.event_type.words.items()}
    return {word: int(EventType[ours.upper()]) for word, ours in words.items()}


def _type(schema: pl.Schema, file_format: FileFormat) -> pl.Expr:
    rule = file_format.event_type
    if rule.constant is None:
        word = pl.col(Field.EVENT_TYPE).cast(pl.String).str.strip_chars().str.to_lowercase()
        kind = word.replace_strict(_words(file_format), default=None, return_dtype=pl.Int16)
    else:
        kind = pl.lit(int(EventType[rule.constant.upper()]), pl.Int16)
    returned = _cancelled(file_format)
    if rule.return_negative_quantity:
        negative = _number(Field.QUANTITY, schema[Field.QUANTITY], file_format) < 0
        returned = returned | negative.fill_null(value=False)
    return pl.when(returned).then(pl.lit(int(EventType.RETURN), pl.Int16)).otherwise(kind)


def _cancelled(file_format: FileFormat) -> pl.Expr:
    prefix = file_format.event_type.return_order_prefix
    if prefix is None:
        return pl.lit(value=False)
    return pl.col(Field.ORDER_ID).cast(pl.String).str.strip_chars().str.starts_with(prefix).fill_null(value=False)


def _cancellation(schema: pl.Schema, file_format: FileFormat) -> pl.Expr:
    """What the report counts as one: an order marked so, or a return where the format knows no mark."""
    if file_format.event_type.return_order_prefix is not None:
        return _cancelled(file_format)
    return (_type(schema, file_format) == int(EventType.RETURN)).fill_null(value=False)


def _unreadable(schema: pl.Schema, file_format: FileFormat) -> pl.Expr:
    """The first field with content that its type cannot hold."""
    checks = [(field, _number(field, schema[field], file_format)) for field in NUMBERS if schema[field] == pl.String]
    if file_format.event_type.constant is None:
        checks.append((Field.EVENT_TYPE, _type(schema, file_format)))
    currency = _string(Field.CURRENCY, schema[Field.CURRENCY], file_format)
    checks.append((Field.CURRENCY, pl.when(currency.is_in(sorted(codes()))).then(currency)))
    given = (pl.col(field).cast(pl.String).str.strip_chars() != "" for field, _ in checks)
    infinite = (
        pl.when(pl.col(field).is_infinite()).then(pl.lit(field.value)) for field in NUMBERS if schema[field].is_float()
    )
    return pl.coalesce(
        *(
            pl.when(has & value.is_null()).then(pl.lit(field.value))
            for (field, value), has in zip(checks, given, strict=True)
        ),
        *infinite,
        pl.lit(None, pl.String),
    )


def _priced(rows: pl.DataFrame, file_format: FileFormat) -> pl.DataFrame:
    """Prices in major units with a currency; quantities positive where the sign only says that it is a return."""
    currency = pl.coalesce(Field.CURRENCY, pl.lit(file_format.currency, pl.String))
    major = pl.coalesce(Field.UNIT_PRICE, pl.col(Field.UNIT_PRICE_MINOR) / minor_units_per_major(currency))
    quantity = pl.col(Field.QUANTITY)
    if rows.select((major.is_not_null() & currency.is_null()).any()).item():
        raise FormatNotUsable("currency: the file has prices and names no currency; pass --currency, such as GBP")
    return rows.with_columns(
        currency.alias(Field.CURRENCY),
        major.alias(Field.UNIT_PRICE),
        quantity.abs() if file_format.event_type.return_negative_quantity else quantity,
    )
