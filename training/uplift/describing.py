"""Which columns of a trial's table may be read: what describes customers, and was known before they were treated."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from scoring.uplift.columns import DAY_FIRST, OTHER, Column, amounts, is_text, moments, unreadable
from training.uplift.trial import Flags

MOST_LEVELS = 64
"""Of a text; rarer ones are one level."""
RARE = 50
"""Customers, below which a level is rare."""
IDENTIFYING = 0.5
"""Distinct texts for each row, above which a column names customers instead of describing them."""
NAMED = re.compile(r"(^|[_ .-])(id|Id|ID)$|[a-z]I[dD]$", re.ASCII)
"""How columns of numbers are called that stand for somebody or something."""
OTHER_DAYS = (
    r"^\s*(\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{1,2}/\d{1,2}/\d{2}|\d{4}[/.]\d{1,2}[/.]\d{1,2}|"
    r"\d{1,2}[ -][A-Za-z]{3}[ -]\d{4})([ T,]|$)"
)
"""How days are written of which it is not known whether the month comes first, or otherwise than by ISO 8601."""
TIMES = 0.9
"""Texts that begin as a day does, of which the others are mistakes."""
EXPECTED = 20.0
"""Rows with another value than the usual one, of which chance would not leave out all."""


def columns_of(
    frame: pl.DataFrame, names: Sequence[str], later: Mapping[str, Flags], rows: Flags, *, named: bool
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Those to be read, and why others are not; `later` is what nobody knew before, by the name of its column."""
    columns: list[Column] = []
    left_out: dict[str, str] = {}
    for name in names:
        values = _spoken(frame[name])
        reason = (
            _unreadable(values, rows)
            or _useless(values)
            or (None if named else _identifying(values) or _after(values, later))
        )
        levels = _levels(values) if reason is None and is_text(values.dtype) else None
        if levels == (OTHER,) and not values.null_count():
            reason = f"{name} has no text that {RARE} share; if it says whose row it is, name it (--customer {name})"
        if reason is None:
            columns.append(Column(name=name, levels=levels))
        else:
            left_out[name] = reason
    return tuple(columns), left_out


def _spoken(values: pl.Series) -> pl.Series:
    """Times where texts write them, and numbers where they also say that one is not known."""
    if not is_text(values.dtype):
        return values
    found = moments(values)
    if found is None and (found := amounts(values)) is not None and found.null_count() == values.null_count():
        return values  # numbers that were made texts are names of something
    return values if found is None else found


def _useless(values: pl.Series) -> str | None:
    kind, name = values.dtype, values.name
    if (
        not (kind.is_numeric() or kind.is_temporal() or is_text(kind) or kind in (pl.Boolean, pl.Null))
        or kind == pl.Time
    ):
        return f"{name} holds {kind}"
    distinct = values.drop_nulls().n_unique()
    if distinct <= 1 and (distinct == 0 or values.null_count() == 0):
        return f"{name} is the same for everybody"
    if is_text(kind) and distinct > IDENTIFYING * len(values):
        return f"{name} names customers"
    return None


def _unreadable(values: pl.Series, rows: Flags) -> str | None:
    """Why a column of times is none: a text among them that is no time."""
    if not is_text(values.dtype):
        return None
    texts, most = values.cast(pl.String), TIMES * (len(values) - values.null_count())
    if (others := texts.str.contains(OTHER_DAYS)).sum() > most and values.n_unique() > MOST_LEVELS:
        words = texts.filter(others)[0]
        return f"{values.name} has times such as {words!r}: write them by ISO 8601, such as 2026-03-14 15:09:26"
    if texts.str.contains(DAY_FIRST).sum() <= most:
        return None
    row, words = unreadable(values)
    return (
        f"{values.name} has times, but says {words!r} in row {np.flatnonzero(rows)[row]}, counted from 0: mend it, or "
        "leave it empty where it is not known"
    )


def _identifying(values: pl.Series) -> str | None:
    """A whole number of each customer's own counts or names them; with fewer its column's name may say so."""
    if not values.dtype.is_numeric():
        return None
    name, distinct = values.name, values.n_unique()
    if values.dtype.is_integer() and distinct == len(values):
        return f"{name} names customers"
    if distinct > MOST_LEVELS and NAMED.search(name):
        return f"{name} numbers somebody or something; if it says whose row it is, name it (--customer {name})"
    return None


def _after(values: pl.Series, later: Mapping[str, Flags]) -> str | None:
    """Why a column cannot have been known before what it tells."""
    usual, few = _usual(values), values.n_unique() <= MOST_LEVELS
    for what, happened in later.items():
        if (told := _one_sided(usual, happened)) is not None:
            said, side = told
            return f"{values.name} is {said} {side} {what}: it seems to be known only afterwards"
        if few and _tells(values, happened):
            return f"{values.name} tells {what} of everybody: it seems to be known only afterwards"
    return None


def _usual(values: pl.Series) -> Mapping[str, Flags]:
    """[N] who differs from being always what most are, and from being never, in words."""
    usual = values.drop_nulls().mode().sort().first()
    if unknown := values.null_count() > (values == usual).sum():
        usual = None
    differs = values.ne_missing(pl.Series([usual], dtype=values.dtype)).to_numpy()
    always, never = ("never known", "always known") if unknown else (f"always {usual!s}", f"never {usual!s}")
    return {always: differs, never: ~differs}


def _one_sided(usual: Mapping[str, Flags], happened: Flags) -> tuple[str, str] | None:
    """What those alone are to whom something happened, or to whom it did not: always the usual value, or never."""
    for words, others in usual.items():
        for having, side in ((happened, "with"), (~happened, "without")):
            if not others[having].any() and others.mean() * having.sum() > EXPECTED:
                return words, side
    return None


def _tells(values: pl.Series, happened: Flags) -> bool:
    """Whether each of its few values is of those alone to whom it happened, or of the others alone."""
    if min(happened.sum(), (~happened).sum()) <= EXPECTED:
        return False
    shares = pl.DataFrame({"value": values, "happened": happened}).group_by("value").agg(pl.col("happened").mean())
    return bool(shares["happened"].is_in([0.0, 1.0]).all())


def _levels(values: pl.Series) -> tuple[str, ...]:
    counted = values.cast(pl.String).drop_nulls().value_counts(sort=True, name="rows")
    common = counted.filter(pl.col("rows") >= RARE).head(MOST_LEVELS)[values.name].sort().to_list()
    return (*common, OTHER)
