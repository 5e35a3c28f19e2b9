"""Trees go farther where more is known, and those of a part grow on that part's customers."""

import numpy as np
import pytest
from made_trials import made_trial

from training.uplift.grove import PLAIN, Grove, step_for, step_of
from training.uplift.propensity import foretold


@pytest.mark.parametrize(
    ("customers", "outcomes", "step"),
    [
        (300, 40, 0.06), (42_000, 5_000, 0.06), (50_000, 25_000, 0.06), (200_000, 30_000, 0.12),
        (200_000, 2_400, 0.06), (60_000, 30_000, 0.06 * 1.2**0.5), (14_000_000, 600_000, 0.24),
    ],
)  # fmt: skip
def test_trees_go_farther_where_more_customers_and_outcomes_are_known(
    customers: int, outcomes: int, step: float
) -> None:
    assert step_of(customers, outcomes) == pytest.approx(step)


def test_what_nearly_all_have_tells_as_little_as_what_hardly_anybody_has() -> None:
    rare = np.arange(200_000) % 10 == 0
    steps = [step_for(made_trial(outcome, rare)) for outcome in (rare, ~rare, np.where(rare, 9.5, 0.0))]

    assert steps == [step_of(200_000, 20_000)] * 3


@pytest.mark.parametrize("conditioned", [False, True])
def test_trees_of_a_part_of_a_part_grow_on_its_customers(*, conditioned: bool) -> None:
    random = np.random.default_rng(2)
    size = 2 * PLAIN
    features, treated = random.normal(size=(size, 2)), random.random(size) < 0.5
    target = np.where(treated, features[:, 0], features[:, 1]) > 0
    grove = Grove(made_trial(target, treated, features=features))
    most, some = np.arange(size) % 5 > 0, np.arange(size) % 7 > 0
    shape = {"objective": "binary"}

    nested, direct = (
        part.grow(part.trial.outcome, shape, 0, rounds=20, step=0.3, conditioned=conditioned)
        for part in (grove.part(most).part(some[most]), grove.part(most & some))
    )
    asked = np.column_stack([features, treated]) if conditioned else features
    said = np.asarray(nested.predict(asked))

    assert (said == np.asarray(direct.predict(asked))).all()
    assert ((said > 0.5) == target).mean() > (0.9 if conditioned else 0.7)


@pytest.mark.parametrize(
    ("every", "least"), [(2, 200), (10, 200), (20, 400), (100, 2_000), (400, 2_000)],
)  # fmt: skip
def test_a_leaf_of_rare_outcomes_holds_customers_enough_for_some(every: int, least: int) -> None:
    """Of 8,000; the first hundred would be a leaf of their own."""
    rare = np.arange(8_000) % every == 0
    grove = Grove(made_trial(rare, rare, features=np.repeat(np.arange(80.0), 100)[:, None]))
    shape = {"objective": "regression", "num_leaves": 2, "lambda_l2": 0.0, "bagging_fraction": 1.0}
    said = grove.grow(np.arange(8_000) < 100, shape, 0, rounds=1, step=1.0).predict(grove.trial.features)

    assert np.count_nonzero(said == np.max(said)) == least


def test_where_outcomes_are_rare_who_was_treated_is_asked_of_smaller_leaves() -> None:
    random = np.random.default_rng(0)
    features, rare = random.normal(size=(4_000, 2)), np.arange(4_000) % 25 == 0
    told = features[:, 0] > random.normal(size=4_000)

    assert foretold(made_trial(rare, random.random(4_000) < 0.5, features=features), seed=0) is None
    assert foretold(made_trial(rare, told, features=features), seed=0) is not None
