"""What an experiment teaches of whom to target, whole: from a table to a model with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.seen.actions import Floats
from scoring.uplift.model import Line, UpliftModel
from training.progress import Progress, silence
from training.uplift.choice import Choice, Figures, Interval, choose, nested
from training.uplift.crossfit import cross_fit, on_all, parts_of
from training.uplift.effect import average, fit_line
from training.uplift.learners import Learner
from training.uplift.propensity import foretold
from training.uplift.reading import Reading
from training.uplift.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of one experiment."""

    trial: Trial
    scores: Mapping[Learner, Floats]
    """[N] of each learner, out of fold."""
    choice: Choice
    nested_qini: float
    """Of the rule, the choice made without those it is measured on."""
    effect: Interval
    """Per customer."""
    line: Line
    """The chosen score as an effect."""
    drawn_alike: bool
    """False where features foretell who was treated, and the estimated propensity is used."""

    @property
    def score(self) -> Floats:
        """[N] by which to target."""
        return self.scores[self.choice.learner]

    def to_json(self) -> dict[str, Any]:
        """As `tierwise uplift` prints it; figures of outcomes are per customer, Qini per 1,000 customers."""
        chosen = self.choice.figures[self.choice.learner]
        return {
            "customers": self.trial.customers, "rows": len(self.trial), "treated": self.trial.customers_treated,
            "effect": self.effect.value, "effect_low": self.effect.low, "effect_high": self.effect.high,
            "drawn_alike": self.drawn_alike,
            "learners": [_row(learner, each, self.effect) for learner, each in self.choice.figures.items()],
            "choice": self.choice.learner, "reason": self.choice.reason, "better_than_chance": self.choice.finds,
            "qini": chosen.qini.value, "qini_low": chosen.qini.low, "qini_high": chosen.qini.high,
            "nested_qini": self.nested_qini,
        }  # fmt: skip


def learn(trial: Trial, *, seed: int, progress: Progress, given: bool = False, parts: int | None = None) -> Findings:
    """Equal trials and seeds give equal findings; `given` keeps the trial's propensities as they are.

    More customers are divided into fewer parts, unless it is said into how many. Raises TrialNotUsable where features
    tell who was treated nearly for sure.
    """
    estimated = None if given else foretold(trial, seed=seed, progress=progress)
    if estimated is not None:
        trial = replace(trial, propensity=estimated)
    scores = cross_fit(trial, parts=parts or parts_of(len(trial)), seed=seed, progress=progress)
    chosen = choose(trial, scores, seed=seed)
    response = scores[Learner.RESPONSE]
    return Findings(
        trial=trial, scores=scores, choice=chosen, effect=average(trial, response),
        nested_qini=nested(trial, scores, seed=seed, progress=progress),
        line=fit_line(trial, scores[chosen.learner], response), drawn_alike=estimated is None,
    )  # fmt: skip


def _row(learner: Learner, figures: Figures, effect: Interval) -> dict[str, Any]:
    ahead = figures.ahead
    return {
        "learner": learner, "qini": figures.qini.value, "low": figures.qini.low, "high": figures.qini.high,
        "over_response": None if ahead is None else ahead.value,
        "over_response_low": None if ahead is None else ahead.low,
        "over_response_high": None if ahead is None else ahead.high,
        "top_30_effect": figures.top, "times_average": figures.top / effect.value if effect.value else None,
    }  # fmt: skip


def model(reading: Reading, findings: Findings, *, seed: int, progress: Progress = silence) -> UpliftModel:
    """The chosen learner, fitted on everybody."""
    learner = findings.choice.learner
    terms = on_all(findings.trial, learner, seed=seed, progress=progress)
    return UpliftModel(learner=learner, columns=reading.columns, terms=terms, line=findings.line)
