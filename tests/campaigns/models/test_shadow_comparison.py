"""What a shadow would have said, beside what callers were told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, make_score
from scipy.stats import spearmanr

from campaigns.models.comparison import BINS, Comparison, bin_of, comparison_of, sums_of
from database.models import shadow_comparisons
from database.models.shadow_comparisons import StoredComparison, Sums
from database.session import Database
from scoring.score import Score

PROBABILITIES = st.floats(0, 1)


def pair(said: float, shadow: float, *, spend: int = 1000) -> tuple[Score, Score]:
    return (
        make_score("anna", purchase_90=said, spend_minor=1000, model_id="m1"),
        make_score("anna", purchase_90=shadow, spend_minor=spend, model_id="m2"),
    )


def compared(sums: Sums) -> Comparison:
    return comparison_of(
        StoredComparison(model_id="m2", against="m1", currency="GBP", sums=sums, begin_time=NOW, update_time=NOW)
    )


def test_differences_are_means_over_answers() -> None:
    found = compared(sums_of([pair(0.2, 0.3, spend=1300), pair(0.8, 0.8), pair(0.5, 0.3)]))

    assert (found.count, found.spend_difference_minor) == (3, 100)
    assert found.purchase_difference == pytest.approx(0.1)


def test_a_shadow_that_says_the_same_differs_in_nothing() -> None:
    found = compared(sums_of(pair(chance, chance) for chance in (0.1, 0.3, 0.5, 0.9)))

    assert (found.purchase_difference, found.stability) == (0, 0)
    assert found.rank_correlation == pytest.approx(1)


def test_a_shadow_that_says_one_thing_of_all_has_no_ranks() -> None:
    assert compared(sums_of([pair(0.1, 0.5), pair(0.9, 0.5)])).rank_correlation is None


@given(st.lists(st.tuples(PROBABILITIES, PROBABILITIES), min_size=2, max_size=30))
def test_ranks_correlate_as_those_of_the_bins(chances: list[tuple[float, float]]) -> None:
    said, shadow = zip(*((bin_of(a), bin_of(b)) for a, b in chances), strict=True)
    found = compared(sums_of(pair(a, b) for a, b in chances)).rank_correlation

    if len(set(said)) == 1 or len(set(shadow)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(float(spearmanr(said, shadow).statistic), abs=1e-9)


def test_bins_are_half_a_logit_wide() -> None:
    chances = 1 / (1 + np.exp(-np.array([-9, -5.1, -4.9, 0.1, 0.4, 0.6, 4.9, 5.1, 9])))

    assert [bin_of(float(chance)) for chance in chances] == [0, 0, 1, 11, 11, 12, 20, 21, 21]
    assert (bin_of(0.0), bin_of(1.0)) == (0, BINS - 1)


def test_sums_of_several_servers_add_up(database: Database) -> None:
    one, other = [pair(0.2, 0.3)], [pair(0.8, 0.7), pair(0.1, 0.1)]
    for pairs, failed in ((one, 1), (other, 2)):
        with database.writing() as transaction:
            shadow_comparisons.add(transaction, "m2", "m1", "GBP", sums_of(pairs, failed=failed, skipped=1), NOW)

    with database.reading() as snapshot:
        found = shadow_comparisons.newest(snapshot, "m2")
        assert shadow_comparisons.newest(snapshot, "m1") is None
    assert found is not None
    assert (found.against, found.currency) == ("m1", "GBP")
    together = sums_of([*one, *other], failed=3, skipped=2)
    assert found.sums.joint == together.joint
    assert (found.sums.count, found.sums.failed_count, found.sums.skipped_count) == (3, 3, 2)
    assert found.sums.purchase_difference == pytest.approx(together.purchase_difference)
