"""Tier schemes: versions of thresholds, and the thresholds that shares come to."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, add_model, audit_lines, make_cause, make_score

from campaigns.tiers import rescoring, schemes
from campaigns.tiers.refusals import InvalidTierScheme, TierSchemeNotFound
from campaigns.tiers.tiers import Bounds, Hysteresis, Levels, Measure, Method, Tier, bounds_of, check, measured
from database.models import scores
from database.session import Database
from database.tiers import standings


@dataclass(frozen=True)
class Measured:
    purchase_90: float = 0.0
    spend_minor: int = 0


def make_bounds(high: float, mid: float, *, margin: float = 0) -> Bounds:
    return bounds_of(Levels(high=high, mid=mid), Hysteresis(margin=margin, grace_days=0))


def test_a_threshold_belongs_to_the_tier_above_it() -> None:
    bounds = make_bounds(100, 50)

    placed = [bounds.reached(spend) for spend in (101, 100, 99, 50, 49, 0)]

    assert placed == [Tier.HIGH, Tier.HIGH, Tier.MID, Tier.MID, Tier.LOW, Tier.LOW]


def test_a_tier_is_kept_down_to_its_margin() -> None:
    bounds = make_bounds(100, 50, margin=0.1)

    assert [bounds.kept(spend) for spend in (90, 89, 45, 44)] == [Tier.HIGH, Tier.MID, Tier.MID, Tier.LOW]


def test_the_measure_is_configurable() -> None:
    rich = Measured(purchase_90=0.1, spend_minor=10**9)

    assert measured(Measure.PURCHASE_90, rich) == 0.1
    assert measured(Measure.EXPECTED_VALUE, rich) == 10**9
    assert measured(Measure.PURCHASE_90, Measured(purchase_90=math.nan)) == 0


@given(*[st.integers(0, 10**9)] * 4)
def test_more_value_never_means_a_lower_tier(first: int, second: int, one: int, other: int) -> None:
    bounds = make_bounds(max(first, second), min(first, second), margin=0.3)
    less, more = sorted((one, other))

    assert bounds.reached(less).rank <= bounds.reached(more).rank
    assert bounds.reached(less).rank <= bounds.kept(less).rank


@pytest.mark.parametrize(
    ("measure", "method", "high", "mid", "field"),
    [
        pytest.param(Measure.EXPECTED_VALUE, Method.ABSOLUTE, 10, 20, "parameters.mid", id="upside-down"),
        pytest.param(Measure.EXPECTED_VALUE, Method.QUANTILE, 0.6, 0.5, "parameters", id="more-than-all"),
        pytest.param(Measure.PURCHASE_90, Method.ABSOLUTE, 1.5, 0.5, "parameters.high", id="no-probability"),
        pytest.param(Measure.EXPECTED_VALUE, Method.ABSOLUTE, math.nan, 0, "parameters", id="nan"),
        pytest.param(Measure.EXPECTED_VALUE, Method.QUANTILE, -0.1, 0.5, "parameters", id="negative"),
    ],
)
def test_numbers_that_make_no_three_tiers_are_refused(
    measure: Measure, method: Method, high: float, mid: float, field: str
) -> None:
    with pytest.raises(InvalidTierScheme) as refused:
        check(measure, method, Levels(high=high, mid=mid), Hysteresis(margin=0, grace_days=0))

    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize(
    ("margin", "grace_days", "field"),
    [(-0.1, 0, "margin"), (1, 0, "margin"), (math.nan, 0, "margin"), (0, -1, "grace_days"), (0, 367, "grace_days")],
)
def test_what_would_keep_a_tier_for_ever_is_refused(margin: float, grace_days: int, field: str) -> None:
    with pytest.raises(InvalidTierScheme) as refused:
        check(
            Measure.EXPECTED_VALUE,
            Method.ABSOLUTE,
            Levels(high=2, mid=1),
            Hysteresis(margin=margin, grace_days=grace_days),
        )

    assert refused.value.metadata == {"field": field}


def test_versions_follow_one_another_and_one_is_in_force(database: Database) -> None:
    with database.writing() as transaction:
        default = schemes.ensure(transaction, make_cause())
        assert schemes.ensure(transaction, make_cause()) == default
        absolute = schemes.create(
            transaction, make_cause(), measure=Measure.PURCHASE_90, method=Method.ABSOLUTE,
            parameters=Levels(high=0.8, mid=0.4),
        )  # fmt: skip
        assert schemes.in_force(transaction) == default
        schemes.activate(transaction, make_cause(), absolute.version)

    with database.reading() as snapshot:
        assert [(s.version, s.active) for s in schemes.page(snapshot, limit=9)] == [(2, True), (1, False)]
    assert default.parameters == Levels(high=0.1, mid=0.3)
    assert default.thresholds is None
    assert default.hysteresis == Hysteresis(margin=0.1, grace_days=14)
    assert absolute.thresholds == Levels(high=0.8, mid=0.4)
    assert [line[:2] for line in audit_lines(database)] == [
        ("tiers.create", "tierSchemes/1"),
        ("tiers.activate", "tierSchemes/1"),
        ("tiers.create", "tierSchemes/2"),
        ("tiers.activate", "tierSchemes/2"),
    ]


def test_an_unknown_version_is_refused(database: Database) -> None:
    with database.writing() as transaction, pytest.raises(TierSchemeNotFound):
        schemes.activate(transaction, make_cause(), 7)


@pytest.mark.parametrize(
    ("spends", "share", "inside"),
    [
        pytest.param([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.3, {10, 9, 8}, id="exact"),
        pytest.param([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.39, {10, 9, 8}, id="rounded-down"),
        pytest.param([5, 5, 5, 5, 1], 0.4, set(), id="a-group-that-does-not-fit-stays-below"),
        pytest.param([9, 5, 5, 5, 1], 0.4, {9}, id="ties-stay-together"),
        pytest.param([3, 2, 1], 1.0, {1, 2, 3}, id="all"),
        pytest.param([3, 2, 1], 0.0, set(), id="none"),
    ],
)
def test_the_top_share_never_takes_more_than_its_share(
    database: Database, spends: list[int], share: float, inside: set[int]
) -> None:
    add_model(database)
    with database.writing() as transaction:
        operation = rescoring.begin(transaction, make_cause())
        scored = [make_score(f"c{place}", spend_minor=spend) for place, spend in enumerate(spends)]
        scores.store(transaction, scored, operation_id=operation.operation_id, now=NOW)
        lowest = standings.lowest_of_top(transaction, measure=Measure.EXPECTED_VALUE, share=share)

    assert {spend for spend in spends if spend >= lowest} == inside
