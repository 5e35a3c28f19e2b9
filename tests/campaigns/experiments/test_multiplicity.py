"""Several arms: Holm's adjustment by hand and by its laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.experiments.multiplicity import holm, shared_alpha


def test_the_example_of_r() -> None:
    """p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") in R gives 0.03 0.06 0.06 0.02."""
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(adjusted) == ["a", "b", "c", "d"]


@given(p_values=st.dictionaries(st.text(), st.floats(0, 1), max_size=8))
def test_adjusting_keeps_the_order_and_lies_between_the_value_and_bonferroni(p_values: dict[str, float]) -> None:
    adjusted = holm(p_values)
    for one, value in p_values.items():
        assert value <= adjusted[one] <= min(1.0, len(p_values) * value)
        assert all(adjusted[one] <= adjusted[other] for other, larger in p_values.items() if value < larger)


def test_one_arm_has_the_whole_level() -> None:
    assert holm({"offer": 0.04}) == {"offer": 0.04}
    assert shared_alpha(0.05, 1) == 0.05
    assert shared_alpha(0.06, 3) == pytest.approx(0.02)
