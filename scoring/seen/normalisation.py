"""Raw features to what the network reads: selected, scaled and standardised as the training part was."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from scoring.seen.actions import Floats
from scoring.seen.feature_registry import FEATURES, NAMES, Scale

LIMIT = 4.0
"""Standard deviations beyond which a value is clipped: one odd customer must not reach where nothing was learned."""
LOGGED = np.array([feature.scale is Scale.LOG for feature in FEATURES])
ODDS = np.array([feature.scale is Scale.LOGIT for feature in FEATURES])
SURE = 1e-4
"""Probabilities are kept so far off 0 and 1 before their odds are taken."""


def scaled(raw: Floats) -> Floats:
    """[P, F] each feature on its scale."""
    values = np.where(LOGGED, np.sign(raw) * np.log1p(np.abs(raw)), raw)
    values[:, ODDS] = logit(np.clip(raw[:, ODDS], SURE, 1 - SURE))
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """S selected features with the mean and standard deviation of their scaled values on the training part."""

    names: tuple[str, ...]
    mean: Floats
    deviation: Floats
    dropped: Mapping[str, str]
    """Features left out, with the reason."""

    @property
    def columns(self) -> npt.NDArray[np.int64]:
        """[S] places of the selected features in the registry."""
        return _places(self.names)

    def __call__(self, raw: Floats) -> npt.NDArray[np.float32]:
        """[P, F] raw to [P, S]; what is not defined becomes 0, the mean of the training part."""
        standard = (scaled(raw)[:, self.columns] - self.mean) / self.deviation
        return np.where(np.isnan(standard), 0.0, np.clip(standard, -LIMIT, LIMIT)).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        statistics = zip(self.names, self.mean.tolist(), self.deviation.tolist(), strict=True)
        return {
            "selected": [{"name": name, "mean": mean, "deviation": deviation} for name, mean, deviation in statistics],
            "dropped": dict(self.dropped),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From the manifest; KeyError or TypeError where it is not what `to_json` wrote."""
        selected = value["selected"]
        names = tuple(str(feature["name"]) for feature in selected)
        if unknown := set(names) - set(NAMES):
            raise KeyError(f"unknown features {sorted(unknown)}")
        return cls(
            names=names,
            mean=np.array([float(feature["mean"]) for feature in selected]),
            deviation=np.array([float(feature["deviation"]) for feature in selected]),
            dropped=dict(value["dropped"]),
        )


@lru_cache
def _places(names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Asked at each score; looking them up takes as long as scaling."""
    places = np.array([NAMES.index(name) for name in names], dtype=np.int64)
    places.flags.writeable = False
    return places
