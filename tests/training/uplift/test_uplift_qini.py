"""Qini by its definition, by hand and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_trials import made_trial

from training.uplift.qini import curve, influence, qini, ranking

SEEDS = st.integers(0, 2**32 - 1)


def test_four_customers_by_hand() -> None:
    """Of the first nobody untreated is known yet; then 1/2 (1 - 0), 3/4 (1/2 - 0), 1 (1/2 - 0)."""
    trial = made_trial(np.array([1.0, 0, 0, 0]), np.array([1, 0, 1, 0]))
    found = curve(trial, ranking(np.array([4.0, 3, 2, 1])))

    assert found.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.gain.tolist() == [0, 0, 0.5, 0.375, 0.5]
    assert found.qini == pytest.approx(1000 * (0.25 * (0 + 0.5 + 0.375 + 0.5 / 2) - 0.5 / 2))
    assert found.at(0.3) == pytest.approx(0.1)


def test_customers_of_equal_score_are_one_step() -> None:
    trial = made_trial(np.array([1.0, 0, 0, 0]), np.array([1, 0, 1, 0]))

    assert qini(trial, np.zeros(4)) == 0
    assert curve(trial, ranking(np.array([1.0, 1, 0, 0]))).gain.tolist() == [0, 0.5, 0.5]


def test_who_was_seldom_treated_stands_for_several() -> None:
    """One in four of the second half was treated: as if that one had come three times for each untreated one."""
    outcome, treated = np.array([1.0, 0, 1, 0, 1, 0]), np.array([1, 0, 1, 0, 0, 0])
    score, propensity = np.array([2.0, 2, 1, 1, 1, 1]), np.array([0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
    found = curve(made_trial(outcome, treated, propensity=propensity), ranking(score))

    with_it, without = (2 * 1 + 4 * 1) / (2 + 4), (4 / 3 * 1) / (2 + 3 * 4 / 3)
    assert found.gain[1:].tolist() == pytest.approx([2 / 6 * (1 - 0), with_it - without])


@settings(max_examples=20)
@given(SEEDS)
def test_no_order_is_worth_more_than_that_of_the_effects(seed: int) -> None:
    """Each customer comes twice, once treated and once not, so that the effect is seen without chance."""
    random = np.random.default_rng(seed)
    effect = np.repeat(random.normal(size=30), 2)
    treated = np.tile([1.0, 0.0], 30)
    trial = made_trial(effect * treated, treated)

    others = [qini(trial, np.repeat(random.permutation(30), 2).astype(float)) for _ in range(20)]
    assert max(others) <= qini(trial, effect) == pytest.approx(-qini(trial, -effect))


@settings(max_examples=5)
@given(SEEDS)
def test_random_targeting_is_worth_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    treated = random.random(2_000) < 0.3
    trial = made_trial(random.random(2_000) < 0.1 + 0.1 * treated, treated, propensity=treated.mean())

    found = np.array([qini(trial, random.random(2_000)) for _ in range(40)])
    assert abs(found.mean()) < 5 * found.std() / np.sqrt(len(found))


def test_a_customer_counts_for_as_much_as_counting_them_once_more_moves() -> None:
    """By the definition, over 2,000 customers of whom some have equal scores and the first steps know one arm alone."""
    random = np.random.default_rng(0)
    treated, propensity = random.random(2_000) < 0.8, random.choice([0.7, 0.9], 2_000)
    trial = made_trial(random.random(2_000) < 0.3, treated, propensity=propensity)
    score = np.round(random.random(2_000), 2) + treated * (random.random(2_000) < 0.01)
    moved = influence(trial, ranking(score))

    assert moved.sum() == pytest.approx(0, abs=1e-9)
    for who in (0, 1, int(np.argmax(score)), int(np.argmin(score))):
        once_more = np.append(np.arange(2_000), who)
        gained = qini(trial.part(once_more), score[once_more]) - qini(trial, score)
        assert gained == pytest.approx(moved[who], rel=0.02, abs=1e-4)


def test_chance_moves_qini_as_far_as_said() -> None:
    """Over other outcomes and treatments of customers who are drawn anew."""
    found = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        treated, score = random.random(400) < 0.5, random.random(400)
        trial = made_trial(random.random(400) < 0.2 + 0.3 * treated * score, treated)
        moved = influence(trial, ranking(score))
        found.append((qini(trial, score), np.sqrt(moved @ moved)))
    values, deviations = np.array(found).T

    assert deviations.mean() == pytest.approx(values.std(), rel=0.15)
