"""Levels are mended by what closed windows showed: the band, the amount, and the season of the year before."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from made_histories import NOW, random_shop
from scipy.special import logit
from small_training import course

from scoring.actions import Floats
from scoring.answers import Answers, Calibration, Outlook, outlook_of
from training.calibration import Year, band_width, seasons_of, spend_factor, year_above, yearly_spend_factor
from training.labels import Labels
from training.standing import year_of

DAY = 86_400.0
COUNT = 4000


def answers(hazard: float = -1.0, log_sigma: float = 0.0) -> Answers:
    random = np.random.default_rng(0)
    return Answers(
        hazards=hazard + random.normal(0, 1, (COUNT, 1)) + np.zeros((1, 3)),
        log_mean=np.full(COUNT, 8.0), log_sigma=np.full(COUNT, log_sigma), silence=np.zeros(COUNT),
    )  # fmt: skip


def labels(sigma: float, *, seed: int = 1) -> Labels:
    """Of customers who buy as the answers say, for amounts that spread by sigma."""
    random = np.random.default_rng(seed)
    chance = outlook_of(answers(), Calibration(), np.zeros(COUNT)).purchase[:, -1]
    bought = random.random(COUNT) < chance
    spend = np.where(bought, np.exp(random.normal(8.0, sigma, COUNT)), 0.0)
    return Labels(interval=np.where(bought, 0, 3), spend=spend, silent=np.zeros(COUNT))


@pytest.mark.parametrize(("said", "true"), [(1.0, 0.7), (0.6, 0.9), (0.8, 0.8)])
def test_bands_are_as_wide_as_amounts_were(said: float, true: float) -> None:
    spoken, at = answers(log_sigma=np.log(said)), np.zeros(COUNT)
    width = band_width(spoken, Calibration(), labels(true), at)
    unseen = labels(true, seed=2)
    low, high = outlook_of(spoken, Calibration(width=width), at).band

    assert width == pytest.approx(true / said, abs=0.15)
    assert ((unseen.spend >= low) & (unseen.spend <= high)).mean() == pytest.approx(0.8, abs=0.03)


def test_half_of_what_buyers_spent_more_is_expected_again() -> None:
    outlook = outlook_of(answers(log_sigma=np.log(0.5)), Calibration(), np.zeros(COUNT))
    seen = labels(0.5)
    dearer = Labels(interval=seen.interval, spend=seen.spend * 1.44, silent=seen.silent)

    assert spend_factor(outlook, seen) == pytest.approx(1.0, abs=0.02)
    assert spend_factor(outlook, dearer) == pytest.approx(1.2, abs=0.02)
    few = Labels(interval=np.full(COUNT, 3), spend=np.zeros(COUNT), silent=np.zeros(COUNT))
    assert spend_factor(outlook, few) == 1.0


YEAR = np.arange(NOW - 455 * DAY, NOW - 90 * DAY + 1, 21 * DAY)
ASKED = 500
"""Customers at each time."""


def closed_year(season: Mapping[int, float], *, times: Floats = YEAR) -> tuple[Outlook, Labels, Floats]:
    """A model that says one half and 2000 for everybody, and what came: `season` is the share who bought at a time."""
    as_of = np.repeat(times, ASKED)
    bought = np.concatenate([np.arange(ASKED) < ASKED * season.get(place, 0.6) for place in range(len(times))])
    outlook = Outlook(
        purchase=np.full((len(as_of), 3), 0.5), churn=np.zeros(len(as_of)),
        log_mean=np.full(len(as_of), np.log(2000.0)), sigma=np.full(len(as_of), 1e-9),
    )  # fmt: skip
    spend = np.where(bought, np.where(np.isin(as_of, times[list(season)]), 3000.0, 2000.0), 0.0)
    return outlook, Labels(interval=np.where(bought, 0, 3), spend=spend, silent=np.zeros(len(as_of))), as_of


def seen(season: Mapping[int, float], *, times: Floats = YEAR) -> Year:
    found = year_above(*closed_year(season, times=times))
    assert found is not None
    return found


@pytest.mark.parametrize("share", [0.8, 0.3])
def test_a_season_is_what_a_window_had_beside_its_year(share: float) -> None:
    others = 1 - 1 / len(YEAR)
    found = seasons_of(seen({4: share}))

    assert [each.time for each in found] == YEAR.tolist()
    assert found[4].logit == pytest.approx(0.75 * (logit(share) - logit(0.6)) * others)
    assert found[4].log_spend == pytest.approx(0.5 * np.log(1.5) * others)
    assert sum(each.logit for each in found) == pytest.approx(0.0, abs=1e-9)


def test_what_all_windows_of_a_year_have_above_the_model_is_no_season() -> None:
    assert [each.logit for each in seasons_of(seen({}))] == pytest.approx([0.0] * len(YEAR), abs=1e-9)
    assert yearly_spend_factor(seen({})) == pytest.approx(1.0)
    assert yearly_spend_factor(seen(dict.fromkeys(range(len(YEAR)), 0.6))) == pytest.approx(1.4)


def test_less_than_a_year_says_nothing_of_seasons() -> None:
    assert year_above(*closed_year({1: 0.9}, times=YEAR[-12:])) is None
    nobody, labels, as_of = closed_year(dict.fromkeys(range(len(YEAR)), 0.0))
    assert year_above(nobody, labels, as_of) is None


def test_a_year_is_asked_about_window_by_window_but_for_those_of_a_young_shop(tmp_path: Path) -> None:
    whole, young = (year_of(course(random_shop(30, seed=2, days=days), folder=tmp_path)) for days in (600, 300))

    assert whole[-1] == young[-1] == NOW - 90 * DAY
    assert (np.diff(whole) == 21 * DAY).all()
    assert whole[0] == NOW - (90 + 17 * 21) * DAY
    assert young[0] >= NOW - 180 * DAY
