"""A table of customers as a trial: who was treated, what came of it, and which columns may be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.seen.actions import Floats
from scoring.uplift.columns import OTHER, Column, is_text, matrix, moments
from training.uplift.trial import Flags, Trial

MOST_LEVELS = 64
"""Of a text; rarer ones are one level."""
RARE = 50
"""Customers, below which a level is rare."""
IDENTIFYING = 0.5
"""Distinct texts for each row, above which a column names customers instead of describing them."""
EXPECTED = 20.0
"""Rows with another value than the usual one, of which chance would not leave out all."""
YES, NO = frozenset({"1", "yes", "y", "true", "t"}), frozenset({"0", "no", "n", "false", "f"})
"""In small letters, as a text says whether something is so."""
MOST = 1e15
"""Of an outcome, either way: trees reckon in 32 bits, which squares of 1e19 leave."""
FEWEST = 100
"""Customers of an arm."""
FEWEST_OUTCOMES = 25
"""Of an arm. With fewer, the interval of 95 % around the mean effect misses in up to a fifth of the trials."""


class TrialNotUsable(ValueError):
    """The table does not hold an experiment that can be learned from; the message names the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Who counts as treated and who as not."""

    column: str
    value: str | None = None
    """None where the column says yes or no."""
    control: str | None = None
    """None where everybody else is one."""

    @classmethod
    def read(cls, words: str) -> "Treatment":
        """From COLUMN, COLUMN=VALUE or COLUMN=VALUE,CONTROL."""
        column, _, values = words.partition("=")
        value, _, control = values.partition(",")
        return cls(column=column, value=value or None, control=control or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A trial, and what was made of the table."""

    trial: Trial
    """Drawn alike, unless a propensity was given."""
    columns: tuple[Column, ...]
    rows: Flags
    """[rows of the table] who is in the trial."""
    left_out: Mapping[str, str]
    """Columns that are not read, each with the reason."""


def read(
    frame: pl.DataFrame, *, treatment: Treatment, outcome: str, features: Sequence[str] = (),
    ignored: Sequence[str] = (), propensity: str | None = None,
) -> Reading:  # fmt: skip
    """Features are all other columns unless they are named. Raises TrialNotUsable."""
    for name in (treatment.column, outcome, *features, *ignored, *((propensity,) if propensity else ())):
        if name not in frame.columns:
            raise TrialNotUsable(f"there is no column {name}: there are {', '.join(frame.columns)}")
    treated, arms = _arms(frame[treatment.column], treatment)
    came = _outcome(frame[outcome])
    rows = arms & ~np.isnan(came)
    treated, came, kept = treated[rows], came[rows], frame if rows.all() else frame.filter(pl.Series(rows))
    _check(treated, came, treatment, outcome)
    spoken_for = {treatment.column, outcome, *ignored, *((propensity,) if propensity else ())}
    asked = list(features) or [name for name in kept.columns if name not in spoken_for]
    columns, left_out = _columns(kept, asked, {outcome: came != 0, treatment.column: treated}, named=bool(features))
    if not columns:
        why = "; ".join(left_out.values()) or f"there are {', '.join(frame.columns)} alone"
        raise TrialNotUsable(f"no column is left that describes customers: {why}")
    trial = Trial(
        features=matrix(kept, columns), treated=treated, outcome=came,
        categorical=tuple(place for place, column in enumerate(columns) if column.levels is not None),
        propensity=_given(kept[propensity]) if propensity else np.full(len(came), treated.mean()),
    )  # fmt: skip
    return Reading(trial=trial, columns=columns, rows=rows, left_out=left_out)


def _arms(values: pl.Series, treatment: Treatment) -> tuple[Flags, Flags]:
    """[N] who was treated, and who is in either arm."""
    name = treatment.column
    if treatment.value is None:
        flags = _flags(values)
        if flags is None:
            found = ", ".join(map(str, values.unique().sort().head(5)))
            raise TrialNotUsable(f"{name} is not 0 and 1 but {found}: say which is the treatment, {name}=VALUE,CONTROL")
        return flags == 1.0, ~np.isnan(flags)
    treated = _having(values, name, treatment.value)
    if treatment.control is None:
        return treated, values.is_not_null().to_numpy()
    return treated, treated | _having(values, name, treatment.control)


def _having(values: pl.Series, name: str, wanted: str) -> Flags:
    """[N] who has the value; 1 is also the number 1.0, and True also true."""
    texts = values.cast(pl.String)
    having = texts == wanted
    if values.dtype.is_numeric() and _number(wanted) is not None:
        having = values == _number(wanted)
    elif values.dtype == pl.Boolean:
        having = texts == wanted.lower()
    if not having.any():
        found = ", ".join(map(str, texts.unique().sort().head(5)))
        raise TrialNotUsable(f"{name} is never {wanted!r}: it is {found}")
    found_in: Flags = having.fill_null(value=False).to_numpy()
    return found_in


def _number(words: str) -> float | None:
    try:
        return float(words)
    except ValueError:
        return None


def _flags(values: pl.Series) -> Floats | None:
    """[N] 1, 0 or, where it is not known, NaN; None where the column does not say yes or no."""
    if is_text(values.dtype):
        words = values.cast(pl.String).str.strip_chars().str.to_lowercase().replace("", None)
        if not words.drop_nulls().is_in(list(YES | NO)).all():
            return None
        values = words.is_in(list(YES))
    elif not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        return None
    numbers = _numbers(values)
    return numbers if np.isin(numbers[~np.isnan(numbers)], (0.0, 1.0)).all() else None


def _outcome(values: pl.Series) -> Floats:
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        flags = _flags(values)
        if flags is None:
            raise TrialNotUsable(f"{values.name} holds {values.dtype}: it must be a number, or yes and no")
        return flags
    return _numbers(values)


def _numbers(values: pl.Series) -> Floats:
    numbers: Floats = values.cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _check(treated: Flags, came: Floats, treatment: Treatment, outcome: str) -> None:
    for name, arm in (("treated", treated), ("not treated", ~treated)):
        customers, outcomes = int(arm.sum()), int((came[arm] != 0).sum())
        if customers < FEWEST:
            raise TrialNotUsable(f"{treatment.column}: {customers} customers were {name}, at least {FEWEST} are needed")
        if outcomes < FEWEST_OUTCOMES:
            raise TrialNotUsable(
                f"{outcome}: {outcomes} customers who were {name} have one, at least {FEWEST_OUTCOMES} are needed"
            )
    if came.min() == came.max():
        raise TrialNotUsable(f"{outcome}: is the same of all customers")
    furthest = came[np.abs(came).argmax()]
    if abs(furthest) > MOST:
        raise TrialNotUsable(
            f"{outcome}: {furthest:g} of one customer is no amount, {MOST:g} is the most: mend it, or leave it empty "
            "where it is not known"
        )


def _given(values: pl.Series) -> Floats:
    if not values.dtype.is_numeric():
        raise TrialNotUsable(f"{values.name} holds {values.dtype}: it must be each customer's probability of treatment")
    propensity = _numbers(values)
    if not ((propensity > 0) & (propensity < 1)).all():
        raise TrialNotUsable(f"{values.name}: every customer's probability of treatment must lie between 0 and 1")
    return propensity


def _columns(
    frame: pl.DataFrame, names: Sequence[str], later: Mapping[str, Flags], *, named: bool
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Those to be read, and why others are not; `later` is what nobody knew before, by the name of its column."""
    columns: list[Column] = []
    left_out: dict[str, str] = {}
    for name in names:
        values = _read(frame[name])
        reason = _useless(values) or (None if named else _identifying(values) or _after(values, later))
        if reason is None:
            columns.append(Column(name=name, levels=_levels(values) if is_text(values.dtype) else None))
        else:
            left_out[name] = reason
    return tuple(columns), left_out


def _read(values: pl.Series) -> pl.Series:
    """Times where texts write them."""
    times = moments(values) if is_text(values.dtype) and values.null_count() < len(values) else None
    return values if times is None else times


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


def _identifying(values: pl.Series) -> str | None:
    """A whole number of each customer's own counts or names them."""
    return f"{values.name} names customers" if values.dtype.is_integer() and values.n_unique() == len(values) else None


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
