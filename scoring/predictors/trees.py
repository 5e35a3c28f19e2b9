"""Boosted trees beside the networks: what features say that neither a linear path nor attention reaches.

One ensemble (Ke et al. 2017, LightGBM) for the hazard of each interval, one for log spend and one for silence, on the
features as the networks read them.
"""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from scoring.networks.network import HORIZONS
from scoring.predictors import tree_texts
from scoring.predictors.boosters import lightgbm
from scoring.seen.actions import Floats


@dataclass(frozen=True, slots=True)
class Trees:
    """H ensembles for the hazards and one for log spend."""

    ensembles: tuple[lightgbm.Booster, ...]
    silent: lightgbm.Booster | None = None
    """Of no event at all, given no order; None where that was too rare, or never otherwise, and in older folders."""

    def hazards(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P, H] logits; tabular is [P, S]."""
        return np.stack([_said(ensemble, tabular) for ensemble in self.ensembles[:-1]], axis=1)

    def log_spend(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] mean, given an order."""
        return _said(self.ensembles[-1], tabular)

    def silence(self, tabular: npt.NDArray[np.float32]) -> Floats | None:
        """[P] logits of no event, given no order."""
        return None if self.silent is None else _said(self.silent, tabular)

    def to_json(self) -> str:
        """As kept in a model folder."""
        told = {"ensembles": [each.model_to_string() for each in self.ensembles]}
        return json.dumps(told if self.silent is None else told | {"silent": self.silent.model_to_string()})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """From a model folder; KeyError, TypeError or ValueError where it is not what `to_json` wrote."""
        value = json.loads(text)
        try:
            ensembles = tuple(_read(str(each)) for each in value["ensembles"])
            silent = _read(str(value["silent"])) if "silent" in value else None
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"trees cannot be read: {error}") from error
        if len(ensembles) != len(HORIZONS) + 1:
            raise ValueError(f"{len(ensembles)} ensembles of trees, expected {len(HORIZONS) + 1}")
        return cls(ensembles, silent)


def _read(text: str) -> lightgbm.Booster:
    tree_texts.check(text)
    return lightgbm.Booster(model_str=text)


def _said(ensemble: lightgbm.Booster, tabular: npt.NDArray[np.float32]) -> Floats:
    if len(tabular) == 0:
        return np.zeros(0)
    return np.asarray(ensemble.predict(tabular, raw_score=True, num_threads=1), dtype=np.float64)
