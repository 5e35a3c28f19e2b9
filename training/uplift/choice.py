"""Which learner says whom to target: the best one, where it beats targeting by response by more than chance; else that.

The best of several has more luck than one, so the intervals hold for all of them at once (max-t bootstrap, Romano and
Wolf 2005), and what the whole procedure is worth is measured with the choice made without those it is measured on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.seen.actions import Floats
from training.metrics import ranks_of
from training.uplift.learners import Learner
from training.uplift.qini import bootstrap, curve, qini, ranking
from training.uplift.trial import Trial, folds

COVERAGE = 0.95
PARTS = 5
TOP = 0.3
RIVALS = tuple(learner for learner in Learner if learner is not Learner.RESPONSE)
ORDER = (Learner.RESPONSE, *RIVALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and where it lies, at 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How well one learner ranks, out of fold."""

    qini: Interval
    """Outcomes per 1,000 customers."""
    top: float
    """Effect per customer among the three tenths with the highest scores."""
    ahead: Interval | None
    """Its Qini less that of targeting by response; the intervals of all learners hold together. None for response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """By what to target, and why."""

    learner: Learner
    figures: Mapping[Learner, Figures]
    best: Learner
    """Of RIVALS, the one with the highest Qini."""

    @property
    def reason(self) -> str:
        """In words."""
        ahead = self.figures[self.best].ahead
        assert ahead is not None, "response is not among them"
        span = f"{ahead.value:+.2f} per 1,000 [{ahead.low:.2f}, {ahead.high:.2f}]"
        if self.learner is self.best:
            return f"the {self.best}-learner beats targeting by response by {span}"
        return f"no learner beats targeting by response by more than chance: the best, {self.best}, by {span}"

    @property
    def finds(self) -> bool:
        """Whether its ranking is better than chance."""
        return self.figures[self.learner].qini.low > 0


def choose(trial: Trial, scores: Mapping[Learner, Floats], *, resamples: int, seed: int) -> Choice:
    """From [N] scores that are out of fold."""
    curves = [curve(trial, ranking(scores[learner])) for learner in ORDER]
    found = np.array([each.qini for each in curves])
    drawn = bootstrap(trial, [scores[learner] for learner in ORDER], resamples=resamples, seed=seed)
    ahead = [None, *_together(found[1:] - found[0], drawn[:, 1:] - drawn[:, :1])]
    figures = {
        learner: Figures(qini=_alone(value, draws), top=each.at(TOP) / TOP, ahead=lead)
        for learner, value, draws, each, lead in zip(ORDER, found, drawn.T, curves, ahead, strict=True)
    }
    best = max(RIVALS, key=lambda learner: figures[learner].qini.value)
    lead = figures[best].ahead
    return Choice(learner=best if lead is not None and lead.low > 0 else Learner.RESPONSE, figures=figures, best=best)


def nested(trial: Trial, scores: Mapping[Learner, Floats], *, resamples: int, seed: int) -> float:
    """Qini of the rule: each part of the customers is ranked by what is chosen on the others."""
    parts = folds(trial, PARTS, np.random.default_rng(seed))
    ranks = np.empty(len(trial))
    for part in range(PARTS):
        rows, others = parts == part, parts != part
        seen = {learner: values[others] for learner, values in scores.items()}
        chosen = choose(trial.part(others), seen, resamples=resamples, seed=seed).learner
        ranks[rows] = ranks_of(scores[chosen][rows]) / rows.sum()
    return qini(trial, ranks)


def _alone(value: float, draws: Floats) -> Interval:
    low, high = np.quantile(draws, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
    return Interval(value=float(value), low=float(low), high=float(high))


def _together(differences: Floats, draws: Floats) -> list[Interval]:
    deviation = np.maximum(draws.std(axis=0), 1e-12)
    reach = np.quantile(np.abs((draws - differences) / deviation).max(axis=1), COVERAGE) * deviation
    return [
        Interval(value=float(value), low=float(value - width), high=float(value + width))
        for value, width in zip(differences, reach, strict=True)
    ]
