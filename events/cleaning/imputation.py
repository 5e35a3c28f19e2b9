"""Three ways to put a likely number where a number is missing."""

import numpy as np
import numpy.typing as npt
import polars as pl

POSITIVE = ("quantity", "unit_price", "dwell_seconds")
"""Modelled as logarithms, so that what is put in is positive too."""
DAY_SECONDS = 86_400


def by_mean(rows: pl.DataFrame, field: str) -> pl.Series:
    """The mean of the item's known values, or of all known values where the item has none."""
    return rows.select(pl.col(field).mean().over("item_id").fill_null(pl.col(field).mean())).to_series()


def by_time(rows: pl.DataFrame, field: str) -> pl.Series:
    """Linear in time between the item's neighbouring known values, level before the first and after the last.

    Items without a known value get the mean of all.
    """
    between = pl.col(field).interpolate_by("time").over("item_id")
    level = pl.coalesce(
        between, pl.col(field).forward_fill().over("item_id"), pl.col(field).backward_fill().over("item_id")
    )
    ordered = rows.with_row_index("place").filter(pl.col("time").is_not_null()).sort("time", maintain_order=True)
    filled = ordered.select("place", level.fill_null(pl.col(field).mean()).alias(field))
    places = pl.DataFrame({"place": pl.arange(rows.height, dtype=pl.UInt32, eager=True)})
    return places.join(filled, on="place", how="left", maintain_order="left")[field]


def by_regression(rows: pl.DataFrame, field: str) -> pl.Series:
    """Least squares on the item's other rows, the row's other numbers, its type, hour and weekday.

    What it predicts stays within what is known.
    """
    inputs, target = _inputs(rows, field), _scaled(rows[field], field)
    known = np.isfinite(target)
    if not known.any():
        return pl.Series(field, [None] * rows.height, dtype=pl.Float64)
    weights, *_ = np.linalg.lstsq(inputs[known], target[known], rcond=None)
    predicted = np.clip(inputs @ weights, target[known].min(), target[known].max())
    return pl.Series(field, np.exp(predicted) if field in POSITIVE else predicted)


def _inputs(rows: pl.DataFrame, field: str) -> npt.NDArray[np.float64]:
    """[N, inputs], the first column is the constant; what is unknown takes the column's mean."""
    others = [_scaled(rows[name], name) for name in (*POSITIVE, "rating") if name != field]
    item = _mean_of_others(rows["item_id"], _scaled(rows[field], field))
    seconds = rows["time"].dt.epoch("s").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    angle = 2 * np.pi * (seconds % DAY_SECONDS) / DAY_SECONDS
    week = 2 * np.pi * (seconds // DAY_SECONDS % 7) / 7
    kind = rows["event_type"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    columns = [
        item,
        *others,
        np.sin(angle),
        np.cos(angle),
        np.sin(week),
        np.cos(week),
        *(kind == k for k in range(1, 8)),
    ]
    table = np.column_stack([_centred(np.asarray(column, dtype=np.float64)) for column in columns])
    return np.column_stack([np.ones(rows.height), table])


def _mean_of_others(item: pl.Series, target: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The item's mean without the row's own value, lest the fit learn to copy what a missing row does not have."""
    value = pl.col("target").fill_nan(None)
    own = value.is_not_null().cast(pl.Float64)
    others = (value.sum().over("item") - value.fill_null(0.0)) / (value.count().over("item") - own)
    return pl.DataFrame({"item": item, "target": target}).select(others).to_series().to_numpy()


def _scaled(column: pl.Series, field: str) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
    if field in POSITIVE:
        values[~(values > 0)] = np.nan
        np.log(values, out=values)
    return values


def _centred(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = column[np.isfinite(column)]
    return np.nan_to_num(column - known.mean(), nan=0.0) if known.size else np.zeros_like(column)
