"""Who has a say in an answer: the networks, and beside them trees, a linear model and the closed form.

What each says is mixed in logits (and in the mean of log spend) by shares that were fitted forward in time; of silence
the networks and the trees say as much each. A mixture in logits keeps explanations additive, and probabilities rising
with the horizon.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scoring.answers import Answers
from scoring.seen.actions import Floats


class Predictor(StrEnum):
    """Who may have a share of the answer."""

    NETWORKS = "networks"
    TREES = "trees"
    """Boosted trees on the features (`scoring.predictors.trees`)."""
    LINEAR = "linear"
    """All features (`scoring.predictors.linear`)."""
    CLOSED_FORM = "closed_form"
    """The outputs of the closed form (`scoring.buying`) alone, with their level fitted to the shop."""


Shares = Mapping[Predictor, float]
"""Not negative, 1 in sum."""


class Speaker(Protocol):
    """A predictor that reads features only."""

    def hazards(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P, H] logits; tabular is [P, S]."""

    def log_spend(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] mean, given an order."""

    def silence(self, tabular: npt.NDArray[np.float32]) -> Floats | None:
        """[P] logits of no event, given no order; None of who says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """The predictors beside the networks, and everybody's shares."""

    speakers: Mapping[Predictor, Speaker] = field(default_factory=dict)
    purchase: Shares = field(default_factory=lambda: {Predictor.NETWORKS: 1.0})
    """Of the logits of the hazards."""
    spend: Shares = field(default_factory=lambda: {Predictor.NETWORKS: 1.0})
    """Of the mean of log spend."""

    def mixed(self, answers: Answers, tabular: npt.NDArray[np.float32]) -> Answers:
        """What the networks answered P questions, with everybody's part mixed in; tabular is [P, S]."""
        log_mean = self.spend.get(Predictor.NETWORKS, 0.0) * answers.log_mean
        for speaker, share in self._heard(self.spend):
            log_mean = log_mean + share * speaker.log_spend(tabular)
        silences = [answers.silence, *(speaker.silence(tabular) for speaker in self.speakers.values())]
        return replace(
            answers, hazards=self.hazards(answers.hazards, tabular), log_mean=log_mean,
            silence=np.mean([each for each in silences if each is not None], axis=0),
        )  # fmt: skip

    def hazards(self, networks: Floats, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P, H] logits of the networks, with everybody's part mixed in."""
        hazards: Floats = self.purchase.get(Predictor.NETWORKS, 0.0) * networks
        for speaker, share in self._heard(self.purchase):
            hazards = hazards + share * speaker.hazards(tabular)
        return hazards

    def _heard(self, shares: Shares) -> Iterator[tuple[Speaker, float]]:
        return ((speaker, shares[each]) for each, speaker in self.speakers.items() if shares.get(each))
