"""What training in private must not get wrong: a customer counts once, behind noise, and nothing else learns."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made.histories import random_shop
from networks.small_training import ASKED, SHOP, course
from opacus.accountants import RDPAccountant
from scipy.stats import kstest

from scoring.networks.network import Network
from scoring.seen.feature_registry import FEATURES
from training.course import Course
from training.loss import question_loss
from training.private.asking import asked_of
from training.private.gradients import clipped_sum, learning
from training.private.price import PLAIN, PRIVATE, USUAL, price_of
from training.private.promise import Budget, Promise, budget_of, spent
from training.private.public import SPREAD
from training.private.secret import Secret
from training.private.steps import Steps, learner_of
from training.private.teaching import CONFIGURATION, course_of, taught
from training.progress import Progress, silence
from training.purpose import Purpose

TINY = replace(CONFIGURATION, width=8, heads=2, cutoffs=8)
ITEMS = pl.DataFrame({"item_id": [f"item-{number}" for number in range(12)], "title": "Lamp", "category": "Light"})
QUICK = Promise(epsilon=2.0, steps=12)
SECRET = Secret.of(5)


@cache
def budget() -> Budget:
    """The noise of a second's search."""
    return budget_of(QUICK, 120)


def course_with(shop: pl.DataFrame = SHOP, progress: Progress = silence) -> Course:
    return course_of(replace(ASKED, events=shop, items=ITEMS, configuration=TINY, progress=progress))


def steps_of(course: Course) -> Steps:
    """Ready to be taken."""
    customers = np.arange(course.customers)
    return Steps(
        asked=asked_of(course.tokens, customers, until=course.as_of, configuration=TINY),
        customers=customers, budget=budget(), secret=SECRET, configuration=TINY,
    )  # fmt: skip


@pytest.fixture(scope="module")
def ready() -> tuple[Steps, Network]:
    """With a network that has taken a few steps without noise, so that no gradient is that of the start."""
    course = course_with()
    steps = steps_of(course)
    return steps, taught(course, replace(steps, budget=replace(steps.budget, steps=3, noise_multiplier=0.0)), "warm up")


def length(gradient: dict[str, torch.Tensor]) -> float:
    return float(torch.cat([each.flatten() for each in gradient.values()]).norm())


def backward(steps: Steps, network: Network, customer: int) -> dict[str, torch.Tensor]:
    """The gradient of one customer, by the ordinary way of one forward and one backward pass."""
    reading, happened = steps.asked.laid(network, steps.asked.of(np.array([customer])))
    weights = learning(network.requires_grad_())
    loss = question_loss(network.answer(reading), happened, steps.configuration).sum()
    found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    network.requires_grad_(requires_grad=False)
    return {
        name: torch.zeros_like(weights[name]) if each is None else each
        for name, each in zip(weights, found, strict=True)
    }


@settings(max_examples=8)
@given(data=st.data(), clipping=st.sampled_from([0.01, 1.0, 1e6]))
def test_the_sum_is_that_of_customers_one_at_a_time_each_clipped(
    ready: tuple[Steps, Network], data: st.DataObject, clipping: float
) -> None:
    steps, network = ready
    steps = replace(steps, budget=replace(steps.budget, clipping=clipping))
    some = data.draw(st.lists(st.sampled_from(steps.customers.tolist()), min_size=1, max_size=5, unique=True))
    expected = {name: torch.zeros_like(weight, dtype=torch.float64) for name, weight in learning(network).items()}
    for customer in some:
        if len(steps.asked.of(np.array([customer]))):
            alone = backward(steps, network, customer)
            for name, each in alone.items():
                expected[name] += each * min(1.0, clipping / length(alone))

    found = steps.sum_of(network, np.array(some))

    for name, each in expected.items():
        assert torch.allclose(found[name], each, rtol=1e-3, atol=1e-5 * max(1.0, length(expected))), name
    assert length(found) <= clipping * len(some) * (1 + 1e-6)


def test_a_gradient_is_scaled_as_a_whole_and_one_that_is_not_finite_counts_nothing() -> None:
    three = {
        "long": torch.tensor([[3.0], [0.3], [float("nan")]]),
        "wide": torch.tensor([[4.0, 0.0], [0.0, 0.4], [float("inf"), 0.0]]),
    }
    found = clipped_sum(three, 1.0)

    assert found["long"].tolist() == pytest.approx([0.6 + 0.3])
    assert found["wide"].tolist() == pytest.approx([0.8, 0.4])


def test_what_a_customer_did_reaches_no_other_gradient(ready: tuple[Steps, Network]) -> None:
    """Not by the features, the cut-offs, the weights of questions, the catalogue or who stands in the same batch."""
    steps, network = ready
    last = len(steps.customers) - 1
    others = steps.customers[last - 20 : last]
    without = steps_of(course_with(SHOP.filter(pl.col("customer_id") != f"customer-{last:04d}")))

    everybody, rest = steps.sum_of(network, np.append(others, last)), without.sum_of(network, others)
    alone = steps.sum_of(network, np.array([last]))

    assert len(without.customers) == last
    assert length(alone) > 0
    for name, each in everybody.items():
        assert torch.allclose(each - alone[name], rest[name], rtol=1e-4, atol=1e-5), name


def test_a_customer_with_many_sequences_is_asked_one(ready: tuple[Steps, Network]) -> None:
    busy = SHOP.with_columns(customer_id=pl.lit("customer-0000"))
    course = course_with(busy)
    asked = asked_of(course.tokens, np.array([0]), until=course.as_of, configuration=TINY)

    assert len(asked.prepared.examples.first) > 1
    assert asked.of(np.array([0])).tolist() == [len(asked.prepared.examples.first) - 1]


def test_noise_is_normal_and_of_the_deviation_that_was_accounted_for(ready: tuple[Steps, Network]) -> None:
    steps, network = ready
    noise = SECRET.noise(3, 40_000)
    nobody = replace(steps, customers=steps.customers[:1], secret=Secret.of(1))
    nobody = replace(nobody, budget=replace(nobody.budget, sample_rate=1e-6, noise_multiplier=3.0, clipping=0.5))
    learner = learner_of(network, network, TINY)
    nobody._one(learner)
    taken = torch.cat([each.grad.flatten() for each in learning(network).values() if each.grad is not None]) * 1e-6

    assert kstest(noise, "norm").pvalue > 0.01
    assert float(taken.std()) == pytest.approx(3.0 * 0.5, rel=0.05)
    assert not np.array_equal(noise, SECRET.noise(4, 40_000))
    assert not np.array_equal(noise, SECRET.apart("price").noise(3, 40_000))
    assert np.array_equal(noise, Secret.of(5).noise(3, 40_000))


def test_each_customer_is_asked_by_chance_of_their_own() -> None:
    chosen = [SECRET.chosen(step, 500, 0.2) for step in range(100)]
    counts = np.bincount(np.concatenate(chosen), minlength=500)

    assert np.mean([len(some) for some in chosen]) == pytest.approx(100, rel=0.05)
    assert np.var([len(some) for some in chosen]) == pytest.approx(80, rel=0.5)
    assert counts.min() > 0


def test_a_secret_is_another_each_time_and_never_shown() -> None:
    assert Secret.drawn() != Secret.drawn()
    assert repr(Secret.of(5)) == "Secret()"


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_what_is_spent_is_what_was_promised(epsilon: float) -> None:
    budget = budget_of(Promise(epsilon=epsilon, steps=50), 2000)
    accountant = RDPAccountant()
    for _ in range(50):
        accountant.step(noise_multiplier=budget.noise_multiplier, sample_rate=0.2)

    assert epsilon - 0.02 < budget.epsilon <= epsilon
    assert accountant.get_epsilon(budget.delta) == pytest.approx(budget.epsilon)
    assert budget.delta == pytest.approx(2000**-1.1)
    assert spent(budget.noise_multiplier * 2, 0.2, 50, budget.delta) < epsilon / 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epsilon": 0.0}, "epsilon: must be above 0"),
        ({"epsilon": -1.0}, "epsilon: must be above 0"),
        ({"epsilon": float("nan")}, "epsilon: must be above 0 and finite, is nan"),
        ({"clipping": 0.0}, "clipping: must be above 0"),
        ({"lot": 0}, "lot: must be above 0"),
        ({"steps": 0}, "steps: must be above 0"),
        ({"delta": 0.01}, "publishing the history of one customer"),
        ({"delta": 0.0}, "delta: must lie above 0"),
        ({"epsilon": 1e-6}, "too little for 100 steps"),
    ],
)
def test_promises_that_are_none_are_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        budget_of(Promise(**({"epsilon": 4.0} | wrong)), 1000)  # type: ignore[arg-type]


def test_every_unit_of_a_feature_has_its_constants() -> None:
    assert {feature.unit for feature in FEATURES} == set(SPREAD)


class Killed(Exception):
    """As a process is."""


def test_a_killed_training_resumes_to_the_same_weights_and_keeps_weights_alone(tmp_path: Path) -> None:
    def kill(stage: str, done: int, total: int) -> None:
        raise Killed

    course, checkpoint = course_with(), tmp_path / "private fit.pt"
    steps = steps_of(course)
    whole = taught(course, steps, "private fit").state_dict()
    with pytest.raises(Killed):
        taught(course_with(progress=kill), steps, "private fit", checkpoint)
    kept = torch.load(checkpoint, weights_only=True)
    resumed = taught(course, steps, "private fit", checkpoint).state_dict()
    other = taught(course, replace(steps, secret=Secret.drawn()), "private fit").state_dict()

    assert set(kept) == {"network", "average", "optimizer", "best", "epoch", "step", "losses"}
    assert (kept["step"], kept["losses"], kept["best"]) == (10, [], {})
    assert all(torch.equal(weight, resumed[name]) for name, weight in whole.items())
    assert not torch.equal(whole["direct.weight"], other["direct.weight"])


def test_the_price_has_no_figures_of_windows_that_are_not_over(tmp_path: Path) -> None:
    """Nobody has bought in them yet: that was taken for what came."""
    shop, promised = random_shop(100, seed=3, days=95), replace(budget(), steps=2)
    usual = replace(course(shop, folder=tmp_path, max_epochs=1), purpose=Purpose.ORDERS)
    price = price_of(course_with(shop), usual, promised, SECRET)

    assert {name: set(each) for name, each in price.items()} == {name: {"seconds"} for name in (PRIVATE, PLAIN, USUAL)}
