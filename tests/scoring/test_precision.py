"""bfloat16 is for models that it suits: faster on this processor, and with the same answers."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from networks.tiny_model import tiny_model

from scoring.replicas.precision import CUSTOMERS, EVENTS, Trial, invented, suited, worth_it
from scoring.score import Score
from scoring.scorer import Scorer

SCORE = Score(
    customer_id="anna", as_of=datetime(2026, 1, 1, tzinfo=UTC), purchase_30=0.2, purchase_60=0.3, purchase_90=0.4,
    churn=0.5, spend_minor=10_000, spend_low_minor=0, spend_high_minor=20_000, expected_orders=0.8, currency="GBP",
    model_id="m",
)  # fmt: skip
EXACT = Trial(seconds=1.0, scores=[SCORE, SCORE])


@pytest.mark.parametrize(
    ("seconds", "changes", "worth"),
    [
        (0.7, {}, True),
        (0.85, {}, False),
        (0.7, {"purchase_60": 0.304}, True),
        (0.7, {"purchase_60": 0.306}, False),
        (0.7, {"churn": 0.49}, False),
        (0.7, {"spend_minor": 10_090}, True),
        (0.7, {"spend_minor": 10_110}, False),
    ],
)
def test_rounding_must_pay_and_change_next_to_nothing(
    seconds: float, changes: dict[str, float], *, worth: bool
) -> None:
    rounded = Trial(seconds=seconds, scores=[SCORE, replace(SCORE, **changes)])  # type: ignore[arg-type] # by name

    assert worth_it(EXACT, rounded) is worth


def test_a_scorer_in_either_precision_says_about_the_same() -> None:
    exact = Scorer(tiny_model())
    rounded = replace(exact, bfloat16=True)
    histories, as_of = invented(exact), np.full(CUSTOMERS, EVENTS * 86_400.0)

    chances = [
        [score.purchase_90 for score in scorer.score(histories, as_of)] for scorer in (exact, rounded, suited(exact))
    ]

    np.testing.assert_allclose(chances[1], chances[0], atol=0.02)
    np.testing.assert_allclose(chances[2], chances[0], atol=0.005)
    assert len(set(chances[0])) == CUSTOMERS
