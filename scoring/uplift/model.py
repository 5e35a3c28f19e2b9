"""Whom an offer changes: the difference that it makes to a customer's outcome, by a model fitted on an experiment.

Every learner's score is a weighted sum of terms: what boosted trees (Ke et al. 2017, LightGBM) say, some of which are
asked as if the customer were treated or not, or what a response says that is conditioned on the treatment. A line
(Chernozhukov et al. 2018, best linear predictor) turns it into an effect.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from scoring.predictors.boosters import lightgbm
from scoring.seen.actions import Floats
from scoring.uplift.columns import Column, Features, matrix
from scoring.uplift.conditioned import Conditioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What trees say."""

    trees: lightgbm.Booster
    weight: float
    treated: float | None = None
    """Asked as if the customer were treated (1) or not (0); None for trees that do not read it."""

    def say(self, features: Features) -> Floats:
        """[N] of [N, F] features."""
        if self.treated is not None:
            features = np.column_stack([features, np.full(len(features), self.treated, features.dtype)])
        return self.weight * np.asarray(self.trees.predict(features, num_threads=1), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The trees as text that is parsed and never run."""
        return {"weight": self.weight, "treated": self.treated, "trees": self.trees.model_to_string()}


Term = Grown | Conditioned
"""One part of a score."""


def score(terms: tuple[Term, ...], features: Features) -> Floats:
    """[N] by which customers are ranked; the higher, the sooner an offer is theirs."""
    summed: Floats = np.array([term.say(features) for term in terms]).sum(axis=0)
    return summed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The effect that a score stands for: `mean` at `centre`, and `slope` more for each unit; it never falls."""

    mean: float
    slope: float
    centre: float

    def effect(self, scores: Floats) -> Floats:
        """[N], in the unit of the outcome."""
        return self.mean + self.slope * (scores - self.centre)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftModel:
    """What was learned of one experiment."""

    learner: str
    columns: tuple[Column, ...]
    terms: tuple[Term, ...]
    line: Line

    def score(self, frame: pl.DataFrame) -> Floats:
        """[N] for the rows of a table that has the columns. Raises ValueError where it has not."""
        if frame.is_empty():
            return np.zeros(0)
        return score(self.terms, matrix(frame, self.columns))

    def effect(self, frame: pl.DataFrame) -> Floats:
        """[N] what the offer is expected to change, in the unit of the outcome."""
        return self.line.effect(self.score(frame))

    def to_json(self) -> str:
        """Text that is parsed and never run."""
        return json.dumps(
            {
                "learner": self.learner,
                "columns": [{"name": column.name, "levels": column.levels} for column in self.columns],
                "terms": [term.to_json() for term in self.terms],
                "line": {"mean": self.line.mean, "slope": self.line.slope, "centre": self.line.centre},
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises ValueError where it is not what `to_json` wrote."""
        try:
            stored = json.loads(text)
            return cls(
                learner=str(stored["learner"]), columns=tuple(map(_column, stored["columns"])),
                terms=tuple(map(_term, stored["terms"])),
                line=Line(**{name: float(stored["line"][name]) for name in ("mean", "slope", "centre")}),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, lightgbm.basic.LightGBMError) as error:
            raise ValueError(f"not a model of uplift: {error}") from error


def _column(stored: dict[str, Any]) -> Column:
    levels = stored["levels"]
    return Column(name=str(stored["name"]), levels=None if levels is None else tuple(map(str, levels)))


def _term(stored: dict[str, Any]) -> Term:
    if "trees" not in stored:
        return Conditioned.from_json(stored)
    treated = stored["treated"]
    return Grown(
        trees=lightgbm.Booster(model_str=str(stored["trees"])), weight=float(stored["weight"]),
        treated=None if treated is None else float(treated),
    )  # fmt: skip
