"""One rule and the same parameters on both mails of a real experiment, whose effects are not alike."""

from pathlib import Path

import polars as pl
import pytest

from training.uplift.choice import Choice, choose
from training.uplift.crossfit import cross_fit
from training.uplift.learners import Learner
from training.uplift.propensity import foretold
from training.uplift.reading import Treatment, read
from training.uplift.trial import Trial


def trial_of(folder: Path, mail: str) -> Trial:
    path = folder / "hillstrom.parquet"
    if not path.is_file():
        pytest.skip("hillstrom.parquet is not among the real data sets")
    return read(pl.read_parquet(path), treatment=Treatment.read(f"segment={mail},No E-Mail"), outcome="visit").trial


def chosen(trial: Trial) -> Choice:
    scores = cross_fit(trial, parts=3, seed=0, progress=lambda *_: None)
    return choose(trial, scores, seed=0)


def test_the_mail_for_women_changes_others_than_those_who_visit(real_data: Path) -> None:
    trial = trial_of(real_data, "Womens E-Mail")
    choice = chosen(trial)

    assert choice.learner is not Learner.RESPONSE
    assert choice.figures[choice.learner].qini.value >= 6.6
    assert foretold(trial, seed=0) is None, "treated and not were drawn alike"


def test_the_mail_for_men_goes_to_those_who_visit(real_data: Path) -> None:
    choice = chosen(trial_of(real_data, "Mens E-Mail"))

    assert choice.learner is Learner.RESPONSE
    assert choice.figures[Learner.RESPONSE].qini.value >= 3.0
