"""Major and minor units of currencies: prices in files are 2.55 pounds, ours are 255 pence."""

import polars as pl

DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""ISO 4217 exponents that are not 2."""


def minor_units_per_major(currency: pl.Expr) -> pl.Expr:
    """100.0 for GBP, 1.0 for JPY, 1000.0 for KWD."""
    return pl.lit(10.0).pow(currency.replace_strict(DECIMALS, default=2, return_dtype=pl.Int8))
