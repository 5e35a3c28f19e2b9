"""Boosted trees beside the networks: what features say that neither a linear path nor attention reaches.

One ensemble (Ke et al. 2017, LightGBM) for the hazard of each interval and one for log spend, on the features as the
networks read them.
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

    def hazards(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P, H] logits; tabular is [P, S]."""
        return np.stack([_said(ensemble, tabular) for ensemble in self.ensembles[:-1]], axis=1)

    def log_spend(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] mean, given an order."""
        return _said(self.ensembles[-1], tabular)

    def to_json(self) -> str:
        """As kept in a model folder."""
        return json.dumps({"ensembles": [each.model_to_string() for each in self.ensembles]})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """From a model folder; KeyError, TypeError or ValueError where it is not what `to_json` wrote."""
        value = json.loads(text)
        try:
            texts = [str(each) for each in value["ensembles"]]
            for each in texts:
                tree_texts.check(each)
            ensembles = tuple(lightgbm.Booster(model_str=each) for each in texts)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"trees cannot be read: {error}") from error
        if len(ensembles) != len(HORIZONS) + 1:
            raise ValueError(f"{len(ensembles)} ensembles of trees, expected {len(HORIZONS) + 1}")
        return cls(ensembles)


def _said(ensemble: lightgbm.Booster, tabular: npt.NDArray[np.float32]) -> Floats:
    if len(tabular) == 0:
        return np.zeros(0)
    return np.asarray(ensemble.predict(tabular, raw_score=True, num_threads=1), dtype=np.float64)
