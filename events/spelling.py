"""How a file spells ids that are known by other names."""

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from events.fields import Field
from events.files.cells import text_of
from events.files.reading import USUAL, Layout, batches, columns_of
from events.formats import FileFormat

SPELLED = pl.Schema({"known": pl.String(), "written": pl.String()})
"""Of ids whose name is not what stands in the file."""
Spellings = Mapping[Field, pl.DataFrame]
"""In SPELLED, of customers and items."""


def spellings(path: Path, file_format: FileFormat) -> Spellings:
    """The first text of each id that stands as 17850.0, between blanks or in small letters. Raises FileNotUsable."""
    return _spellings(path, file_format.columns, file_format.uppercase, file_format.layout)


def spellings_of_items(path: Path) -> Spellings:
    """The same of a file of items."""
    return _spellings(path, {"item_id": Field.ITEM_ID})


def _spellings(
    path: Path, columns: Mapping[str, Field], uppercase: Collection[Field] = (), layout: Layout = USUAL
) -> Spellings:
    present = columns_of(path, layout)
    ids = {name: columns[name] for name in present if columns.get(name) in (Field.CUSTOMER_ID, Field.ITEM_ID)}
    found = {field: [SPELLED.to_frame()] for field in ids.values()}
    for batch in batches(path, [*ids], layout):
        for name, field in ids.items():
            if batch.schema[name] == pl.String:
                found[field].append(_spelled(batch[name], field, upper=field in uppercase))
    first = {field: pl.concat(some).unique("known", keep="first", maintain_order=True) for field, some in found.items()}
    return {field: table.filter(pl.col("known") != pl.col("written")) for field, table in first.items()}


def _spelled(column: pl.Series, field: Field, *, upper: bool) -> pl.DataFrame:
    texts = column.alias(field).to_frame().unique(maintain_order=True).drop_nulls()
    known = text_of(field, pl.String())
    return texts.select((known.str.to_uppercase() if upper else known).alias("known"), pl.col(field).alias("written"))
