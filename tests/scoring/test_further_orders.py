"""As many orders are expected as the chance of one or more, in closed form and with what the shop told beside it."""

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
from scoring.predictors.further_orders import (
    MEMORIES,
    Recurrence,
    closed_form,
    closed_forms,
    further_orders,
    median_orders,
    recurrence_from,
)
from scoring.predictors.horizons import purchase_within
from scoring.score import ModelRejected
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

KNOWN = histories(bought(90, order_id="a"), bought(40, order_id="b"), bought(5, order_id="c"))
WEEKS = DAYS[::7]
NOBODY = np.zeros((1, 0), np.float32)


def saying(orders: float, *, recent: tuple[float, float] = (0.0, 0.0)) -> Recurrence:
    """The same of everybody."""
    return Recurrence(np.zeros(0), float(np.log(orders)), np.array(recent))


def coming(orders: float, age: float, *, late: tuple[float, float]) -> Floats:
    """[1, F] of whom so many orders are of the last 30 and 90 days."""
    raw = customer(orders, age, age / 3)
    raw[0, [NAMES.index(f"orders_{days}") for days in MEMORIES]] = late
    return raw


@given(
    orders=st.integers(0, 100_000),
    late=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    age=st.floats(0, 30_000),
    hazards=st.tuples(*[st.floats(0, 1)] * len(HORIZONS)),
    leaving=st.tuples(st.floats(0.003, 3000), st.floats(0.003, 3000)),
    recurrence=st.one_of(
        st.none(),
        st.builds(saying, st.floats(1e-9, 1e9), recent=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5))),
    ),
)
def test_expected_orders_are_at_least_the_chance_and_never_fall(
    orders: int,
    late: tuple[float, float],
    age: float,
    hazards: tuple[float, ...],
    leaving: tuple[float, float],
    recurrence: Recurrence | None,
) -> None:
    purchase = np.array([1.0 - np.cumprod(1.0 - np.array(hazards))])
    raw = coming(orders, age, late=(late[0] * late[1] * orders, late[1] * orders))
    model = replace(MODEL, a=leaving[0], b=leaving[1])

    chances = np.array([purchase_within(days, purchase, raw, model)[0] for days in WEEKS])
    further = np.array([further_orders(each, raw, NOBODY, model, recurrence)[0] for each in WEEKS])
    expected, medians = chances * (1.0 + further), median_orders(chances, further, raw, model)

    assert np.isfinite(expected).all()
    assert (expected >= chances).all()
    assert (np.diff(expected) >= -1e-9 * expected[1:]).all()
    assert ((expected == 0) == (chances == 0)).all()
    assert (np.diff(medians) >= 0).all()
    assert ((medians == 0) == (chances <= 0.5)).all()


@pytest.mark.parametrize("chance", [0.2, 0.51, 0.8, 1.0])
@pytest.mark.parametrize("orders", [0, 1, 30])
def test_half_of_customers_like_one_order_at_most_the_median(chance: float, orders: int) -> None:
    random, shape = np.random.default_rng(1), MODEL.r + max(orders - 1, 0)
    after = random.poisson(random.gamma(shape, 3.0 / shape, 200_000))
    drawn = np.where(random.random(200_000) < chance, 1 + after, 0)

    found = median_orders(np.array([chance]), np.array([3.0]), customer(orders, 300, 100), MODEL)

    assert found.tolist() == [np.median(drawn)]


@pytest.mark.parametrize("days", [30, 90, 365])
def test_closed_form_and_regression_have_a_half_each_and_go_on_as_the_closed_form_does(days: int) -> None:
    raw = coming(5, 340, late=(0, 1))
    alone, at_90 = (float(closed_form(each, raw, MODEL)[0]) for each in (days, 90))

    found = further_orders(days, raw, NOBODY, MODEL, saying(2.0))

    assert found[0] == pytest.approx(np.sqrt(at_90 * 2.0) * alone / at_90)


def test_where_rates_drift_the_closed_form_has_seen_the_latest_days_alone_in_part() -> None:
    slower, new = coming(40, 340, late=(1, 5)), coming(4, 20, late=(4, 4))
    told = saying(2.0, recent=(0.3, 0.2))

    life, days_30, days_90 = closed_forms(slower, MODEL)[:, 0].tolist()
    (found,), (of_new,) = (further_orders(90, raw, NOBODY, MODEL, told) for raw in (slower, new))

    shape, reach = MODEL.r + 1, 90 / (MODEL.alpha + 30)
    leaving = MODEL.a / (MODEL.a + MODEL.b + 1)
    orders, chance = (1 - (1 + each * reach) ** -shape for each in (leaving, 1.0))
    assert days_30 == pytest.approx(orders / (leaving * chance) - 1)
    assert days_30 < days_90 < life
    assert found == pytest.approx(np.sqrt(life**0.5 * days_30**0.3 * days_90**0.2 * 2.0))
    assert of_new == pytest.approx(np.sqrt(closed_form(90, new, MODEL)[0] * 2.0))


def test_the_regression_says_an_order_a_day_at_most() -> None:
    assert saying(1e9).regression(NOBODY).tolist() == pytest.approx([90.0])


def test_a_folder_keeps_what_the_shop_told(tmp_path: Path) -> None:
    said = Scorer.load(folder.write(replace(tiny_model(), further=recurrence(0.5)), tmp_path / "model"))

    assert said.model.further is not None
    assert said.model.further.weights.tolist() == recurrence(0.5).weights.tolist()
    assert said.model.further.recent.tolist() == [0.25, 0.125]
    assert said.score(KNOWN, at()) == Scorer(replace(tiny_model(), further=recurrence(0.5))).score(KNOWN, at())


def test_a_folder_of_before_there_was_one_answers_in_closed_form(tmp_path: Path) -> None:
    older = Scorer.load(folder.write(tiny_model(), tmp_path / "older"))

    (score,), ahead = older.score_within(90, KNOWN, at())

    assert older.model.further is None
    assert b"further_orders" not in (tmp_path / "older" / WEIGHTS).read_bytes()
    further = closed_form(90, customer(3, 90, 5), older.model.buying)
    assert score.expected_orders == ahead.orders[0] == pytest.approx(score.purchase_90 * (1 + further[0]))


def test_a_folder_of_before_there_were_memories_has_the_closed_form_of_a_life() -> None:
    older = recurrence_from({"further_orders.weights": np.ones(2), "further_orders.bias": np.ones(1)}, 2)

    assert older is not None
    assert older.recent.tolist() == [0.0, 0.0]


def test_a_regression_of_other_features_is_refused(tmp_path: Path) -> None:
    other = Recurrence(np.zeros(3), 0.0, np.zeros(len(MEMORIES)))
    written = folder.write(replace(tiny_model(), further=other), tmp_path / "model")

    with pytest.raises(ModelRejected, match="further_orders"):
        Scorer.load(written)


def recurrence(weight: float) -> Recurrence:
    """On the features of the tiny model."""
    return Recurrence(np.full(len(tiny_model().normaliser.names), weight), -0.5, np.array([0.25, 0.125]))
