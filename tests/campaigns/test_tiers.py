"""Tiers follow their thresholds, in Python as in SQL."""

import math
from dataclasses import dataclass

import pytest
from campaign_factories import NOW, add_customers, add_model, audit_lines, make_cause, make_score
from hypothesis import given
from hypothesis import strategies as st

from campaigns import rescoring, schemes
from campaigns.errors import InvalidTierScheme, TierSchemeNotFound
from campaigns.tiers import Levels, Measure, Method, Tier, TierScheme, check, tier_of
from database import operations, scores, tiers
from database.session import Database

RANK = {Tier.LOW: 0, Tier.MID: 1, Tier.HIGH: 2}


@dataclass(frozen=True)
class Measured:
    purchase_90: float = 0.0
    spend_minor: int = 0


def make_scheme(
    high: float, mid: float, measure: Measure = Measure.EXPECTED_VALUE, *, known: bool = True
) -> TierScheme:
    levels = Levels(high=high, mid=mid)
    return TierScheme(
        version=1, measure=measure, method=Method.ABSOLUTE, parameters=levels, thresholds=levels if known else None,
        active=True, create_time=NOW,
    )  # fmt: skip


def test_a_threshold_belongs_to_the_tier_above_it() -> None:
    scheme = make_scheme(100, 50)

    placed = [tier_of(scheme, Measured(spend_minor=spend)) for spend in (101, 100, 99, 50, 49, 0)]

    assert placed == [Tier.HIGH, Tier.HIGH, Tier.MID, Tier.MID, Tier.LOW, Tier.LOW]


def test_the_measure_is_configurable() -> None:
    by_probability = make_scheme(0.8, 0.5, Measure.PURCHASE_90)

    assert tier_of(by_probability, Measured(purchase_90=0.8, spend_minor=0)) is Tier.HIGH
    assert tier_of(by_probability, Measured(purchase_90=0.1, spend_minor=10**9)) is Tier.LOW


def test_nobody_has_a_tier_before_the_shares_became_thresholds() -> None:
    assert tier_of(make_scheme(0.1, 0.3, known=False), Measured(spend_minor=5)) is None


@given(*[st.integers(0, 10**9)] * 4)
def test_more_value_never_means_a_lower_tier(first: int, second: int, one: int, other: int) -> None:
    scheme = make_scheme(max(first, second), min(first, second))
    less, more = sorted((one, other))

    lower, higher = tier_of(scheme, Measured(spend_minor=less)), tier_of(scheme, Measured(spend_minor=more))

    assert lower is not None
    assert higher is not None
    assert RANK[lower] <= RANK[higher]


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
        check(measure, method, Levels(high=high, mid=mid))

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
        scores.store(
            transaction, scored, [None] * len(scored), tier_scheme=None, operation_id=operation.operation_id, now=NOW
        )
        lowest = tiers.lowest_of_top(transaction, operation.operation_id, measure=Measure.EXPECTED_VALUE, share=share)

    assert {spend for spend in spends if spend >= lowest} == inside


@pytest.mark.parametrize("measure", list(Measure))
def test_tiers_by_sql_are_tiers_by_python(database: Database, measure: Measure) -> None:
    spends = [0, 1, 49, 50, 51, 99, 100, 101, 10**9]
    high, mid = (100.0, 50.0) if measure is Measure.EXPECTED_VALUE else (0.3, 0.2)
    add_customers(database, [f"c{place}" for place in range(len(spends))])
    scored = [make_score(f"c{place}", spend_minor=spend) for place, spend in enumerate(spends)]
    with database.writing() as transaction:
        operations.begin(transaction, "o", "TEST", {}, total_count=None, now=NOW)
        scores.store(transaction, scored, [None] * len(scored), tier_scheme=None, operation_id="o", now=NOW)
        assert tiers.assign(transaction, 1, measure=measure, high=high, mid=mid) == len(spends)
        assert tiers.assign(transaction, 1, measure=measure, high=high, mid=mid) == 0

    with database.reading() as snapshot:
        stored = [score.tier for score in scores.page(snapshot, limit=99)]
    assert stored == [tier_of(make_scheme(high, mid, measure), score) for score in scored]
