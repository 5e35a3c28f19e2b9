"""A response that is conditioned on the treatment: what is known of it is what was put in."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from made_trials import drawn_trial, made_trial
from scipy.special import expit
from scipy.stats import spearmanr

from scoring.uplift.columns import Column
from scoring.uplift.conditioned import Conditioned, Kind, Regressor
from scoring.uplift.model import Line, UpliftModel
from training.uplift.conditioned import conditioned
from training.uplift.trial import Trial


def alike_in_odds(size: int, *, seed: int) -> Trial:
    """The treatment adds 0.8 to everybody's log odds, which two of six features tell."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(size, 6))
    treated = random.random(size) < 0.6
    outcome = random.random(size) < expit(features[:, 0] - features[:, 1] - 0.5 + 0.8 * treated)
    return made_trial(outcome, treated, features=features, propensity=treated.mean())


def test_where_odds_change_alike_those_between_never_and_always_are_changed_most() -> None:
    trial = alike_in_odds(4_000, seed=1)
    found = conditioned(trial)
    chance = trial.features[:, 0] - trial.features[:, 1] - 0.5

    assert found.change[0] == pytest.approx(0.8, abs=0.15)
    assert np.abs(found.change[1:]).max() < 0.05
    assert spearmanr(found.say(trial.features), expit(chance + 0.8) - expit(chance)).statistic > 0.95


def test_where_a_feature_tells_whom_it_changes_that_is_learned() -> None:
    trial, effect = drawn_trial(4_000, seed=3, contrary=True)

    assert spearmanr(conditioned(trial).say(trial.features), effect).statistic > 0.6


def test_an_amount_changes_by_the_same_parts_without_odds() -> None:
    random = np.random.default_rng(4)
    features, treated = random.normal(size=(3_000, 2)), random.random(3_000) < 0.5
    outcome = 500 + 100 * features[:, 0] + treated * (50 + 40 * features[:, 1]) + random.normal(size=3_000) * 20
    found = conditioned(made_trial(outcome, treated, features=features))
    told = found.say(features)

    assert told.mean() == pytest.approx(50, abs=4)
    assert spearmanr(told, features[:, 1]).statistic > 0.95


def test_what_is_not_known_and_what_is_a_level_is_read() -> None:
    """The treatment changes only those of level 1, and those of whom the second feature is not known."""
    random = np.random.default_rng(6)
    size = 6_000
    level, known = random.integers(0, 3, size).astype(np.float64), random.random(size) < 0.5
    features = np.column_stack([level, np.where(known, random.normal(size=size), np.nan), np.ones(size)])
    treated = random.random(size) < 0.5
    outcome = random.random(size) < 0.2 + 0.2 * treated * ((level == 1) + 1.0 * ~known)
    found = conditioned(replace(made_trial(outcome, treated, features=features), categorical=(0,)))
    told = found.say(np.array([[0, 0, 1], [1, 0, 1], [0, np.nan, 1], [1, np.nan, 1], [7, np.inf, 1]], dtype=float))

    assert {(each.feature, each.kind) for each in found.regressors} == {
        (0, Kind.LEVEL), (1, Kind.AMOUNT), (1, Kind.UNKNOWN),
    }  # fmt: skip
    assert told[0] < min(told[1], told[2]) < max(told[1], told[2]) < told[3]
    assert np.isfinite(told).all()


def test_what_is_kept_says_the_same_and_nothing_else_is_read() -> None:
    kept = Conditioned(
        regressors=(Regressor(feature=1, kind=Kind.AMOUNT, mean=0.5, deviation=2.0),),
        base=np.array([-1.0, 0.5]), change=np.array([0.3, -0.25]), binary=True, weight=2.0,
    )  # fmt: skip
    features = np.array([[9.0, np.expm1(2.5)], [9.0, -np.expm1(1.5)], [9.0, np.nan], [9.0, 1e30]])
    standard = np.array([1.0, -1.0, 0.0, 4.0])
    base, change = -1.0 + 0.5 * standard, 0.3 - 0.25 * standard

    model = UpliftModel(
        learner="linear", columns=(Column(name="age"), Column(name="spend")), terms=(kept,),
        line=Line(mean=0.1, slope=1.0, centre=0.0),
    )  # fmt: skip
    frame = pl.DataFrame({"age": features[:, 0], "spend": features[:, 1]})

    assert kept.say(features) == pytest.approx(2 * (expit(base + change) - expit(base)))
    assert (UpliftModel.from_json(model.to_json()).score(frame) == kept.say(features)).all()
    for wrong in ({"base": [0.0]}, {"regressors": [{"feature": 0}]}, {"change": "x"}):
        terms = [kept.to_json() | wrong]
        with pytest.raises(ValueError, match="not a model of uplift"):
            UpliftModel.from_json(json.dumps(json.loads(model.to_json()) | {"terms": terms}))
