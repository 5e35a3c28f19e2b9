"""How far scores have moved, and what came of them, by hand and by rescorings that were kept."""

from datetime import date, timedelta
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, rescore, store_scores

from campaigns.models.drift import MUCH, stability_index
from campaigns.tiers import maturing, rescored
from campaigns.tiers.maturing import Month, Point
from campaigns.tiers.tiers import Levels, Tier
from database.models.readings import Reading
from database.session import Database

COUNTS = st.lists(st.integers(0, 1000), min_size=3, max_size=3)


def test_the_index_is_what_a_pencil_gives() -> None:
    """(0.25 and 0.75) against (0.75 and 0.25), each with half a customer more."""
    p, q = 25.5 / 101, 75.5 / 101

    assert stability_index([25, 75], [75, 25]) == pytest.approx(2 * (q - p) * log(q / p))
    assert 2 * (q - p) * log(q / p) > MUCH


@given(COUNTS, COUNTS)
def test_the_index_is_of_two_and_nothing_between_equals(one: list[int], other: list[int]) -> None:
    found = stability_index(one, other)

    assert found == pytest.approx(stability_index(other, one))
    assert (found is None) == (not sum(one) or not sum(other))
    assert found is None or found >= 0
    assert stability_index(one, one) in (None, 0)


def test_rescorings_tell_how_customers_stood(database: Database) -> None:
    store_scores(database, {"c1": 9000, "c2": 2000, "c3": 10})
    rescore(database, {"c1": 9000, "c2": 9000, "c3": 10}, as_of=NOW + timedelta(days=1))

    with database.reading() as snapshot:
        first, second = rescored.latest(snapshot, limit=5)
        assert (rescored.drift([first, second], "m1"), rescored.drift([second], "m1")) == (0, None)

    assert (dict(first.tiers), first.moved_count) == ({Tier.HIGH: 1, Tier.MID: 1, Tier.LOW: 1}, 3)
    assert (dict(second.tiers), second.moved_count) == ({Tier.HIGH: 2, Tier.MID: 0, Tier.LOW: 1}, 1)
    assert second.thresholds == Levels(high=5000, mid=1000)
    assert second.chances == [0] * 6 + [3] + [0] * 13


def test_what_came_stands_beside_what_was_said() -> None:
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    readings = [Reading(june, 0, 16, 1.0, 2), Reading(may, 0, 48, 3.0, 2), Reading(may, 9, 16, 15.0, 12)]

    points = maturing.calibration(readings)

    assert points == [Point(64, 0.0625, 0.0625), Point(16, 0.9375, 0.75)]
    assert maturing.by_month(readings) == [
        Month(may, Point(64, 0.28125, 0.21875)),
        Month(june, Point(16, 0.0625, 0.125)),
    ]
    assert maturing.error(points) == pytest.approx(0.2 * 0.1875)
    assert maturing.error([]) is None
