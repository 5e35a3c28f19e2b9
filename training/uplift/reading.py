"""A table of customers as a trial: who was treated, what came of it, and which columns may be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.seen.actions import Floats, Integers
from scoring.uplift.columns import Column, is_text, matrix
from training.uplift.describing import columns_of
from training.uplift.trial import Flags, Trial, TrialNotUsable

YES, NO = frozenset({"1", "yes", "y", "true", "t"}), frozenset({"0", "no", "n", "false", "f"})
"""In small letters, as a text says whether something is so."""
MOST = 1e15
"""Of an outcome, either way: trees reckon in 32 bits, which squares of 1e19 leave."""
FEWEST = 100
"""Customers of an arm."""
FEWEST_OUTCOMES = 25
"""Of an arm. With fewer, the interval of 95 % around the mean effect misses in up to a fifth of the trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Who counts as treated and who as not."""

    column: str
    arms: str | None = None
    """The treatment, or the treatment and the control with a comma between; None where the column says yes or no."""

    @classmethod
    def read(cls, words: str) -> "Treatment":
        """From COLUMN, COLUMN=VALUE or COLUMN=VALUE,CONTROL."""
        column, _, arms = words.partition("=")
        return cls(column=column, arms=arms.removesuffix(",") or None)


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
    ignored: Sequence[str] = (), propensity: str | None = None, customer: str | None = None,
) -> Reading:  # fmt: skip
    """Features are all other columns unless they are named. Raises TrialNotUsable."""
    known = [name for name in (treatment.column, outcome, propensity, customer) if name]
    for name in (*known, *features, *ignored):
        if name not in frame.columns:
            raise TrialNotUsable(f"there is no column {name}: there are {', '.join(frame.columns)}")
    if told := [name for name in (outcome, treatment.column) if name in features]:
        raise TrialNotUsable(f"{', '.join(told)}: known only afterwards, and so no feature")
    treated, arms = _arms(frame[treatment.column], treatment)
    came = _outcome(frame[outcome])
    rows = arms & ~np.isnan(came)
    treated, came, kept = treated[rows], came[rows], frame if rows.all() else frame.filter(pl.Series(rows))
    _check(treated, came, treatment, outcome)
    spoken_for = {*known, *ignored}
    asked = list(features) or [name for name in kept.columns if name not in spoken_for]
    columns, left_out = columns_of(
        kept, asked, {outcome: came != 0, treatment.column: treated}, rows, named=bool(features)
    )
    if not columns:
        why = "; ".join(left_out.values()) or f"there are {', '.join(frame.columns)} alone"
        raise TrialNotUsable(f"no column is left that describes customers: {why}")
    trial = Trial(
        features=matrix(kept, columns), treated=treated, outcome=came,
        categorical=tuple(place for place, column in enumerate(columns) if column.levels is not None),
        propensity=_given(kept[propensity]) if propensity else np.full(len(came), treated.mean()),
        customer=_customers(kept[customer]) if customer else None, names=tuple(column.name for column in columns),
    )  # fmt: skip
    return Reading(trial=trial, columns=columns, rows=rows, left_out=left_out)


def _arms(values: pl.Series, treatment: Treatment) -> tuple[Flags, Flags]:
    """[N] who was treated, and who is in either arm."""
    name = treatment.column
    if treatment.arms is None:
        flags = _flags(values)
        if flags is None:
            found = ", ".join(map(str, values.unique().sort().head(5)))
            raise TrialNotUsable(f"{name} is not 0 and 1 but {found}: say which is the treatment, {name}=VALUE,CONTROL")
        return flags == 1.0, ~np.isnan(flags)
    words = treatment.arms.split(",")
    ways = [(",".join(words[:place]), ",".join(words[place:])) for place in range(1, len(words))]
    for value, control in ways:
        treated, others = _having(values, value), _having(values, control)
        if treated.any() and others.any():
            return treated, treated | others
    if (treated := _having(values, treatment.arms)).any():
        return treated, values.is_not_null().to_numpy()
    raise TrialNotUsable(_never(values, name, ways or [(treatment.arms,)]))


def _never(values: pl.Series, name: str, ways: Sequence[tuple[str, ...]]) -> str:
    """Which arm there is none of, as the likeliest of the ways has them."""
    missing = min(([arm for arm in way if not _having(values, arm).any()] for way in ways), key=len)
    found = ", ".join(map(str, values.cast(pl.String).unique().sort().head(5)))
    return f"{name} is never {missing[0]!r}: it is {found}"


def _having(values: pl.Series, wanted: str) -> Flags:
    """[N] who has the value; 1 is also the number 1.0, and True also true."""
    having = values.cast(pl.String).str.strip_chars() == wanted.strip()
    if values.dtype.is_numeric() and _number(wanted) is not None:
        having = values == _number(wanted)
    elif values.dtype == pl.Boolean:
        having = values.cast(pl.String) == wanted.strip().lower()
    found: Flags = having.fill_null(value=False).to_numpy()
    return found


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


def _customers(values: pl.Series) -> Integers | None:
    """[N] whose row each is, counted from 0; a row of nobody's is its own. None where nobody has two."""
    ranks = values.rank("dense").cast(pl.Int64).to_numpy() - 1 if values.null_count() < len(values) else None
    if ranks is None:
        return None
    places = np.where(np.isnan(ranks), len(ranks) + np.arange(len(ranks)), ranks)
    found, of = np.unique(places, return_inverse=True)
    return None if len(found) == len(places) else of
