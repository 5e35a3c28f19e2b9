"""Who is held out and who gets which arm: a hash of campaign and customer, so that anyone can repeat the decision.

The hash walks the customer's id eight bytes at a time through the finaliser of SplitMix64 (Steele, Lea and Flood 2014,
with Stafford's constants), from a start that SHA-256 makes of the campaign's id. Every machine gets the same groups, in
any order, and the groups of two campaigns have nothing to do with each other.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import polars as pl

from campaigns.errors import InvalidExperiment

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

HOLDOUT = "holdout"
"""The group that gets nothing; no arm can have this name."""
LARGEST_HOLDOUT = 0.9
WORD_BYTES = 8
WORDS_AT_ONCE = 8
WORD_MASK = 2**64 - 1
SPREAD = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: an id of zero bytes still moves the state."""
FIRST_FACTOR = 0xBF58476D1CE4E5B9
SECOND_FACTOR = 0x94D049BB133111EB


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One of the offers that are tried against each other."""

    name: str
    weight: float = 1.0
    """Its part of the customers who are not held out, relative to the other arms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How the audience of a campaign is divided."""

    holdout: float = 0.10
    """Share of the audience that gets nothing, so that there is something to compare with."""
    arms: tuple[Arm, ...] = (Arm(name="offer"),)

    @property
    def groups(self) -> tuple[str, ...]:
        """The holdout, then the arms."""
        return (HOLDOUT, *(arm.name for arm in self.arms))

    @property
    def shares(self) -> dict[str, float]:
        """The planned share of every group; they add up to 1."""
        weight = sum(arm.weight for arm in self.arms)
        treated = {arm.name: (1 - self.holdout) * arm.weight / weight for arm in self.arms}
        return {HOLDOUT: self.holdout, **treated}


def check_design(design: Design) -> None:
    """Raises InvalidExperiment for the first field that makes no sense."""
    names = [arm.name for arm in design.arms]
    problems = {
        "holdout": f"a holdout is a share from 0 to {LARGEST_HOLDOUT}"
        * (not 0 <= design.holdout <= LARGEST_HOLDOUT),
        "arms": "an experiment needs at least one arm, each with a name of its own"
        * (not names or len(set(names)) != len(names)),
        "arms.name": f"an arm needs a name, and {HOLDOUT!r} is taken" * (not all(names) or HOLDOUT in names),
        "arms.weight": "a weight is positive and finite" * (not all(0 < arm.weight < np.inf for arm in design.arms)),
    }  # fmt: skip
    for field, problem in problems.items():
        if problem:
            raise InvalidExperiment(problem, field=field)


def group_of(design: Design, *, campaign_id: str, customer_id: str) -> str:
    """The group of one customer."""
    return design.groups[bisect_right(_starts(design), position(campaign_id, customer_id))]


def groups_of(design: Design, *, campaign_id: str, customer_ids: pl.Series) -> pl.Series:
    """The same for many: an Enum column `group`, in the order of `customer_ids` (strings without nulls)."""
    index = np.searchsorted(_starts(design), positions(campaign_id, customer_ids), side="right")
    names = pl.Series(design.groups, dtype=pl.Enum(design.groups))
    return names.gather(index).alias("group")


def position(campaign_id: str, customer_id: str) -> float:
    """Where in [0, 1) the customer stands in this campaign; uniform over customers."""
    encoded = customer_id.encode()
    state = _start(campaign_id)
    for first in range(0, len(encoded), WORD_BYTES):
        state = _mixed(state ^ int.from_bytes(encoded[first : first + WORD_BYTES], "little"))
    return (_mixed(state ^ len(encoded)) >> 11) * 2.0**-53


def positions(campaign_id: str, customer_ids: pl.Series) -> Floats:
    """The same [N] for many."""
    if customer_ids.null_count():
        raise ValueError("customer_ids has nulls: leave out rows without a customer first")
    encoded = pl.DataFrame({"id": customer_ids.cast(pl.Binary)})
    lengths = encoded["id"].bin.size().cast(pl.UInt64).to_numpy()
    state = np.full(len(encoded), _start(campaign_id), dtype=np.uint64)
    starts = range(0, int(lengths.max(initial=0)), WORD_BYTES)
    # Some words at a time, so that one id of absurd length does not fill the memory.
    for part in range(0, len(starts), WORDS_AT_ONCE):
        for first, word in _words(encoded, starts[part : part + WORDS_AT_ONCE]):
            state = np.where(lengths > first, _mixed_words(state ^ word), state)
    uniform: Floats = (_mixed_words(state ^ lengths) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform


def _words(encoded: pl.DataFrame, starts: Sequence[int]) -> Iterator[tuple[int, Words]]:
    """[N] eight bytes of each id from each start on, zeros after its end."""
    padded = [pl.col("id").bin.slice(first, WORD_BYTES) + pl.lit(bytes(WORD_BYTES)) for first in starts]
    numbers = [
        text.bin.slice(0, WORD_BYTES).bin.reinterpret(dtype=pl.UInt64, endianness="little").alias(str(first))
        for first, text in zip(starts, padded, strict=True)
    ]
    for first, column in zip(starts, encoded.select(numbers), strict=True):
        yield first, column.to_numpy()


def _start(campaign_id: str) -> int:
    return int.from_bytes(hashlib.sha256(campaign_id.encode()).digest()[:WORD_BYTES], "little")


def _mixed(state: int) -> int:
    """Every bit of the state spread over all of them: one step of SplitMix64."""
    state = (state + SPREAD) & WORD_MASK
    state = (state ^ state >> 30) * FIRST_FACTOR & WORD_MASK
    state = (state ^ state >> 27) * SECOND_FACTOR & WORD_MASK
    return state ^ state >> 31


def _mixed_words(state: Words) -> Words:
    """The same for [N] states, which wrap around by themselves."""
    state = state + np.uint64(SPREAD)
    state = (state ^ state >> np.uint64(30)) * np.uint64(FIRST_FACTOR)
    state = (state ^ state >> np.uint64(27)) * np.uint64(SECOND_FACTOR)
    return state ^ state >> np.uint64(31)


def _starts(design: Design) -> list[float]:
    """Where each arm begins on [0, 1); the holdout begins at 0."""
    return list(accumulate(list(design.shares.values())[:-1]))
