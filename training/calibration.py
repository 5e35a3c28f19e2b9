"""What can be corrected without looking at the window that is predicted: levels, and the season."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from scoring.answers import LEAST, Outlook, Season
from scoring.seen.actions import Floats
from scoring.seen.view import DAY, Where
from training.material.labels import Labels
from training.metrics import level_offset

SPEND_SHARE = 0.5
"""Of what buyers of one window spent above expectation, how much is expected again: amounts have heavy tails."""
SPEND_LIMITS = (0.7, 1.4)
FEWEST_QUESTIONS = 100
"""At one cut-off, to speak of its level."""
SEASON_SHARE = 0.75
"""Of what a window had above its year, how much is expected of it a year later."""
LEAST_SPAN = 270 * DAY
"""From the first window to the last, below which they do not tell what a year's level is."""
HIGHEST_ABOVE = 0.1
"""Logits by which a level that knows no year may lie above the closed form's: what is more, is the latest season's."""


def level_bounded(purchase: Floats, closed_form: Floats) -> float:
    """What to add to the logits of chances [P], for the closed form's [P] know all of the past and no season."""
    return min(level_offset(closed_form, purchase) + HIGHEST_ABOVE, 0.0)


def spend_factor(outlook: Outlook, labels: Labels, at: Where) -> float:
    """Shrunk ratio of real to expected spend among those who bought, of the questions at these places [P]."""
    buyers = at & (labels.bought > 0)
    if buyers.sum() < FEWEST_QUESTIONS:
        return 1.0
    ratio = float(labels.spend[buyers].sum() / outlook.buyers_spend[buyers].sum())
    return float(np.clip(ratio**SPEND_SHARE, *SPEND_LIMITS))


@dataclass(frozen=True, slots=True)
class Year:
    """What W windows of a year had above the model."""

    time: Floats
    """[W] as-of times, ascending, LEAST_SPAN apart at least."""
    logit: Floats
    """[W] of the level of buying."""
    error: Floats
    """[W] variance of that by chance."""
    log_spend: Floats
    """[W] of what buyers spent; NaN where they were too few to tell."""


def year_above(outlook: Outlook, labels: Labels, as_of: Floats) -> Year | None:
    """Of P questions at some times of a year, and what came of them; None where they do not tell what a year is."""
    found = []
    for time in np.unique(as_of).tolist():
        at = as_of == time
        buyers = at & (labels.bought > 0)
        # Where nothing at all is known of anybody, records are missing or the shop was shut: that does not come again.
        if at.sum() >= FEWEST_QUESTIONS and not labels.silent[at].all():
            found.append((time, *_level(labels.bought[at], outlook.purchase[at, -1]), _amount(outlook, labels, buyers)))
    if not found or found[-1][0] - found[0][0] < LEAST_SPAN:
        return None
    year = Year(*np.array(found).T)
    return year if np.isfinite(year.log_spend).any() else None


def _level(bought: Floats, purchase: Floats) -> tuple[float, float]:
    """Of a window, and its variance by chance; where nobody bought, as if half a customer had."""
    least = 0.5 / len(bought)
    rate: Floats = np.clip(bought.mean(keepdims=True), least, 1.0 - least)
    level = level_offset(rate, purchase)
    mended = expit(logit(np.clip(purchase, LEAST, 1.0 - LEAST)) + level)
    return level, 1.0 / float((mended * (1.0 - mended)).sum())


def _amount(outlook: Outlook, labels: Labels, buyers: Where) -> float:
    spent = labels.spend[buyers].sum()
    if buyers.sum() < FEWEST_QUESTIONS / 2:
        return float("nan")
    # A window without any price says nothing of amounts.
    return float(np.log(spent / outlook.buyers_spend[buyers].sum())) if spent > 0 else 0.0


def seasons_of(year: Year) -> tuple[Season, ...]:
    """What each window had above or below its year, as far as it is expected again.

    What all windows share is no season: an old window lies above the model for other reasons too, as when the shop was
    young and had no lapsed customers yet. What windows differ by no more than chance explains is none either. And no
    window is expected higher than it was: a model that has learned at the height of a season lies above its year.
    """
    above = year.logit - year.logit.mean()
    seasons = max(float((above**2 - year.error).mean()), 0.0)
    logits = np.minimum(SEASON_SHARE * above, year.logit) * seasons / (seasons + year.error)
    spends = SPEND_SHARE * np.nan_to_num(year.log_spend - _usual_spend(year))
    return tuple(map(Season, year.time.tolist(), logits.tolist(), spends.tolist()))


def yearly_spend_factor(year: Year) -> float:
    """What buyers spent over expected, in the mean of a year: no season's."""
    return float(np.clip(np.exp(_usual_spend(year)), *SPEND_LIMITS))


def _usual_spend(year: Year) -> float:
    told = year.log_spend[np.isfinite(year.log_spend)]
    return float(told.mean()) if len(told) else 0.0
