"""How a file spells ids that are known by a shorter name."""

from pathlib import Path

import polars as pl

from events.fields import Field
from events.files.cells import text_of
from events.files.reading import batches
from events.formats import FileFormat

SPELLED = pl.Schema({"customer_id": pl.String(), "written": pl.String()})


def spellings(path: Path, file_format: FileFormat) -> pl.DataFrame:
    """In SPELLED: of customers whose id stands in a column of texts as 17850.0, that text. Raises FileNotUsable."""
    column = next(column for column, field in file_format.columns.items() if field is Field.CUSTOMER_ID)
    found = [SPELLED.to_frame()]
    for batch in batches(path, [column], separator=file_format.separator, encoding=file_format.encoding):
        if batch.schema[column] == pl.String:
            texts = batch.select(pl.col(column).str.strip_chars().alias(Field.CUSTOMER_ID)).unique(maintain_order=True)
            known = text_of(Field.CUSTOMER_ID, pl.String())
            found.append(texts.select(known, pl.col(Field.CUSTOMER_ID).alias("written")).drop_nulls())
    first = pl.concat(found).unique(Field.CUSTOMER_ID, keep="first", maintain_order=True)
    return first.filter(pl.col(Field.CUSTOMER_ID) != pl.col("written"))
