"""The chi-square check against published and computed numbers, and what it tells a marketer."""

import numpy as np
import pytest
from scipy import stats

from campaigns.experiments.sample_ratio import STRICT_ALPHA, check_exclusions, check_ratio
from rules.sentence import Language

HALVES = {"holdout": 0.5, "offer": 0.5}


def test_the_example_of_trustworthy_online_controlled_experiments() -> None:
    """Kohavi, Tang and Xu 2020, chapter 3: 821,588 against 815,482 users, p = 1.8e-6."""
    check = check_ratio({"holdout": 821_588, "offer": 815_482}, HALVES)
    assert check.p_value == pytest.approx(1.8e-6, rel=0.02)
    assert check.mismatch
    assert check.expected == {"holdout": 818_535.0, "offer": 818_535.0}


def test_three_groups_agree_with_scipy() -> None:
    shares = {"holdout": 0.1, "a": 0.3, "b": 0.6}
    check = check_ratio({"holdout": 1_030, "a": 2_950, "b": 6_020}, shares)
    assert check.p_value == pytest.approx(stats.chisquare([1_030, 2_950, 6_020], [1_000, 3_000, 6_000]).pvalue)
    assert not check.mismatch
    assert check.sentence() == "The groups have as many customers as planned."


def test_the_message_names_the_group_that_is_off_and_what_to_look_for() -> None:
    check = check_ratio({"holdout": 800, "offer": 9_200}, {"holdout": 0.1, "offer": 0.9})
    assert check.sentence() == (
        "Do not trust these results: holdout has 800 customers where 1,000 were planned, which chance does once in "
        f"{1 / check.p_value:,.0f} campaigns. Look for a filter, a send or a count that treats holdout differently "
        "from the other groups."
    )


@pytest.mark.parametrize("counts", [{}, {"holdout": 0, "offer": 0}, {"holdout": 0, "offer": 9}])
def test_too_few_customers_raise_no_alarm(counts: dict[str, int]) -> None:
    check = check_ratio(counts, HALVES)
    assert (check.p_value, check.mismatch) == (1.0, False)
    assert check.sentence().startswith("Too few customers")


def test_a_group_that_lost_everybody_is_a_mismatch() -> None:
    assert check_ratio({"offer": 1_000}, HALVES).mismatch


def test_a_campaign_without_holdout_has_one_group_and_nothing_to_compare() -> None:
    assert not check_ratio({"offer": 1_000}, {"holdout": 0.0, "offer": 1.0}).mismatch


def test_false_alarms_are_as_rare_as_stated() -> None:
    holdouts = np.random.default_rng(1).binomial(10_000, 0.1, 5_000)
    shares = {"holdout": 0.1, "offer": 0.9}
    alarms = sum(check_ratio({"holdout": int(n), "offer": 10_000 - int(n)}, shares).mismatch for n in holdouts)
    assert stats.binomtest(alarms, 5_000, STRICT_ALPHA).pvalue > 1e-3


def test_a_reason_that_spares_a_group_is_found_and_named() -> None:
    fair, lopsided = check_exclusions(
        {"NO_CONSENT": {"holdout": 350, "offer": 3_150}, "OFFER_CAP": {"holdout": 0, "offer": 1_600}},
        {"holdout": 0.1, "offer": 0.9},
    )
    assert (fair.mismatch, lopsided.mismatch) == (False, True)
    assert "customers excluded because of OFFER_CAP" in lopsided.sentence()
    assert "holdout has 0" in lopsided.sentence()
    assert "holdout 组有 0 位因 OFFER_CAP 被排除的客户，计划为 160 位" in lopsided.sentence(Language.CHINESE)


def test_nobody_excluded_is_nothing_to_check() -> None:
    assert check_exclusions({}, HALVES) == ()
