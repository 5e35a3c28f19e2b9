"""Where customers stand, now and in the closed windows of a year: what tiers and seasons are measured on."""

from dataclasses import dataclass

import numpy as np

from scoring.answers import YEAR_DAYS, Answers, ask
from scoring.mixture import Mixture
from scoring.networks.network import Network
from scoring.seen.actions import Floats, Pairs
from scoring.seen.features import raw_features
from scoring.seen.view import DAY
from training.course import Course
from training.material.labels import LONGEST, questions
from training.material.likeness import YOUNG
from training.material.preparation import Prepared, at_most

MOST = 20_000
"""Customers asked: enough for a level and for quantiles."""
BETWEEN = 21 * DAY
"""From one window of the year to the next."""


@dataclass(frozen=True, slots=True)
class Standing:
    """P questions, and what the mixture says."""

    pairs: Pairs
    raw: Floats
    """[P, F] raw features."""
    answers: Answers

    @property
    def as_of(self) -> Floats:
        """[P] epoch seconds."""
        return self.pairs.as_of


def standing_of(
    course: Course, prepared: Prepared, networks: tuple[Network, ...], mixture: Mixture, as_of: Floats
) -> Standing:
    """Of everybody at each of these times, or of a sample of a large shop."""
    pairs = at_most(questions(course.tokens.actions, as_of), MOST, course.seed)
    raw = raw_features(course.tokens.actions, pairs, prepared.buying)
    tabular = prepared.normaliser(raw)
    answers = mixture.mixed(ask(networks, course.tokens, pairs, tabular, course.device), tabular)
    return Standing(pairs, raw, answers)


def year_of(course: Course) -> Floats:
    """As-of times through the latest year of closed windows, none of them of a young shop but for the latest."""
    latest = course.as_of - LONGEST
    times: Floats = np.arange(latest, latest - YEAR_DAYS * DAY, -BETWEEN)[::-1]
    kept: Floats = times[(times >= course.begin + YOUNG) | (times == latest)]
    return kept
