"""Countries as shops write them: a name, or a code of two or three letters, which is kept in capitals (ISO 3166)."""

import re

import polars as pl

CODE = "^[A-Za-z]{2,3}$"


def spelled(column: pl.Expr) -> pl.Expr:
    """The same countries, codes in capitals: gb and GB are one."""
    return pl.when(column.str.contains(CODE)).then(column.str.to_uppercase()).otherwise(column)


def spelled_as_text(country: str) -> str:
    """Likewise of one country."""
    return country.upper() if re.fullmatch(CODE, country) else country
