"""Cells of a shop's file: which kinds of columns a field can be read from, and what a cell says as text."""

from collections.abc import Mapping

import polars as pl

from events.fields import NUMBERS, Field
from events.files.reading import FileNotUsable

WHOLE_NUMBER = r"^([0-9]+)\.0$"
"""Of an id. `ids_said` of the database reads rejected rows in the same way, so that an erasure finds them."""


def require_readable(schema: pl.Schema, mapped: Mapping[str, Field]) -> None:
    """Raises FileNotUsable for a list of quantities, a day that would be a price, and the like."""
    for column, field in mapped.items():
        if not _readable(schema[column], field):
            raise FileNotUsable(
                f"columns: {column} holds {schema[column]}, from which {field} cannot be read; "
                f"write it as {_wanted(field)}"
            )


def text_of(name: str, kind: pl.DataType) -> pl.Expr:
    """Trimmed. Spreadsheets and data frames write the customer 17850 as 17850.0, one missing number suffices."""
    column = pl.col(name)
    if kind.is_float():
        column = (
            pl.when(column == column.floor())
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.fill_nan(None).cast(pl.String))
        )
    text = column.cast(pl.String).str.strip_chars()
    return text.str.replace(WHOLE_NUMBER, "${1}") if name == Field.CUSTOMER_ID else text


def _readable(kind: pl.DataType, field: Field) -> bool:
    if kind in (pl.String, pl.Null):
        return True
    if field is Field.TIME:
        return kind.is_numeric() or kind == pl.Date or isinstance(kind, pl.Datetime)
    return kind.is_numeric() if field in NUMBERS else not kind.is_nested()


def _wanted(field: Field) -> str:
    if field is Field.TIME:
        return "text, a timestamp, a day or seconds since 1970"
    return "a number or text" if field in NUMBERS else "text"
