"""What coupons may still cost, and how many of them a budget bears: by hand, as properties, and against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.budgets.budget import Reason, affordable
from campaigns.budgets.liability import LEAST_RATE, UNTRIED, Group, PastTier, beliefs, liability, rate
from campaigns.experiments.calibration import Belief
from campaigns.terms.limits import Budget

SURE = Belief(centre=0.0, deviation=0.0, degrees=4.0)
"""Scores foretell redemptions exactly."""


def group(**changes: object) -> Group:
    """A thousand coupons, three in ten of whose customers buy: one in eleven is used, for ten pounds."""
    values = {"arm": "offer", "tier": "HIGH", "coupons": 1000, "buyers": 300.0, "value_minor": 1000, "most_minor": None}
    return Group(**(values | changes))  # type: ignore[arg-type]  # the names are those of the group


groups = st.lists(
    st.builds(
        group,
        tier=st.sampled_from(["HIGH", "MID"]),
        coupons=st.integers(0, 5000),
        buyers=st.floats(0, 3000),
        value_minor=st.integers(0, 20_000),
        most_minor=st.none() | st.integers(20_000, 30_000),
    ),
    max_size=4,
)


def test_coupons_times_probability_times_worth() -> None:
    owed = liability([group()], {"HIGH": SURE})

    assert rate(group(), SURE)[0] == pytest.approx(0.09)
    assert owed.expected_minor == pytest.approx(90_000)
    assert owed.shared_deviation == 0
    assert owed.chance_variance == pytest.approx(1000 * (0.09 * 2 * 1000**2 - 90**2))
    assert owed.most_minor is None


def test_an_amount_that_is_fixed_varies_only_in_whether_it_is_used() -> None:
    owed = liability([group(most_minor=1000)], {"HIGH": SURE})

    assert owed.chance_variance == pytest.approx(1000 * 0.09 * 0.91 * 1000**2)
    assert owed.most_minor == 1_000_000


def test_before_the_first_campaign_the_foretelling_may_be_far_off() -> None:
    mean, deviation = rate(group(), UNTRIED)

    assert mean == pytest.approx(0.09 * math.exp(0.25))
    assert deviation == pytest.approx(mean * math.sqrt(math.exp(0.5) - 1))


@pytest.mark.parametrize("buyers", [0.0, 1e-9])
def test_no_coupon_is_certain_to_stay_unused(buyers: float) -> None:
    assert rate(group(buyers=buyers), SURE)[0] == LEAST_RATE


def test_past_campaigns_of_a_tier_correct_its_rate() -> None:
    past = [PastTier(tier="HIGH", coupons=1000, buyers=300.0, redeemed=180) for _ in range(6)]

    known = beliefs(past)

    assert known.keys() == {"HIGH"}
    assert 0.15 < rate(group(), known["HIGH"])[0] < 0.19
    assert known["HIGH"].deviation < UNTRIED.deviation
    assert rate(group(), beliefs([PastTier(tier="HIGH", coupons=9, buyers=9.0, redeemed=0)])["HIGH"])[0] > 0


@given(made=groups, left=st.integers(-10, 10**8))
def test_a_probability_is_one_and_falls_with_what_is_left(made: list[Group], left: int) -> None:
    owed = liability(made, {})

    assert 0 <= owed.exceeds(left + 1000) <= owed.exceeds(left) <= 1
    if owed.most_minor is not None and left >= owed.most_minor:
        assert owed.exceeds(left) == 0


@given(made=groups, limit=st.integers(1, 10**7), confidence=st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_as_many_as_the_budget_bears_and_no_more(made: list[Group], limit: int, confidence: float) -> None:
    found = affordable(Budget(limit_minor=limit, confidence=confidence), made, {})

    assert 0 <= found.share <= 1
    assert found.overspend <= 1 - confidence
    if found.share == 1:
        assert found.reason is Reason.WITHIN_BUDGET
        return
    assert found.reason is Reason.BUDGET_AT_RISK
    more = liability([each.share(min(1.0, found.share + 1e-6)) for each in made], {})
    assert more.exceeds(limit) > 1 - confidence
    enough = Budget(limit_minor=math.ceil(found.enough_minor) + 1, confidence=confidence)
    assert limit < found.enough_minor
    assert affordable(enough, made, {}).reason is Reason.WITHIN_BUDGET


def test_without_a_budget_everything_is_affordable() -> None:
    found = affordable(None, [group()], {})

    assert (found.share, found.reason, found.overspend) == (1.0, Reason.NO_BUDGET, 0.0)


def test_a_smaller_budget_bears_less() -> None:
    large, small = (affordable(Budget(limit_minor=limit), [group()], {"HIGH": SURE}) for limit in (100_000, 60_000))

    assert 0 < small.share < large.share < 1


@pytest.mark.parametrize(("confidence", "limit"), [(0.8, 400_000), (0.95, 400_000), (0.95, 60_000), (0.99, 900_000)])
def test_the_stated_confidence_holds_in_simulated_campaigns(confidence: float, limit: int) -> None:
    """Rates off by a lognormal factor, each coupon used or not, each order exponential: 40,000 campaigns."""
    made = group(coupons=4000, buyers=1200.0)
    found = affordable(Budget(limit_minor=limit, confidence=confidence), [made], {})
    given_out = made.share(found.share)
    random = np.random.default_rng(5)
    factor = np.exp(random.normal(UNTRIED.centre, UNTRIED.deviation, 40_000))
    chance = np.minimum(made.foretold * factor, 1)
    used = random.binomial(round(given_out.coupons), chance)
    cost = random.gamma(np.maximum(used, 1e-9), made.value_minor)

    assert 0 < found.share < 1
    assert np.mean(cost > limit) == pytest.approx(1 - confidence, abs=0.25 * (1 - confidence) + 0.01)
