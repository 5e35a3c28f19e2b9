"""Who has a say in an answer: the networks, and beside them trees, a linear model and the closed form.

What each says is mixed in logits (and in the mean of log spend) by shares that were fitted forward in time. A mixture
in logits keeps explanations additive, and probabilities rising with the horizon.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scoring.actions import Floats
from scoring.answers import Answers


class Predictor(StrEnum):
    """Who may have a share of the answer."""

    NETWORKS = "networks"
    TREES = "trees"
    """Boosted trees on the features (`scoring.trees`)."""
    LINEAR = "linear"
    """All features (`scoring.linear`)."""
    CLOSED_FORM = "closed_form"
    """The outputs of the closed form (`scoring.buying`) alone, with their level fitted to the shop."""


Shares = Mapping[Predictor, float]
"""Not negative, 1 in sum."""


class Speaker(Protocol):
    """A predictor that reads features only."""

    def say(self, tabular: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
        """[P, H] logits of the hazards and [P] mean log spend given an order; tabular is [P, S]."""


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
        hazards = self.purchase.get(Predictor.NETWORKS, 0.0) * answers.hazards
        log_mean = self.spend.get(Predictor.NETWORKS, 0.0) * answers.log_mean
        for predictor, speaker in self.speakers.items():
            said, spent = speaker.say(tabular)
            hazards = hazards + self.purchase.get(predictor, 0.0) * said
            log_mean = log_mean + self.spend.get(predictor, 0.0) * spent
        return replace(answers, hazards=hazards, log_mean=log_mean)
