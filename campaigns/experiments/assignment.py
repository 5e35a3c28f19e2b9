"""Who is held out and who gets which arm: a hash of campaign and customer, so that anyone can repeat the decision.

A customer stands where the first 53 bits of SHA-256 of `campaign/customer` say: `printf spring/C1 | sha256sum`. The
groups of two campaigns have nothing to do with each other, and PostgreSQL draws the same ones
(`database.experiments.assignment`).
"""

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate

import numpy as np
import polars as pl

from campaigns.experiments.moments import Floats
from campaigns.experiments.refusals import InvalidExperiment

HOLDOUT = "holdout"
"""The group that gets nothing; no arm can have this name."""
LARGEST_HOLDOUT = 0.9
WORD_BITS = 64
WORDS = 4
"""Of a digest; the first of them counts."""
SPARE_BITS = 11
"""Of a word of 64, beyond the 53 that a float holds exactly."""


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
        "holdout": f"a holdout is a share from 0 to {LARGEST_HOLDOUT}" * (not 0 <= design.holdout <= LARGEST_HOLDOUT),
        "arms": "an experiment needs at least one arm, each with a name of its own"
        * (not names or len(set(names)) != len(names)),
        "arms.name": f"an arm needs a name, and {HOLDOUT!r} is taken" * (not all(names) or HOLDOUT in names),
        "arms.weight": "a weight is positive and finite" * (not all(0 < arm.weight < np.inf for arm in design.arms)),
    }
    for field, problem in problems.items():
        if problem:
            raise InvalidExperiment(problem, field=field)


def group_of(design: Design, *, campaign_id: str, customer_id: str) -> str:
    """The group of one customer."""
    return design.groups[bisect_right(starts(design), position(campaign_id, customer_id))]


def groups_of(design: Design, *, campaign_id: str, customer_ids: pl.Series) -> pl.Series:
    """The same for many: an Enum column `group`, in the order of `customer_ids` (strings without nulls)."""
    index = np.searchsorted(starts(design), positions(campaign_id, customer_ids), side="right")
    names = pl.Series(design.groups, dtype=pl.Enum(design.groups))
    return names.gather(index).alias("group")


def position(campaign_id: str, customer_id: str) -> float:
    """Where in [0, 1) the customer stands in this campaign; uniform over customers."""
    return float(_positions(sha256(f"{campaign_id}/{customer_id}".encode()).digest())[0])


def positions(campaign_id: str, customer_ids: pl.Series) -> Floats:
    """The same [N] for many."""
    if customer_ids.null_count():
        raise ValueError("customer_ids has nulls: leave out rows without a customer first")
    start, customers = f"{campaign_id}/".encode(), customer_ids.cast(pl.String).cast(pl.Binary).to_list()
    return _positions(b"".join([sha256(start + customer).digest() for customer in customers]))


def starts(design: Design) -> list[float]:
    """Where each arm begins on [0, 1); the holdout begins at 0."""
    return list(accumulate(list(design.shares.values())[:-1]))


def _positions(digests: bytes) -> Floats:
    """[N] of N digests, whose words are big-endian."""
    numbers = np.frombuffer(digests, dtype=">u8")[::WORDS] >> np.uint64(SPARE_BITS)
    uniform: Floats = numbers.astype(np.float64) * 2.0 ** (SPARE_BITS - WORD_BITS)
    return uniform
