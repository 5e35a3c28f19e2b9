"""Boosted trees beside the networks: what features say that neither a linear path nor attention reaches.

One ensemble (Ke et al. 2017, LightGBM) for the hazard of each interval and one for log spend, on the features as the
networks read them. Their answers are mixed with the networks' in logits, by a share that was fitted forward in time.
"""

import json
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from scoring.actions import Floats
from scoring.answers import Answers
from scoring.boosters import lightgbm
from scoring.network import HORIZONS


@dataclass(frozen=True, slots=True)
class Trees:
    """H ensembles for the hazards and one for log spend, and how much of the answer is theirs."""

    ensembles: tuple[lightgbm.Booster, ...]
    share: float
    """0 leaves the answer to the networks, 1 to the trees."""

    def mixed(self, answers: Answers, tabular: npt.NDArray[np.float32]) -> Answers:
        """Answers of the networks about P questions, with the trees' mixed in; tabular is [P, S]."""
        if self.share == 0 or len(tabular) == 0:
            return answers
        return between(answers, self.say(tabular), self.share)

    def say(self, tabular: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
        """[P, H] logits of the hazards and [P] mean log spend given an order, by the trees alone."""
        said = [
            np.asarray(ensemble.predict(tabular, raw_score=True, num_threads=1), dtype=np.float64)
            for ensemble in self.ensembles
        ]
        return np.stack(said[:-1], axis=1), said[-1]

    def to_json(self) -> str:
        """As kept in a model folder."""
        return json.dumps({"share": self.share, "ensembles": [each.model_to_string() for each in self.ensembles]})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """From a model folder; KeyError, TypeError or ValueError where it is not what `to_json` wrote."""
        value = json.loads(text)
        try:
            ensembles = tuple(lightgbm.Booster(model_str=str(each)) for each in value["ensembles"])
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"trees cannot be read: {error}") from error
        if len(ensembles) != len(HORIZONS) + 1:
            raise ValueError(f"{len(ensembles)} ensembles of trees, expected {len(HORIZONS) + 1}")
        return cls(ensembles, float(value["share"]))


def between(answers: Answers, said: tuple[Floats, Floats], share: float) -> Answers:
    """Answers with a share of what trees said: hazards in logits, and the mean of log spend."""
    hazards, log_mean = said
    return replace(
        answers,
        hazards=(1 - share) * answers.hazards + share * hazards,
        log_mean=(1 - share) * answers.log_mean + share * log_mean,
    )


def mixed(trees: Trees | None, answers: Answers, tabular: npt.NDArray[np.float32]) -> Answers:
    """Answers with the trees' part, if the model has trees."""
    return answers if trees is None else trees.mixed(answers, tabular)
