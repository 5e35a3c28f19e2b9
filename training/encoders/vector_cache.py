"""Vectors of texts and pictures by what is in them: none is computed twice by one encoder."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.whole_file import whole_file

Vectors = npt.NDArray[np.float32]
Thing = TypeVar("Thing")
Far = Callable[[int, int], None]
"""(done, total)"""
DIGEST, VECTOR = "digest", "vector"
TOGETHER = 1_024
"""Things that are computed together."""
GROWN = 9 / 8
"""Times as many as the file has are written: the whole of it is written each time."""


def untold(done: int, total: int) -> None:
    """For whoever does not want to know."""


@dataclass(frozen=True, slots=True)
class VectorCache:
    """One Parquet file for each encoder; two that write at once lose vectors of one of them, and compute them again."""

    folder: Path

    def vectors(
        self, encoder: str, things: Sequence[Thing], content: Callable[[Thing], bytes],
        compute: Callable[[Sequence[Thing]], Vectors], tell: Far = untold,
    ) -> Vectors:  # fmt: skip
        """[N, E]: by `content` the known ones from the file, the others by `compute`; `encoder` names the file.

        Those that are new are kept as they come: who is killed goes on where it was.
        """
        digests = [hashlib.sha256(content(thing)).hexdigest() for thing in things]
        path = self.folder / f"{encoder}.parquet"
        known = _read(path)
        new = {digest: thing for digest, thing in zip(digests, things, strict=True) if digest not in known}
        written, to_do = len(known), list(new)
        for start in range(0, len(to_do), TOGETHER):
            some = to_do[start : start + TOGETHER]
            known |= dict(zip(some, compute([new[digest] for digest in some]), strict=True))
            done = start + len(some)
            if done == len(to_do) or len(known) >= GROWN * written:
                _write(path, known)
                written = len(known)
            tell(done, len(to_do))
        return np.stack([known[digest] for digest in digests]) if digests else compute([])


def _read(path: Path) -> dict[str, Vectors]:
    try:
        table = pl.read_parquet(path)
    except (FileNotFoundError, pl.exceptions.PolarsError):  # what was spoilt is computed again
        return {}
    return dict(zip(table[DIGEST], table[VECTOR].to_numpy(), strict=True))


def _write(path: Path, known: dict[str, Vectors]) -> None:
    vectors = np.stack(list(known.values()))
    table = pl.DataFrame(
        {DIGEST: list(known), VECTOR: vectors}, schema_overrides={VECTOR: pl.Array(pl.Float32, vectors.shape[1])}
    )
    with whole_file(path) as unfinished:
        table.write_parquet(unfinished)
