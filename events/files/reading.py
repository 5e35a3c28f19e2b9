"""Files in, in batches: CSV, Parquet and lines of JSON give the same rows."""

import os
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from functools import partial
from glob import escape
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl
import polars.selectors as cs

BATCH_ROWS = 50_000
LONGEST_TEXT = 20_000
"""Symbols: more than any field may have. A Parquet file of some kB may say a gigabyte."""
LONGEST_BYTES = 4 * LONGEST_TEXT
"""In UTF-8."""
LONGEST_KEPT = 4_000
"""Symbols of a text in a row that was rejected."""
BYTES_AT_ONCE = 1 << 27
"""Of texts in a batch. Rows of Parquet may share a text, and do so no longer once it is cut off."""
REJECTED_SCHEMA = pl.Schema({"row_number": pl.Int64(), "reason": pl.String(), "content": pl.String()})
Encoding = Literal["utf8", "utf8-lossy"]
PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt")
JSON_LINES = (".jsonl", ".ndjson")
IDS_ARE_TEXT = {"customer_id": pl.String()}
"""The customer 00017 is not 17."""
PRINTABLE_DAYS = 200_000 * 365
"""From 1970 either way. Polars can put no later day into words, nor into another unit."""
SEPARATORS = ";\t|,"
FROM_UTF_16 = "iconv -f UTF-16 -t UTF-8"
NUL_IN_JSON = r"(\\\\)|\\u0000"
"""Or a backslash of the text, which is two of them and stays."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
UNITS_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000}


class Layout(NamedTuple):
    """Of a file of text."""

    separator: str | None = None
    """Between fields; by default a comma, in files whose name ends with .tsv a tab."""
    encoding: Encoding = "utf8"


USUAL = Layout()


class FileNotUsable(Exception):
    """A file cannot be read; the message says why and what to do."""


def batches(path: Path, columns: Sequence[str] | None = None, layout: Layout = USUAL) -> Iterator[pl.DataFrame]:
    """The file's rows with `row_number` (from 1) before its columns; CSV columns are strings.

    Others than `columns` need not be there; a CSV has them all, else nobody would see that a line is too long.

    A batch is 50,000 rows at most, whatever the file's size. Of a text its first 20,000 symbols count, without NUL,
    which PostgreSQL stores neither as text nor in JSON. Raises FileNotUsable.
    """
    scan = _scan(path, layout).with_row_index("row_number", offset=1)
    if columns is not None and path.suffix.lower() not in CSV:
        scan = scan.select("row_number", *columns)
    text = cs.string().str.head(LONGEST_TEXT).str.replace_all("\0", "", literal=True)
    try:
        for batch in scan.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            for part in _parts(_decoded(batch)):
                said = cs.binary().map_elements(_said, return_dtype=pl.String)
                yield _printable(part.with_columns(said)).with_columns(text)
    except pl.exceptions.PolarsError as error:
        raise FileNotUsable(_explained(path, error)) from error


def _parts(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Halves of halves, as far as their texts take too much room."""
    if batch.height <= 1 or _room(batch) <= BYTES_AT_ONCE:
        yield batch
        return
    middle = batch.height // 2
    yield from _parts(batch.head(middle))
    yield from _parts(batch.tail(-middle))


def _room(batch: pl.DataFrame) -> int:
    lengths = batch.select(cs.string().str.len_bytes().clip(upper_bound=LONGEST_BYTES).cast(pl.UInt64).sum())
    return sum(map(int, lengths.row(0) if lengths.width else ())) + int(batch.select(~cs.string()).estimated_size())


def _decoded(batch: pl.DataFrame) -> pl.DataFrame:
    """What Parquet keeps as codes of words is text; of bytes as many as may be."""
    words = batch.select(cs.categorical() | cs.enum()).get_columns()
    return batch.with_columns(*map(_words, words), cs.binary().bin.slice(0, LONGEST_BYTES))


def _words(codes: pl.Series) -> pl.Series:
    """Each word is cut off once: written out in full for each row, few of them would take all memory."""
    words = codes.unique()
    known = pl.DataFrame({"code": words.to_physical(), codes.name: words.cast(pl.String).str.head(LONGEST_TEXT)})
    said = pl.DataFrame({"code": codes.to_physical()}).join(known, on="code", how="left", maintain_order="left")
    return said[codes.name]


def _printable(batch: pl.DataFrame) -> pl.DataFrame:
    """Days that nobody can mean become the farthest ones: a time so far away is refused by its row."""
    farthest = {
        name: PRINTABLE_DAYS * (UNITS_PER_DAY[kind.time_unit] if isinstance(kind, pl.Datetime) else 1)
        for name, kind in batch.schema.items()
        if kind == pl.Date or (isinstance(kind, pl.Datetime) and kind.time_unit in UNITS_PER_DAY)
    }
    return batch.with_columns(
        pl.col(name).to_physical().clip(-far, far).cast(batch.schema[name]) for name, far in farthest.items()
    )


def _said(content: bytes) -> str | None:
    """What Parquet does not say is text, may be one; other bytes say nothing. What is cut off may end in a symbol."""
    try:
        return getincrementaldecoder("utf-8")().decode(content, final=len(content) < LONGEST_BYTES)
    except UnicodeDecodeError:
        return None


def columns_of(path: Path, layout: Layout = USUAL) -> list[str]:
    """The file's own columns. Raises FileNotUsable."""
    try:
        names = _scan(path, layout).collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileNotUsable(_explained(path, error)) from error
    if any("\0" in name for name in names):
        raise FileNotUsable(f"{path}: a column's name has a NUL byte; if it is UTF-16, convert it ({FROM_UTF_16})")
    return names


def separator_of(path: Path, layout: Layout) -> str:
    """The one that was asked for, else the usual one of a file of this name."""
    return layout.separator or ("\t" if path.suffix.lower() == ".tsv" else ",")


def other_separator(present: Sequence[str]) -> str:
    """The way out of a file whose columns look like one; begins with a separator, empty for other files."""
    found = next((mark for mark in SEPARATORS if len(present) == 1 and mark in present[0]), None)
    if found is None:
        return ""
    return f"; its fields seem to lie between {found!r}: a mapping may say so (separator), else they lie between commas"


def row_count(path: Path, layout: Layout = USUAL) -> int:
    """How many rows the file has: for a progress bar. Raises FileNotUsable."""
    try:
        return int(_scan(path, layout).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileNotUsable(_explained(path, error)) from error


def last_line_ends(path: Path) -> bool:
    """Whether a file is whole as far as can be told: a CSV may lack the end of its last line, or have lost more."""
    if path.suffix.lower() not in CSV:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in b"\r\n"


def rejected_rows(path: Path, rejected: pl.DataFrame, layout: Layout = USUAL) -> Iterator[pl.DataFrame]:
    """Rejected rows as they stand in the file, in batches of REJECTED_SCHEMA; `content` is a JSON object.

    `rejected` has `row_number` and `reason`. Reading the file a second time spares keeping all rows in memory.
    """
    if rejected.is_empty():
        return
    for batch in batches(path, layout=layout):
        doomed = batch.with_columns(cs.string().str.head(LONGEST_KEPT))
        doomed = doomed.join(rejected, on="row_number", maintain_order="left")
        mute = [name for name, kind in batch.schema.items() if kind.is_nested() and not _speaks(kind)]
        content = pl.struct(pl.col(batch.columns[1:])).struct.json_encode()
        said = content.str.replace_all(NUL_IN_JSON, "${1}").alias("content")
        doomed = doomed.with_columns(pl.lit(None, pl.String).alias(name) for name in mute)
        doomed = doomed.with_columns(map(_brief, doomed.select(cs.nested()).columns))
        yield doomed.select("row_number", "reason", said).cast(REJECTED_SCHEMA)


def _brief(name: str) -> pl.Expr:
    """What would take more room than a text may have is left out."""
    length = pl.struct(name).struct.json_encode().str.len_bytes()
    return pl.when(length <= LONGEST_KEPT).then(name).alias(name)


def table(path: Path) -> pl.DataFrame:
    """A whole file, CSV columns with the kinds that their values have, but ids of customers. Raises FileNotUsable."""
    try:
        return _scan(path, USUAL, typed=True).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileNotUsable(_explained(path, error)) from error


def _speaks(kind: pl.DataType | pl.datatypes.DataTypeClass) -> bool:
    """Whether every value of this kind can be told in JSON: bytes cannot, nor can each time that lies deep inside."""
    if isinstance(kind, pl.Struct):
        return all(map(_speaks, kind.to_schema().values()))
    if isinstance(kind, pl.List | pl.Array):
        return _speaks(kind.inner)
    return kind != pl.Binary and not kind.is_temporal()


def fingerprint(path: Path, *options: str) -> str:
    """SHA-256 over a file's bytes and the options that it is read with."""
    digest = sha256("\0".join(options).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _scan(path: Path, layout: Layout, *, typed: bool = False) -> pl.LazyFrame:
    if not path.is_file():
        raise FileNotUsable(f"{path}: there is no such file")
    if path.suffix.lower() in PARQUET:
        return pl.scan_parquet(path, glob=False)
    if path.suffix.lower() in JSON_LINES:
        return _lines_of_json(path)
    begins = _begins(path)
    if begins.startswith(COMPRESSED):
        raise FileNotUsable(f"{path}: it is compressed; unpack it (gunzip, unzstd)")
    if path.suffix.lower() in CSV:
        if begins.startswith(UTF_16):
            raise FileNotUsable(f"{path}: it is UTF-16; convert it ({FROM_UTF_16})")
        return pl.scan_csv(
            path, separator=separator_of(path, layout), encoding=layout.encoding, infer_schema=typed,
            infer_schema_length=None, schema_overrides=IDS_ARE_TEXT, glob=False,
        )  # fmt: skip
    endings = ", ".join((*CSV, *PARQUET, *JSON_LINES))
    raise FileNotUsable(f"{path}: cannot tell its kind; let its name end with one of {endings}")


def _lines_of_json(path: Path) -> pl.LazyFrame:
    """Unlike for other kinds, a column whose type is given has to be there. What else is wrong is told by who reads."""
    scan = partial(pl.scan_ndjson, escape(str(path)), infer_schema_length=None)
    rows = scan(schema_overrides=IDS_ARE_TEXT)
    try:
        rows.collect_schema()
    except pl.exceptions.SchemaFieldNotFoundError:
        return scan()
    except pl.exceptions.PolarsError:
        pass
    return rows


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _explained(path: Path, error: Exception) -> str:
    words = str(error).splitlines()[0]
    if "utf-8" in words:
        return f"{path}: it is not UTF-8; convert it (iconv -f WINDOWS-1252 -t UTF-8), or set encoding: utf8-lossy"
    if "more fields" in words:
        return f"{path}: a line has more fields than the header; quote values that contain the separator"
    if "CSV malformed" in words or words.startswith('could not parse `"'):
        near = words.partition(" as dtype")[0] if words.startswith("could") else "a quotation mark has no other"
        return f"{path}: {near}; a value with quotation marks stands within quotation marks, and each of its own twice"
    if path.suffix.lower() in JSON_LINES:
        return f"{path}: a line is no whole JSON object in UTF-8, as each has to be ({words})"
    return f"{path}: {words}"
