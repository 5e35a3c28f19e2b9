"""Columns of any table as numbers that trees read: texts by their level, times in days, what is not known as NaN."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from events.written.times import Clock, read_times
from scoring.seen.actions import Floats
from scoring.seen.view import DAY

Features = npt.NDArray[np.floating]
DAY_FIRST = r"^\s*\d{4}-\d{2}-\d{2}"
NOT_KNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
"""In small letters, what a table says among numbers or times where there is none."""
OTHER = "(other)"
"""The level of texts that are rare, or that were not there when the model was fitted."""
MOST = 1e38
"""Of a feature, either way: they are kept in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One feature."""

    name: str
    levels: tuple[str, ...] | None = None
    """Of a text, the rarest as OTHER; None for a number or a time."""

    def numbers(self, values: pl.Series) -> Floats:
        """[N] of the column's values; raises ValueError where they are of another kind."""
        if self.levels is None:
            return _numbers(values)
        places = {level: float(place) for place, level in enumerate(self.levels)}
        texts = values.cast(pl.String, strict=False)
        codes = texts.replace_strict(places, default=places.get(OTHER), return_dtype=pl.Float64)
        known = pl.select(pl.when(texts.is_null()).then(None).otherwise(codes)).to_series()
        return _numbers(known)


def matrix(frame: pl.DataFrame, columns: tuple[Column, ...]) -> Features:
    """[N, columns] in 32 bits. Raises ValueError that names a column which is missing or of another kind."""
    missing = [column.name for column in columns if column.name not in frame.columns]
    if missing:
        raise ValueError(f"there is no column {', '.join(missing)}: the model reads it")
    read = np.empty((len(frame), len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        read[:, place] = np.clip(column.numbers(frame[column.name]), -MOST, MOST)
    return read


def is_text(kind: pl.DataType) -> bool:
    """Whether a column is read by its levels."""
    return kind in (pl.String, pl.Categorical, pl.Enum)


def moments(texts: pl.Series) -> pl.Series | None:
    """The times that they write (ISO 8601, UTC where they do not say), as a CSV has them; None unless all known do."""
    words = _known(texts)
    if words.null_count() == len(words) or not words.drop_nulls().str.contains(DAY_FIRST).all():
        return None
    read = read_times(words, Clock())
    return None if read["time_problem"].is_not_null().any() else read["time"]


def amounts(texts: pl.Series) -> pl.Series | None:
    """The numbers that they write, as a CSV has them where it says that one is not known; None unless all known do."""
    words = _known(texts)
    numbers = words.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == words.null_count() < len(words) else None


def unreadable(texts: pl.Series) -> tuple[int, str]:
    """The first text that is neither number nor time, and its row, of a column in which there is one."""
    words = _known(texts)
    read = words.cast(pl.Float64, strict=False).is_not_null() | words.is_null()
    days = words.str.contains(DAY_FIRST).fill_null(value=False)
    read |= days & read_times(pl.select(pl.when(days).then(words)).to_series(), Clock())["time"].is_not_null()
    row = int((~read).arg_max() or 0)
    return row, str(texts[row])


def _known(texts: pl.Series) -> pl.Series:
    words = texts.cast(pl.String).str.strip_chars()
    return (
        pl.select(pl.when(~words.str.to_lowercase().is_in(list(NOT_KNOWN))).then(words)).to_series().alias(texts.name)
    )


def _numbers(values: pl.Series) -> Floats:
    if is_text(values.dtype) and values.null_count() < len(values):
        values = _written(values)
    if values.dtype.is_temporal() and values.dtype != pl.Time:
        micros = values.cast(pl.Duration("us") if values.dtype == pl.Duration else pl.Datetime("us"))
        return micros.to_physical().cast(pl.Float64).to_numpy() / 1e6 / DAY
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null) or values.null_count() == len(values)):
        raise ValueError(f"the column {values.name} holds {values.dtype}, which is neither number, text nor time")
    numbers: Floats = values.cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _written(texts: pl.Series) -> pl.Series:
    for reading in (moments, amounts):
        if (values := reading(texts)) is not None:
            return values
    if _known(texts).null_count() == len(texts):
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.Float64)
    row, words = unreadable(texts)
    raise ValueError(
        f"the column {texts.name} says {words!r} in row {row}, counted from 0, which is neither a number nor a time "
        "such as 2026-03-14 15:09:26: mend it, or leave it empty where it is not known"
    )
