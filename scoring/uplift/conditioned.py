"""A response that is conditioned on the treatment: who has the outcome, and what the treatment adds, are both linear.

log odds of the outcome = base(x) + t·change(x), t 1 for the treated (Lo 2002, the true lift model). An outcome that is
an amount has the same two parts without the odds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from scipy.special import expit

from scoring.seen.actions import Floats
from scoring.seen.normalisation import LIMIT
from scoring.uplift.columns import Features

SOME = 65_536
"""Customers at once: what is reckoned of all of them would take several times their room."""


class Kind(StrEnum):
    """What a regressor says of its feature."""

    AMOUNT = "amount"
    """sign(x)·log(1 + |x|): counts and money have long tails."""
    UNKNOWN = "unknown"
    """1 where it is not known."""
    LEVEL = "level"
    """1 where it is one level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regressor:
    """One number that is read of a feature, standardised as where it was fitted."""

    feature: int
    """Its place."""
    kind: Kind
    level: float = 0.0
    """Of Kind.LEVEL."""
    mean: float = 0.0
    deviation: float = 1.0

    def read(self, features: Features) -> Floats:
        """[N] of [N, F]; what is not known is the mean."""
        standard: Floats = np.clip((self.raw(features) - self.mean) / self.deviation, -LIMIT, LIMIT)
        return np.nan_to_num(standard)

    def raw(self, features: Features) -> Floats:
        """[N] before it is standardised."""
        values, read = features[:, self.feature].astype(np.float64), np.empty(len(features))
        match self.kind:
            case Kind.AMOUNT:
                read[:] = np.sign(values) * np.log1p(np.abs(values))
            case Kind.UNKNOWN:
                read[:] = np.isnan(values)
            case Kind.LEVEL:
                read[:] = values == self.level
        return read


def design(regressors: tuple[Regressor, ...], features: Features) -> Features:
    """[N, 1 + R] of [N, F]: 1, then what each regressor reads, in 32 bits."""
    read = np.ones((len(features), 1 + len(regressors)), dtype=np.float32)
    for place, each in enumerate(regressors, start=1):
        read[:, place] = each.read(features)
    return read


def some_at_a_time(customers: int) -> Iterator[slice]:
    """All of them, in order."""
    yield from (slice(first, first + SOME) for first in range(0, customers, SOME))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioned:
    """The outcome, treated less not."""

    regressors: tuple[Regressor, ...]
    base: Floats
    """[1 + R]"""
    change: Floats
    """[1 + R]"""
    binary: bool
    """Whether both parts are of the log odds; otherwise of the outcome itself."""
    weight: float = 1.0

    def say(self, features: Features) -> Floats:
        """[N] of [N, F] features."""
        said = np.empty(len(features))
        for rows in some_at_a_time(len(features)):
            read = design(self.regressors, features[rows])
            base, change = read @ self.base, read @ self.change
            said[rows] = self.weight * (expit(base + change) - expit(base) if self.binary else change)
        return said

    def to_json(self) -> dict[str, Any]:
        """Numbers alone."""
        return {
            "weight": self.weight, "binary": self.binary, "base": self.base.tolist(), "change": self.change.tolist(),
            "regressors": [asdict(each) for each in self.regressors],
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError where it is not what `to_json` wrote."""
        regressors = tuple(map(_regressor, stored["regressors"]))
        base, change = (np.array(stored[name], dtype=np.float64) for name in ("base", "change"))
        if not base.shape == change.shape == (1 + len(regressors),):
            raise ValueError(f"{len(regressors)} regressors, and weights of shape {base.shape} and {change.shape}")
        return cls(
            regressors=regressors, base=base, change=change, binary=bool(stored["binary"]),
            weight=float(stored["weight"]),
        )  # fmt: skip


def _regressor(stored: Mapping[str, Any]) -> Regressor:
    return Regressor(
        feature=int(stored["feature"]), kind=Kind(stored["kind"]),
        **{name: float(stored[name]) for name in ("level", "mean", "deviation")},
    )  # fmt: skip
