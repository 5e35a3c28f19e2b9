"""Files of items and of customers, whose columns carry our own field names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from events.cleaning.outcome import TOO_FEW_FIELDS, reject
from events.currency import LARGEST_MINOR, codes
from events.event import CUSTOMER_SCHEMA, ITEM_SCHEMA
from events.fields import IDS, Field
from events.files.cells import text_of
from events.files.reading import FileNotUsable, batches, columns_of, last_line_ends, other_separator
from events.files.room import with_room
from events.files.short_lines import short_lines
from events.formats import FormatNotUsable, known_currency
from events.minor_units import minor_units_per_major
from events.written import country
from events.zones import zones

AVAILABLE = "available"
"""Column of a file of items; what it says is no attribute of an item, as nothing is learned from it."""
YES, NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeFile:
    """A file of items or customers, read and checked."""

    rows: pl.DataFrame
    """In ITEM_SCHEMA or CUSTOMER_SCHEMA, one row for each id: the last one of the file."""
    rejected: pl.DataFrame
    """`row_number` and `reason`."""
    irrelevant_columns: Sequence[str]
    last_line_ends: bool
    """Where not, the file may have been cut off, and its last row may not be whole."""
    availability: Mapping[str, bool] = field(default_factory=dict)
    """Of the items of which the file says whether they can be had."""

    def report(self) -> dict[str, Any]:
        """What was read, for people and for the record."""
        reasons = self.rejected.group_by("reason").len().sort("reason")
        return {
            "rows_in": self.rows.height + self.rejected.height,
            "rows_out": self.rows.height,
            "rejected": self.rejected.height,
            "reasons": dict(reasons.iter_rows()),
            "irrelevant_columns": list(self.irrelevant_columns),
            "last_line_ends": self.last_line_ends,
        }


def read_items(path: Path, *, currency: str | None = None) -> AttributeFile:
    """Items; `unit_price` is in major units, `unit_price_minor` in minor ones, `currency` is that of prices without.

    `available` says yes or no, and nothing where it is empty. Raises FileNotUsable and FormatNotUsable.
    """
    table = _table(path, [*ITEM_SCHEMA, "unit_price", AVAILABLE], key="item_id")
    usual = None if currency is None else known_currency(currency)
    own = pl.coalesce(pl.col("currency").str.to_uppercase(), pl.lit(usual, pl.String))
    major, minor = (pl.col(name).cast(pl.Float64, strict=False) for name in ("unit_price", "unit_price_minor"))
    priced = table.rows.with_columns(
        pl.coalesce(minor, major * minor_units_per_major(own)).alias("price"),
        pl.coalesce("unit_price_minor", "unit_price").is_not_null().alias("has_price"),
        own.alias("currency"),
        pl.col(AVAILABLE).str.to_lowercase(),
    )
    if priced.select((pl.col("has_price") & pl.col("currency").is_null()).any()).item():
        raise FormatNotUsable("currency: the file has prices and names no currency; pass --currency, such as GBP")
    unreadable = pl.col("has_price") & ~pl.col("price").is_finite().fill_null(value=False)
    checks = [
        (unreadable, "UNREADABLE_UNIT_PRICE"),
        (pl.col("price") < 0, "NEGATIVE_PRICE"),
        (pl.col("price") > LARGEST_MINOR, "PRICE_OUT_OF_RANGE"),
        (~pl.col("currency").is_in(sorted(codes())), "UNREADABLE_CURRENCY"),
        (~pl.col(AVAILABLE).is_in([*YES, *NO]), "UNREADABLE_AVAILABLE"),
    ]
    exact = pl.col("price").round().cast(pl.Int64, strict=False).alias("unit_price_minor")
    known = pl.when(pl.col("price").is_not_null()).then("currency").alias("currency")
    said = pl.Schema({**ITEM_SCHEMA, AVAILABLE: pl.String()})
    file = _checked(table, priced, "item_id", checks, said, [exact, known])
    answers = file.rows.select("item_id", pl.col(AVAILABLE).is_in(YES)).filter(file.rows[AVAILABLE].is_not_null())
    return replace(file, rows=file.rows.drop(AVAILABLE), availability=dict(answers.iter_rows()))


def read_customers(path: Path) -> AttributeFile:
    """Customers; `consented_channels` is a list, or words joined by '|'. Raises FileNotUsable and FormatNotUsable."""
    table = _table(path, list(CUSTOMER_SCHEMA), key="customer_id")
    unknown = ~pl.col("zone").is_in(sorted(zones()))
    words = pl.col("consented_channels").str.to_lowercase().str.split("|")
    channels = words.list.eval(pl.element().str.strip_chars()).list.drop_nulls().list.unique(maintain_order=True)
    listed = channels.list.eval(pl.element().filter(pl.element() != "")).alias("consented_channels")
    preferred = pl.col("preferred_channel").str.to_lowercase()
    final = [country.spelled(pl.col("country")), preferred, listed]
    return _checked(table, table.rows, "customer_id", [(unknown, "UNKNOWN_ZONE")], CUSTOMER_SCHEMA, final)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    rows: pl.DataFrame
    cut: pl.Series
    """`row_number` of lines that end before the id, or have no end."""
    irrelevant_columns: Sequence[str]
    last_line_ends: bool


def _table(path: Path, fields: Sequence[str], *, key: str) -> _Table:
    """The file's columns of these names as trimmed strings, null where the file has none of that name."""
    present = columns_of(path)
    if key not in present:
        raise FormatNotUsable(
            f"columns: the file has no column {key}; it has {', '.join(present)}. "
            f"Rename that of the ids{other_separator(present)}"
        )
    listed = (_joined_lists(batch, fields) for batch in batches(path, [name for name in present if name in fields]))
    said = (batch.select("row_number", *_texts(batch.schema, fields)) for batch in listed)
    blocks = list(with_room(path, said))
    empty = pl.DataFrame(schema={"row_number": pl.UInt32(), **dict.fromkeys(fields, pl.String())})
    rows = pl.concat([empty, *(block.cast({"row_number": pl.UInt32}) for block in blocks)])
    others = tuple(name for name in present if name not in fields)
    short = short_lines(path)
    cut = short.filter(pl.col("fields") <= present.index(key))["row_number"]
    return _Table(rows=rows, cut=cut, irrelevant_columns=others, last_line_ends=last_line_ends(path))


def _joined_lists(batch: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    nested = {name: kind for name, kind in batch.schema.items() if name in fields and kind.is_nested()}
    for name, kind in nested.items():
        if not isinstance(kind, pl.List) or kind.inner.is_nested() or kind.inner == pl.Binary:
            raise FileNotUsable(f"columns: {name} holds {kind}; write it as text or as a list of texts")
    return batch.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join("|") for name in nested)


def _texts(schema: pl.Schema, fields: Sequence[str]) -> list[pl.Expr]:
    return [_text(name, schema[name]) if name in schema else pl.lit(None, pl.String).alias(name) for name in fields]


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    """An empty list of channels stays empty rather than unknown: it says that the customer consents to none."""
    number = name in {Field.UNIT_PRICE, Field.UNIT_PRICE_MINOR}
    trimmed = pl.col(name).cast(pl.String).str.strip_chars() if number else text_of(name, kind)
    return trimmed if name == "consented_channels" else pl.when(trimmed != "").then(trimmed).alias(name)


def _checked(
    table: _Table,
    rows: pl.DataFrame,
    key: str,
    checks: Sequence[tuple[pl.Expr, str]],
    schema: pl.Schema,
    final: Sequence[pl.Expr],
) -> AttributeFile:
    # Exports grow at their end. What is wrong with the last row makes no earlier one true again.
    overtaken = ~pl.col(key).is_last_distinct()
    split = reject(
        rows, (pl.col(key).is_null(), f"MISSING_{key.upper()}"),
        (pl.col("row_number").is_in(table.cut.implode()), TOO_FEW_FIELDS),
        (~pl.col(key).str.contains(IDS[Field(key)]), f"UNUSABLE_{key.upper()}"),
        (overtaken, f"DUPLICATE_{key.upper()}"), *checks,
    )  # fmt: skip
    kept = split.kept.with_columns(final).select(schema.names()).cast(schema)
    assert kept.height + split.rejected.height == table.rows.height, "a check lost or invented rows"
    return AttributeFile(
        rows=kept, rejected=split.rejected, irrelevant_columns=table.irrelevant_columns,
        last_line_ends=table.last_line_ends,
    )  # fmt: skip
