"""One rule and the same parameters on both mails of a real experiment, whose effects are not alike."""

from pathlib import Path

import polars as pl
import pytest

from training.uplift.findings import Findings, learn
from training.uplift.learners import Learner
from training.uplift.reading import Treatment, read


def found(folder: Path, mail: str) -> Findings:
    path = folder / "hillstrom.parquet"
    if not path.is_file():
        pytest.skip("hillstrom.parquet is not among the real data sets")
    reading = read(pl.read_parquet(path), treatment=Treatment.read(f"segment={mail},No E-Mail"), outcome="visit")
    return learn(reading.trial, seed=0, progress=lambda *_: None, parts=5, resamples=60)


def test_the_mail_for_women_changes_others_than_those_who_visit(real_data: Path) -> None:
    seen = found(real_data, "Womens E-Mail")

    assert seen.choice.learner is not Learner.RESPONSE
    assert seen.choice.figures[seen.choice.learner].qini.value >= 6.6
    assert seen.drawn_alike


def test_the_mail_for_men_goes_to_those_who_visit(real_data: Path) -> None:
    seen = found(real_data, "Mens E-Mail")

    assert seen.choice.learner is Learner.RESPONSE
    assert seen.choice.figures[Learner.RESPONSE].qini.value >= 3.0
