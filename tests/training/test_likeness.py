"""Likeness: windows of a season far above the one ahead count little, where a year tells which is ahead."""

import numpy as np
import pytest
from made.histories import NOW

from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from training.material.labels import Labels
from training.material.likeness import likeness

DAY = 86_400.0
ASKED = 400
"""Customers at each time."""
LAST_YEAR = NOW - 365 * DAY
DAILY = np.arange(LAST_YEAR, NOW, DAY)
"""Times of orders."""


def asked(rates: dict[float, float], *, chance: float = 0.3) -> tuple[Floats, Labels, Floats]:
    """Everybody has the closed form's `chance`; how many bought, by the time of the question."""
    as_of = np.repeat(sorted(rates), ASKED)
    bought = np.concatenate([np.arange(ASKED) < ASKED * rates[time] for time in sorted(rates)])
    raw = np.full((len(as_of), len(NAMES)), np.nan)
    raw[:, NAMES.index("chance_90")] = chance
    nothing = np.zeros(len(as_of))
    interval = np.where(bought, 0, 3)
    told = np.full(len(as_of), 3)
    return raw, Labels(told=told, interval=interval, spend=nothing, orders=bought * 1.0, silent=nothing), as_of


def likeness_of(rates: dict[float, float], *, begin: float = 0.0, orders: Floats = DAILY) -> list[float]:
    """Of each time, when all of its questions count alike."""
    raw, labels, as_of = asked(rates)
    found = likeness(raw, labels, as_of, orders, begin=begin, until=NOW)
    each = [np.unique(found[as_of == time]).tolist() for time in sorted(rates)]
    assert all(len(values) == 1 for values in each)
    return [value for (value,) in each]


HEIGHT = {LAST_YEAR - 60 * DAY: 0.9, LAST_YEAR: 0.1, NOW - 120 * DAY: 0.2, NOW - 90 * DAY: 0.8}


def test_the_height_of_a_season_tells_nothing_of_what_comes_after_it() -> None:
    before, then, lately, now = likeness_of(HEIGHT)

    assert max(before, now) < 0.01
    assert then == lately == 1.0


def test_a_season_ahead_is_learned_from_quiet_windows_too() -> None:
    assert likeness_of({LAST_YEAR: 0.9, NOW - 120 * DAY: 0.2, NOW - 90 * DAY: 0.5}) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("begin", [LAST_YEAR - 119 * DAY, LAST_YEAR - 60 * DAY])
def test_what_a_young_shop_had_is_no_season(begin: float) -> None:
    assert likeness_of(HEIGHT, begin=begin) == [1.0] * 4
    assert likeness_of(HEIGHT, begin=LAST_YEAR - 200 * DAY)[-1] < 0.01


def test_a_year_ago_of_which_records_are_missing_says_nothing_of_the_season_ahead() -> None:
    assert likeness_of(HEIGHT, orders=DAILY[DAILY > LAST_YEAR + 46 * DAY]) == [1.0] * 4
    assert likeness_of(HEIGHT, orders=DAILY[DAILY > LAST_YEAR + 44 * DAY])[-1] < 0.01


def test_without_a_year_or_without_buyers_all_windows_count() -> None:
    assert likeness_of({NOW - 340 * DAY: 0.1, NOW - 90 * DAY: 0.8}) == [1.0, 1.0]
    assert likeness_of({LAST_YEAR: 0.01, NOW - 90 * DAY: 0.8}) == [1.0, 1.0]
