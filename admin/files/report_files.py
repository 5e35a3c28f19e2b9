"""Views of analysts as files: written beside their place, row upon row, and put there when they are whole."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from database.reporting import analyst
from database.reporting.analyst import ReportColumn
from database.session import Snapshot
from scoring.whole_file import whole_file

ROWS_AT_ONCE = 50_000
TYPES = {
    "boolean": pa.bool_(), "smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(),
    "double precision": pa.float64(), "text": pa.string(), "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
"""A column of another type would be a question of how to write it; a test asks every view."""
FORMATS = (".csv", ".parquet")


def write(snapshot: Snapshot, view: str, path: Path) -> int:
    """Write a view to a file whose name ends with one of FORMATS; its size in bytes. Raises ViewNotFound."""
    columns = analyst.columns(snapshot, view)
    with whole_file(path) as unfinished:
        if path.suffix == ".csv":
            with unfinished.open("wb") as file:
                for piece in analyst.as_csv(snapshot, view):
                    file.write(piece)
        else:
            _write_parquet(snapshot, view, columns, unfinished)
    return path.stat().st_size


def _write_parquet(snapshot: Snapshot, view: str, columns: Sequence[ReportColumn], path: Path) -> None:
    """What each column means travels in the file."""
    schema = pa.schema(
        [pa.field(each.name, TYPES[each.type], metadata={"description": each.description}) for each in columns]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for rows in analyst.rows(snapshot, view, size=ROWS_AT_ONCE):
            arrays = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
