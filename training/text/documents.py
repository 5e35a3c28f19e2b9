"""Texts with a label, and their parts: one to learn from, one to stop and choose by, one to be judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.model_selection import train_test_split

from events.files.reading import batches

Integers = npt.NDArray[np.int64]

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
FEWEST = 10
"""Texts of the rarer label."""


class DocumentsNotUsable(ValueError):
    """There is nothing to learn in these texts."""


@dataclass(frozen=True, slots=True)
class Documents:
    """N texts and their labels, 0 or 1."""

    texts: tuple[str, ...]
    labels: Integers

    def __len__(self) -> int:
        return len(self.texts)

    def some(self, chosen: Integers) -> Self:
        """A part, by place."""
        return type(self)(tuple(self.texts[place] for place in chosen.tolist()), self.labels[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Learned from, chosen by, judged on; the first never sees the others."""

    training: Documents
    validation: Documents
    test: Documents
    names: tuple[str, str]
    """What labels 0 and 1 mean."""
    how: str
    """How they were told apart, in words."""


def parts_of_file(path: Path, text: Sequence[str], label: str, seed: int) -> Parts:
    """Columns of a CSV or Parquet file: texts joined by a space, and a label of two values; at random by label.

    Raises:
        FileNotUsable: It cannot be read.
        DocumentsNotUsable: A column is missing, or the label has not two values, or one of them hardly occurs.
    """
    frame = pl.concat(batches(path))
    for column in (*text, label):
        if column not in frame.columns:
            raise DocumentsNotUsable(f"{path} has no column {column!r}; it has {', '.join(frame.columns[1:])}")
    joined = pl.concat_str([pl.col(column).cast(pl.String) for column in text], separator=" ", ignore_nulls=True)
    table = frame.select(text=joined.str.strip_chars(), label=pl.col(label).cast(pl.String)).drop_nulls()
    table = table.filter(pl.col("text").str.len_chars() > 0)
    names = table["label"].unique().sort()
    if len(names) != 2:  # noqa: PLR2004  # a classifier of two labels
        raise DocumentsNotUsable(f"--label {label}: has {len(names)} values where there is a text; two are needed")
    labels = (table["label"] == names[1]).cast(pl.Int64).to_numpy()
    return parts_at_random(Documents(tuple(table["text"]), labels), (names[0], names[1]), seed)


def parts_at_random(documents: Documents, names: tuple[str, str], seed: int) -> Parts:
    """20 % to be judged on and 10 % to choose by, each with as many of both labels as the whole."""
    if np.bincount(documents.labels, minlength=2).min() < FEWEST:
        raise DocumentsNotUsable(f"each label needs at least {FEWEST} texts: {_counted(documents, names)}")
    rest, test = _split(np.arange(len(documents)), documents.labels, TEST_SHARE, seed)
    training, validation = _split(rest, documents.labels, VALIDATION_SHARE / (1 - TEST_SHARE), seed)
    return Parts(
        training=documents.some(training), validation=documents.some(validation), test=documents.some(test),
        names=names, how=f"at random, {TEST_SHARE:.0%} to be judged on, stratified by label, seed {seed}",
    )  # fmt: skip


def _split(places: Integers, labels: Integers, share: float, seed: int) -> tuple[Integers, Integers]:
    kept, apart = train_test_split(places, test_size=share, stratify=labels[places], random_state=seed)
    return np.sort(kept), np.sort(apart)


def _counted(documents: Documents, names: tuple[str, str]) -> str:
    counts = np.bincount(documents.labels, minlength=2).tolist()
    return ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))
