"""As many orders are expected as the chance of one or more, in closed form and with a regression beside it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.histories import at, bought, histories
from networks.tiny_model import tiny_model
from test_horizons import DAYS, MODEL, customer

from scoring.folders import folder
from scoring.folders.folder import WEIGHTS
from scoring.networks.network import HORIZONS
from scoring.predictors.further_orders import Regression, closed_form, further_orders
from scoring.predictors.horizons import purchase_within
from scoring.score import ModelRejected
from scoring.scorer import Scorer

KNOWN = histories(bought(90, order_id="a"), bought(40, order_id="b"), bought(5, order_id="c"))
WEEKS = DAYS[::7]
NOBODY = np.zeros((1, 0), np.float32)


def saying(orders: float) -> Regression:
    """The same of everybody."""
    return Regression(np.zeros(0), float(np.log(orders)))


@given(
    orders=st.integers(0, 100_000),
    age=st.floats(0, 30_000),
    hazards=st.tuples(*[st.floats(0, 1)] * len(HORIZONS)),
    leaving=st.tuples(st.floats(0.003, 3000), st.floats(0.003, 3000)),
    regression=st.one_of(st.none(), st.floats(1e-9, 1e9).map(saying)),
)
def test_expected_orders_are_at_least_the_chance_and_never_fall(
    orders: int,
    age: float,
    hazards: tuple[float, ...],
    leaving: tuple[float, float],
    regression: Regression | None,
) -> None:
    purchase = np.array([1.0 - np.cumprod(1.0 - np.array(hazards))])
    raw, model = customer(orders, age, age / 3), replace(MODEL, a=leaving[0], b=leaving[1])

    chances = np.array([purchase_within(days, purchase, raw, model)[0] for days in WEEKS])
    expected = chances * (1.0 + np.array([further_orders(each, raw, NOBODY, model, regression)[0] for each in WEEKS]))

    assert np.isfinite(expected).all()
    assert (expected >= chances).all()
    assert (np.diff(expected) >= -1e-9 * expected[1:]).all()
    assert ((expected == 0) == (chances == 0)).all()


@pytest.mark.parametrize("days", [30, 90, 365])
def test_closed_form_and_regression_have_a_half_each_and_go_on_as_the_closed_form_does(days: int) -> None:
    raw = customer(5, 340, 40)
    alone, at_90 = (float(closed_form(each, raw, MODEL)[0]) for each in (days, 90))

    found = further_orders(days, raw, NOBODY, MODEL, saying(2.0))

    assert found[0] == pytest.approx(np.sqrt(at_90 * 2.0) * alone / at_90)


def test_the_regression_says_an_order_a_day_at_most() -> None:
    assert saying(1e9)(NOBODY).tolist() == pytest.approx([90.0])


def test_a_folder_keeps_the_regression(tmp_path: Path) -> None:
    said = Scorer.load(folder.write(replace(tiny_model(), further=regression(0.5)), tmp_path / "model"))

    assert said.model.further is not None
    assert said.model.further.weights.tolist() == regression(0.5).weights.tolist()
    assert said.score(KNOWN, at()) == Scorer(replace(tiny_model(), further=regression(0.5))).score(KNOWN, at())


def test_a_folder_of_before_there_was_one_answers_in_closed_form(tmp_path: Path) -> None:
    older = Scorer.load(folder.write(tiny_model(), tmp_path / "older"))

    (score,), ahead = older.score_within(90, KNOWN, at())

    assert older.model.further is None
    assert b"further_orders" not in (tmp_path / "older" / WEIGHTS).read_bytes()
    further = closed_form(90, customer(3, 90, 5), older.model.buying)
    assert score.expected_orders == ahead.orders[0] == pytest.approx(score.purchase_90 * (1 + further[0]))


def test_a_regression_of_other_features_is_refused(tmp_path: Path) -> None:
    written = folder.write(replace(tiny_model(), further=Regression(np.zeros(3), 0.0)), tmp_path / "model")

    with pytest.raises(ModelRejected, match="further_orders"):
        Scorer.load(written)


def regression(weight: float) -> Regression:
    """On the features of the tiny model."""
    return Regression(np.full(len(tiny_model().normaliser.names), weight), -0.5)
