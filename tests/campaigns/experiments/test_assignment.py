"""Groups by hash: the same everywhere, of the planned size, and unrelated between campaigns."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from campaigns.experiments.assignment import Arm, Design, check_design, group_of, groups_of, position, positions
from campaigns.experiments.refusals import InvalidExperiment

CUSTOMERS = pl.Series([f"C{number:08d}" for number in range(100_000)])
THREE = Design(holdout=0.1, arms=(Arm(name="low"), Arm(name="high", weight=2.0)))


@pytest.mark.parametrize(
    ("campaign_id", "customer_id", "expected"),
    [
        ("spring", "C00000001", 0.18570236124331296),
        ("spring", "C00000002", 0.5655174567438803),
        ("autumn", "C00000001", 0.7925921206826718),
        ("spring", "", 0.6997614731796516),
        ("spring", "Zoë-客户-42", 0.028866257863732536),
    ],
)
def test_positions_never_change(campaign_id: str, customer_id: str, expected: float) -> None:
    assert position(campaign_id, customer_id) == expected


@given(campaign_id=st.text(max_size=20), customer_ids=st.lists(st.text(max_size=40), max_size=20))
def test_one_customer_and_many_get_the_same_group(campaign_id: str, customer_ids: list[str]) -> None:
    column = pl.Series(customer_ids, dtype=pl.String)
    assert positions(campaign_id, column).tolist() == [position(campaign_id, one) for one in customer_ids]
    together = groups_of(THREE, campaign_id=campaign_id, customer_ids=column)
    assert together.to_list() == [group_of(THREE, campaign_id=campaign_id, customer_id=one) for one in customer_ids]


def test_anyone_can_repeat_the_draw_with_the_tools_of_a_shell() -> None:
    """`printf spring/C00000001 | sha256sum` begins with 2f8a30a0547b58."""
    assert position("spring", "C00000001") == (int("2f8a30a0547b58", 16) >> 3) / 2**53


def test_groups_have_the_planned_shares() -> None:
    groups = groups_of(THREE, campaign_id="spring", customer_ids=CUSTOMERS)
    for group, share in {"holdout": 0.1, "low": 0.3, "high": 0.6}.items():
        count = (groups == group).sum()
        assert stats.binomtest(count, len(CUSTOMERS), share).pvalue > 1e-3


def test_positions_are_uniform() -> None:
    assert stats.kstest(positions("spring", CUSTOMERS), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("other", ["spring2", "sprinh", "autumn"])
def test_the_groups_of_two_campaigns_are_independent(other: str) -> None:
    here, there = ((positions(name, CUSTOMERS) * 10).astype(int) for name in ("spring", other))
    table = np.zeros((10, 10))
    np.add.at(table, (here, there), 1)
    assert stats.chi2_contingency(table).pvalue > 1e-3


def test_half_of_the_bits_flip_when_one_letter_changes() -> None:
    first = positions("spring", CUSTOMERS)
    second = positions("spring", CUSTOMERS.str.replace("C", "D"))
    flipped = [(int(a * 2**53) ^ int(b * 2**53)).bit_count() for a, b in zip(first[:2000], second[:2000], strict=True)]
    assert abs(np.mean(flipped) - 26.5) < 0.5


def test_a_larger_holdout_only_adds_customers() -> None:
    small, large = (
        groups_of(Design(holdout=share), campaign_id="spring", customer_ids=CUSTOMERS) == "holdout"
        for share in (0.05, 0.2)
    )
    assert (large | ~small).all()


def test_without_a_holdout_everyone_gets_an_arm() -> None:
    assert set(groups_of(Design(holdout=0.0), campaign_id="spring", customer_ids=CUSTOMERS)) == {"offer"}


def test_the_default_holds_out_a_tenth() -> None:
    assert Design().shares == {"holdout": 0.1, "offer": 0.9}


def test_a_missing_customer_is_refused() -> None:
    with pytest.raises(ValueError, match="customer_ids has nulls"):
        positions("spring", pl.Series(["C1", None]))


@pytest.mark.parametrize(
    ("design", "field"),
    [
        (Design(holdout=-0.1), "holdout"),
        (Design(holdout=0.95), "holdout"),
        (Design(holdout=float("nan")), "holdout"),
        (Design(arms=()), "arms"),
        (Design(arms=(Arm(name="a"), Arm(name="a"))), "arms"),
        (Design(arms=(Arm(name="holdout"),)), "arms.name"),
        (Design(arms=(Arm(name=""),)), "arms.name"),
        (Design(arms=(Arm(name="a", weight=0.0),)), "arms.weight"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(design: Design, field: str) -> None:
    with pytest.raises(InvalidExperiment) as refusal:
        check_design(design)
    assert refusal.value.metadata == {"field": field}
