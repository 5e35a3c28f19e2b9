"""Texts with a label, and their parts: one to learn from, one to stop and choose by, one to be judged on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from sklearn.model_selection import train_test_split

from events.files.reading import FileNotUsable, batches
from scoring.seen.actions import Integers

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
FEWEST = 10
"""Texts of a label."""
MOST_LABELS = 64
CUSTOMER = "customer_id"


class DocumentsNotUsable(ValueError):
    """There is nothing to learn in these texts."""


@dataclass(frozen=True, slots=True)
class Documents:
    """N texts and the places of their labels among the names."""

    texts: tuple[str, ...]
    labels: Integers
    people: Integers | None = None
    """[N] who is told of, or wrote; None: each is somebody else's. A word of one person alone is no word to learn."""

    def __len__(self) -> int:
        return len(self.texts)

    def some(self, chosen: Integers) -> Self:
        """A part, by place."""
        people = None if self.people is None else self.people[chosen]
        return type(self)(tuple(self.texts[place] for place in chosen.tolist()), self.labels[chosen], people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Learned from, chosen by, judged on; the first never sees the others."""

    training: Documents
    validation: Documents
    test: Documents
    names: tuple[str, ...]
    """What labels 0, 1, … mean."""
    how: str
    """How they were told apart, in words."""
    left_out: tuple[str, ...] = ()
    """What is in none of them, and why."""
    columns: tuple[str, ...] = ()
    """Of the file, that are read as one text; none of histories."""


def parts_of_file(path: Path, text: Sequence[str], label: str, seed: int) -> Parts:
    """Columns of a CSV, Parquet or JSON file: texts joined by a space, and a label; at random by label.

    Raises:
        FileNotUsable: It cannot be read.
        DocumentsNotUsable: A column is missing, or there are not two labels with FEWEST texts, or too many.
    """
    read = list(batches(path))
    if not read:
        raise FileNotUsable(f"{path}: there are no rows")
    frame = pl.concat(read)
    texts = texts_of(frame, text, path)
    _check_column(frame, label, path)
    table = pl.DataFrame({"text": texts, "label": _names(frame[label]), "person": _people(frame)})
    table = table.drop_nulls(["text", "label"])
    missing = len(frame) - len(table)
    left_out = [f"{missing:,} rows without a text or a label"] if missing else []
    counts = table.group_by("label").len().sort(pl.col("label").cast(pl.Float64, strict=False), "label")
    frequent, rare = counts.filter(pl.col("len") >= FEWEST), counts.filter(pl.col("len") < FEWEST)
    if not 1 < len(frequent) <= MOST_LABELS:
        raise DocumentsNotUsable(
            f"--label {label}: {len(frequent):,} of its {len(counts):,} values have at least {FEWEST} texts; "
            f"2 to {MOST_LABELS} such values are needed: name another column"
        )
    if len(rare):
        left_out.append(f"labels of fewer than {FEWEST} texts: {_counted(rare)}")
    names = tuple(frequent["label"])
    kept = table.filter(pl.col("label").is_in(names))
    labels = kept["label"].replace_strict(dict(zip(names, range(len(names)), strict=True))).cast(pl.Int64).to_numpy()
    people = kept["person"].to_numpy()
    parts = parts_at_random(Documents(tuple(kept["text"]), labels, people), names, seed, tuple(left_out))
    return replace(parts, columns=tuple(text))


def texts_of(frame: pl.DataFrame, columns: Sequence[str], path: Path) -> pl.Series:
    """[rows] columns of a file as one text each, null where there is none. Raises DocumentsNotUsable."""
    for column in columns:
        _check_column(frame, column, path)
        if frame.schema[column].is_nested():
            raise DocumentsNotUsable(f"{path}: {column} holds {frame.schema[column]}, which is no text")
    joined = pl.concat_str([pl.col(column).cast(pl.String) for column in columns], separator=" ", ignore_nulls=True)
    return frame.select(joined.str.strip_chars().replace("", None)).to_series()


def _people(frame: pl.DataFrame) -> pl.Series:
    """[rows] numbers of customers, where the file has a column of them; a row without one is somebody else's."""
    alone = pl.format("\0{}", "row_number")
    if CUSTOMER not in frame.columns:
        return frame["row_number"].cast(pl.Int64)
    told = pl.coalesce(pl.col(CUSTOMER).cast(pl.String), alone)
    return frame.select(told.rank("dense").cast(pl.Int64)).to_series()


def _check_column(frame: pl.DataFrame, column: str, path: Path) -> None:
    if column not in frame.columns:
        raise DocumentsNotUsable(f"{path} has no column {column!r}; it has {', '.join(frame.columns[1:])}")


def parts_at_random(documents: Documents, names: tuple[str, ...], seed: int, left_out: tuple[str, ...] = ()) -> Parts:
    """20 % to be judged on and 10 % to choose by, each with as many of every label as the whole."""
    counts = np.bincount(documents.labels, minlength=len(names))
    if counts.min() < FEWEST:
        found = _counted(pl.DataFrame({"label": names, "len": counts}))
        raise DocumentsNotUsable(f"each label needs at least {FEWEST} texts: {found}")
    rest, test = _split(np.arange(len(documents)), documents.labels, TEST_SHARE, seed)
    training, validation = _split(rest, documents.labels, VALIDATION_SHARE / (1 - TEST_SHARE), seed)
    return Parts(
        training=documents.some(training), validation=documents.some(validation), test=documents.some(test),
        names=names, how=f"at random, {TEST_SHARE:.0%} to be judged on, stratified by label, seed {seed}",
        left_out=left_out,
    )  # fmt: skip


def _names(values: pl.Series) -> pl.Series:
    """As texts, what is not known as null."""
    return (values.fill_nan(None) if values.dtype.is_float() else values).cast(pl.String).replace("", None)


def _split(places: Integers, labels: Integers, share: float, seed: int) -> tuple[Integers, Integers]:
    kept, apart = train_test_split(places, test_size=share, stratify=labels[places], random_state=seed)
    return np.sort(kept), np.sort(apart)


def _counted(counts: pl.DataFrame) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.select("label", "len").rows())
