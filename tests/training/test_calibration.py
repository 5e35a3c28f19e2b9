"""Levels are mended by what closed windows showed: the amount, and the season of the year before."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made.histories import NOW, random_shop
from networks.small_training import course
from scipy.special import expit, logit

from scoring.answers import Outlook
from scoring.seen.actions import Floats
from training.calibration import Year, level_bounded, seasons_of, spend_factor, year_above, yearly_spend_factor
from training.material.labels import Labels
from training.standing import year_of

DAY = 86_400.0
COUNT = 400


def test_half_of_what_buyers_spent_beside_what_was_expected_is_expected_again() -> None:
    place = np.arange(COUNT)
    outlook = Outlook(
        purchase=np.full((COUNT, 3), 0.5), churn=np.zeros(COUNT),
        log_mean=np.full(COUNT, np.log(2000.0)), sigma=np.full(COUNT, 1e-9),
    )  # fmt: skip
    spend = np.select([place < 200, place < 300], [2400.0, 1000.0], 0.0)
    came = Labels(
        told=np.full(COUNT, 3),
        interval=np.where(place < 300, 0, 3),
        spend=spend,
        orders=np.zeros(COUNT),
        silent=np.zeros(COUNT),
    )

    assert spend_factor(outlook, came, place < 200) == pytest.approx(1.2**0.5)
    assert spend_factor(outlook, came, place >= 0) == pytest.approx((580_000 / 600_000) ** 0.5)
    assert spend_factor(outlook, came, place >= 200) == pytest.approx(0.5**0.5)
    assert spend_factor(outlook, came, place >= 201) == 1.0


@pytest.mark.parametrize(
    ("model", "level"), [(0.0, 0.0), (0.05, 0.0), (0.1, 0.0), (0.3, -0.2), (1.1, -1.0), (-2.0, 0.0)]
)
def test_a_level_that_knows_no_year_lies_little_above_the_closed_forms(model: float, level: float) -> None:
    closed_form = expit(np.linspace(-1.0, 1.0, COUNT))
    purchase = expit(np.linspace(-1.0, 1.0, COUNT) + model)

    assert level_bounded(purchase, closed_form) == pytest.approx(level, abs=1e-6)


YEAR = np.arange(NOW - 455 * DAY, NOW - 90 * DAY + 1, 21 * DAY)
ASKED = 500
"""Customers at each time."""
DAILY = np.arange(YEAR[0], NOW, DAY)
"""Times of orders."""


def closed_year(season: Mapping[int, float], *, times: Floats = YEAR) -> tuple[Outlook, Labels, Floats]:
    """A model that says one half and 2000 for everybody, and what came: `season` is the share who bought at a time."""
    as_of = np.repeat(times, ASKED)
    bought = np.concatenate([np.arange(ASKED) < ASKED * season.get(place, 0.6) for place in range(len(times))])
    outlook = Outlook(
        purchase=np.full((len(as_of), 3), 0.5), churn=np.zeros(len(as_of)),
        log_mean=np.full(len(as_of), np.log(2000.0)), sigma=np.full(len(as_of), 1e-9),
    )  # fmt: skip
    spend = np.where(bought, np.where(np.isin(as_of, times[list(season)]), 3000.0, 2000.0), 0.0)
    return (
        outlook,
        Labels(
            told=np.full(len(as_of), 3),
            interval=np.where(bought, 0, 3),
            spend=spend,
            orders=bought * 1.0,
            silent=np.zeros(len(as_of)),
        ),
        as_of,
    )


def seen(season: Mapping[int, float]) -> Year:
    found = year_above(*closed_year(season), DAILY)
    assert found is not None
    return found


def test_a_season_is_of_the_month_that_it_is_in() -> None:
    outlook, labels, as_of = closed_year({})
    said = replace(outlook, purchase=np.tile([0.3, 0.51, 0.657], (len(as_of), 1)))
    alike = np.repeat([0, 1, 2, 3], [150, 105, 73, 172])  # Of 500, three of ten of those who are left each month.
    second = np.repeat([0, 1, 2, 3], [150, 210, 42, 98])
    came = np.concatenate([second if place == 4 else alike for place in range(len(YEAR))])
    found = year_above(said, replace(labels, interval=came), as_of, DAILY)

    assert found is not None
    season = seasons_of(replace(found, error=np.full((len(YEAR), 4), 1e-9)))[4]
    month = 0.75 * (logit(0.6) - logit(0.3)) * (1 - 1 / len(YEAR))
    before, height, after = season.logits
    assert (height - before, after) == pytest.approx((month, before))
    buy = 1 - np.prod(1 - expit(logit(0.3) + np.array(season.logits)))
    level = 0.75 * (logit(0.804) - logit(0.656)) * (1 - 1 / len(YEAR))
    assert buy == pytest.approx(1 - (1 - expit(logit(0.3) + level)) ** 3, abs=1e-6)


def test_a_month_whose_records_are_missing_has_the_season_of_its_window() -> None:
    outlook, labels, as_of = closed_year({})
    said = replace(outlook, purchase=np.tile([0.3, 0.51, 0.657], (len(as_of), 1)))
    alike, gap = np.repeat([0, 1, 2, 3], [150, 105, 73, 172]), np.repeat([0, 2, 3], [150, 105, 245])
    came = np.concatenate([gap if place == 4 else alike for place in range(len(YEAR))])
    kept = DAILY[np.abs(DAILY - YEAR[4] - 45 * DAY) > 10 * DAY]
    found = year_above(said, replace(labels, interval=came), as_of, kept)

    assert found is not None
    missing, other = (season.logits for season in seasons_of(found)[4:6])
    window = 0.75 * (logit(255 / 500) - logit(0.656))
    assert missing[1] == pytest.approx(window, abs=0.3)
    assert other == pytest.approx([0.0] * 3, abs=0.02)


@pytest.mark.parametrize("share", [0.8, 0.3])
def test_a_season_is_what_a_window_had_beside_its_year(share: float) -> None:
    others = 1 - 1 / len(YEAR)
    year = seen({4: share})
    found = seasons_of(replace(year, error=np.full((len(YEAR), 4), 1e-9)))

    assert [each.time for each in found] == YEAR.tolist()
    assert found[4].logits[0] == pytest.approx(0.75 * (logit(share) - logit(0.6)) * others)
    assert found[4].log_spend == pytest.approx(0.5 * np.log(1.5) * others)
    assert sum(each.logits[0] for each in found) == pytest.approx(0.0, abs=1e-9)
    assert 0.7 < seasons_of(year)[4].logits[0] / found[4].logits[0] < 0.9


def test_what_chance_explains_is_no_season() -> None:
    bought = np.random.default_rng(3).binomial(ASKED, 0.6, len(YEAR)) / ASKED

    assert max(abs(each.logits[0]) for each in seasons_of(seen(dict(enumerate(bought))))) < 0.02


def test_windows_in_which_hardly_anybody_buys_belong_to_the_year() -> None:
    quiet = {place: 0.02 * (place % 2) for place in range(len(YEAR)) if place != 6}
    year = seen(quiet)
    found = seasons_of(year)

    assert len(year.time) == len(YEAR)
    assert found[6].logits[0] > found[3].logits[0] > found[4].logits[0]
    assert [each.log_spend for each in found] == [0.0] * len(YEAR)
    assert yearly_spend_factor(year) == pytest.approx(1.0)


def test_a_model_that_stands_at_the_height_of_a_season_comes_down_with_it() -> None:
    year = seen({place: 0.05 for place in range(len(YEAR)) if place != 6})
    found = seasons_of(year)

    assert found[6].logits[0] == pytest.approx(year.logit[6, 0], rel=0.1)
    assert found[3].logits[0] == pytest.approx(year.logit[3, 0], rel=0.1)


def test_a_window_in_which_nobody_did_anything_is_none_of_the_year() -> None:
    outlook, labels, as_of = closed_year({4: 0.0})
    found = year_above(outlook, replace(labels, silent=(as_of == YEAR[4]) * 1.0), as_of, DAILY)

    assert found is not None
    assert found.time.tolist() == [time for time in YEAR.tolist() if time != YEAR[4]]
    assert max(abs(each.logits[0]) for each in seasons_of(found)) < 1e-9


def test_what_all_windows_of_a_year_have_above_the_model_is_no_season() -> None:
    assert [each.logits[0] for each in seasons_of(seen({}))] == pytest.approx([0.0] * len(YEAR), abs=1e-9)
    assert yearly_spend_factor(seen({})) == pytest.approx(1.0)
    assert yearly_spend_factor(seen(dict.fromkeys(range(len(YEAR)), 0.6))) == pytest.approx(1.4)


def test_a_window_without_any_price_says_nothing_of_amounts() -> None:
    outlook, labels, as_of = closed_year({})
    unpriced = replace(labels, spend=np.where(as_of == YEAR[4], 0.0, labels.spend))
    found = year_above(outlook, unpriced, as_of, DAILY)

    assert found is not None
    assert found.log_spend == pytest.approx(np.zeros(len(YEAR)), abs=1e-9)


def test_less_than_a_year_says_nothing_of_seasons() -> None:
    assert year_above(*closed_year({1: 0.9}, times=YEAR[-12:]), DAILY) is None
    nobody, labels, as_of = closed_year(dict.fromkeys(range(len(YEAR)), 0.0))
    assert year_above(nobody, labels, as_of, DAILY) is None


def test_a_year_is_asked_about_window_by_window_but_for_those_of_a_young_shop(tmp_path: Path) -> None:
    whole, young, new = (
        year_of(course(random_shop(30, seed=2, days=days), folder=tmp_path)) for days in (600, 300, 150)
    )

    assert whole[-1] == young[-1] == NOW - 90 * DAY
    assert (np.diff(whole) == 21 * DAY).all()
    assert whole[0] == NOW - (90 + 17 * 21) * DAY
    assert young[0] >= NOW - 180 * DAY
    assert new.tolist() == [NOW - 90 * DAY]
