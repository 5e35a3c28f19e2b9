"""Which learner says whom to target: the best one, where it beats targeting by response by more than chance; else that.

A response that is surely worse than a random choice is none to fall back to: then, too, it is the best learner.

The best of several has more luck than one, so the intervals hold for all of them at once (max-t, Romano and Wolf
2005), and what the whole procedure is worth is measured with the choice made without those it is measured on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scoring.seen.actions import Floats
from training.metrics import ranks_of
from training.progress import Progress, silence
from training.uplift.learners import Learner
from training.uplift.qini import curve, influence, qini, ranking
from training.uplift.trial import Flags, Trial, folds

COVERAGE = 0.95
DEVIATIONS = 1.959964
"""Of a normal distribution to either side of its mean, between which 95 % lie."""
DRAWS = 20_000
"""Of how far all learners stray at once."""
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

    def __str__(self) -> str:
        """Of a Qini, in words."""
        return f"{self.value:+.2f} per 1,000 [{self.low:.2f}, {self.high:.2f}]"


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
        if self.learner is not self.best:
            return f"no learner beats targeting by response by more than chance: the best, {self.best}, by {ahead}"
        if ahead.low > 0:
            return f"the {self.best}-learner beats targeting by response by {ahead}"
        usual = self.figures[Learner.RESPONSE].qini
        return f"targeting by response is worse than at random, {usual}: the best, {self.best}, beats it by {ahead}"

    @property
    def finds(self) -> bool:
        """Whether its ranking is better than chance."""
        return self.figures[self.learner].qini.low > 0


def choose(trial: Trial, scores: Mapping[Learner, Floats], *, seed: int) -> Choice:
    """From [N] scores that are out of fold."""
    return _choose(trial, scores.__getitem__, seed)


def _choose(trial: Trial, scores: Callable[[Learner], Floats], seed: int) -> Choice:
    """Scores are asked for one after the other, for those of millions take much room."""
    found, tops, moved = np.empty(len(ORDER)), np.empty(len(ORDER)), np.empty((len(ORDER), trial.customers))
    for place, learner in enumerate(ORDER):
        ranked = ranking(scores(learner))
        moved[place] = trial.by_customer(influence(trial, ranked))
        gains = curve(trial, ranked)
        found[place], tops[place] = gains.qini, gains.at(TOP) / TOP
        del gains  # the next are as large
    alone = [_alone(value, by) for value, by in zip(found, moved, strict=True)]
    moved[1:] -= moved[0]
    ahead = [None, *_together(found[1:] - found[0], moved[1:], seed)]
    figures = {
        learner: Figures(qini=each, top=float(top), ahead=lead)
        for learner, each, top, lead in zip(ORDER, alone, tops, ahead, strict=True)
    }
    best = max(RIVALS, key=lambda learner: figures[learner].qini.value)
    return Choice(learner=best if _is_better(figures, best) else Learner.RESPONSE, figures=figures, best=best)


def _is_better(figures: Mapping[Learner, Figures], best: Learner) -> bool:
    """Whether it is used instead of response."""
    lead = figures[best].ahead
    assert lead is not None, "response is not among them"
    return lead.low > 0 or (lead.value > 0 and figures[Learner.RESPONSE].qini.high < 0)


def nested(trial: Trial, scores: Mapping[Learner, Floats], *, seed: int, progress: Progress = silence) -> float:
    """Qini of the rule: each part of the customers is ranked by what is chosen on the others."""
    parts = folds(trial, PARTS, np.random.default_rng(seed))
    bare = replace(trial, features=trial.features[:, :0])  # they are large, and not asked
    ranks = np.empty(len(trial))
    for part in range(PARTS):
        rows, others = parts == part, parts != part
        chosen = _choose(bare.part(others), partial(_some, scores, others), seed).learner
        ranks[rows] = ranks_of(scores[chosen][rows]) / rows.sum()
        progress("measuring what the rule is worth", part + 1, PARTS)
    return qini(trial, ranks)


def _some(scores: Mapping[Learner, Floats], rows: Flags, learner: Learner) -> Floats:
    return scores[learner][rows]


def _alone(value: float, moved: Floats) -> Interval:
    reach = DEVIATIONS * float(np.sqrt(moved @ moved))
    return Interval(value=float(value), low=float(value) - reach, high=float(value) + reach)


def _together(differences: Floats, moved: Floats, seed: int) -> list[Interval]:
    """Of differences that customers move by [differences, N]."""
    shared = moved @ moved.T
    deviation = np.sqrt(np.maximum(np.diag(shared), 1e-24))
    random = np.random.default_rng(seed)
    draws = random.multivariate_normal(np.zeros(len(shared)), shared / np.outer(deviation, deviation), DRAWS)
    reach = np.quantile(np.abs(draws).max(axis=1), COVERAGE) * deviation
    return [
        Interval(value=float(value), low=float(value - width), high=float(value + width))
        for value, width in zip(differences, reach, strict=True)
    ]
