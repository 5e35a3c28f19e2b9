"""What a score stands for."""

import numpy as np
import pytest
from made_trials import made_trial

from training.uplift.effect import average


def test_an_effect_is_the_same_in_any_unit() -> None:
    """A dong is worth a fiftieth of a penny, and amounts of them are large."""
    random = np.random.default_rng(3)
    treated = random.random(900) < 0.5
    usual = random.exponential(50.0, 900)
    spend, response = usual + 10.0 * treated, usual + random.normal(0.0, 20.0, 900)
    pounds, dong = (
        average(made_trial(spend * unit, treated, propensity=treated.mean()), response * unit) for unit in (1.0, 1e9)
    )

    assert pounds.low < 10.0 < pounds.high
    assert (dong.low, dong.value, dong.high) == pytest.approx(
        (1e9 * pounds.low, 1e9 * pounds.value, 1e9 * pounds.high), rel=1e-9
    )
