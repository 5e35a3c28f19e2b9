"""Minor units of a column of currencies."""

import polars as pl

from events.currency import DECIMALS, USUAL_DECIMALS


def minor_units_per_major(currency: pl.Expr) -> pl.Expr:
    """100.0 for GBP, 1.0 for JPY, 1000.0 for KWD."""
    return pl.lit(10.0).pow(currency.replace_strict(DECIMALS, default=USUAL_DECIMALS, return_dtype=pl.Int8))
