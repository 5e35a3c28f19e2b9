"""Columns of any table as numbers that trees read: texts by their level, times in days, what is not known as NaN."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from events.written.times import Clock, read_times
from scoring.seen.actions import Floats
from scoring.seen.view import DAY

DAY_FIRST = r"^\s*\d{4}-\d{2}-\d{2}"
OTHER = "(other)"
"""The level of texts that are rare, or that were not there when the model was fitted."""


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


def matrix(frame: pl.DataFrame, columns: tuple[Column, ...]) -> Floats:
    """[N, columns]. Raises ValueError that names a column which is missing or of another kind."""
    missing = [column.name for column in columns if column.name not in frame.columns]
    if missing:
        raise ValueError(f"there is no column {', '.join(missing)}: the model reads it")
    read = np.empty((len(frame), len(columns)))
    for place, column in enumerate(columns):
        read[:, place] = column.numbers(frame[column.name])
    return read


def is_text(kind: pl.DataType) -> bool:
    """Whether a column is read by its levels."""
    return kind in (pl.String, pl.Categorical, pl.Enum)


def moments(texts: pl.Series) -> pl.Series | None:
    """The times that they write (ISO 8601, UTC where they do not say), as a CSV has them; None unless all known do."""
    words = texts.cast(pl.String)
    if not words.drop_nulls().str.contains(DAY_FIRST).all():
        return None
    read = read_times(words, Clock())
    return None if read["time_problem"].is_not_null().any() else read["time"]


def _numbers(values: pl.Series) -> Floats:
    if is_text(values.dtype) and (times := moments(values)) is not None:
        values = times
    if values.dtype.is_temporal() and values.dtype != pl.Time:
        micros = values.cast(pl.Duration("us") if values.dtype == pl.Duration else pl.Datetime("us"))
        return micros.to_physical().cast(pl.Float64).to_numpy() / 1e6 / DAY
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        raise ValueError(f"the column {values.name} holds {values.dtype}, which is neither number, text nor time")
    numbers: Floats = values.cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)
