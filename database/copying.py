"""Frames into tables at the speed of COPY."""

import polars as pl
import polars.selectors as cs
import psycopg
from psycopg import sql

BLOCK_ROWS = 50_000
ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def copy_frame(connection: "psycopg.Connection[tuple[object, ...]]", table: str, frame: pl.DataFrame) -> None:
    """Append a frame to the columns of the same names; one block of text at a time is in memory.

    Lists of strings become text[]. Strings may not contain NUL, which PostgreSQL cannot store.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in frame.iter_slices(BLOCK_ROWS):
            copy.write(_text(block))


def _text(block: pl.DataFrame) -> bytes:
    r"""PostgreSQL's own text format: tabs between columns, backslash escapes, \N for null."""
    lists = [_array(name) for name, kind in block.schema.items() if isinstance(kind, pl.List)]
    literals = block.with_columns(*lists, cs.temporal().dt.to_string("iso"))
    escaped = literals.with_columns(cs.string().str.replace_many(ESCAPES))
    return escaped.write_csv(separator="\t", quote_style="never", null_value="\\N", include_header=False).encode()


def _array(name: str) -> pl.Expr:
    """A list of strings as PostgreSQL writes text[]."""
    element = pl.element().str.replace_many({"\\": "\\\\", '"': '\\"'})
    quoted = pl.col(name).list.eval(pl.concat_str(pl.lit('"'), element, pl.lit('"'))).list.join(",")
    return pl.concat_str(pl.lit("{"), quoted, pl.lit("}")).alias(name)
