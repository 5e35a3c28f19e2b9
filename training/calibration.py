"""What can be corrected without looking at the window that is predicted: levels, and the season."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit, logit

from scoring.answers import LEAST, Outlook, Season
from scoring.networks.network import HORIZONS
from scoring.seen.actions import Floats, Integers
from scoring.seen.view import DAY, Where
from training.material.labels import Labels
from training.material.silence import has_long_silence
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
MOST_ADDED, HALVINGS = 12.0, 40
"""Logits, and how often a search for some goes on in one half of what is left."""
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
    """[W, 1 + H] of the level of buying, and of each hazard by itself; NaN where too little is known of when."""
    error: Floats
    """[W, 1 + H] variance of that by chance."""
    log_spend: Floats
    """[W] of what buyers spent; NaN where they were too few to tell."""
    hazards: Sequence[Floats]
    """[W] of logits [P, H] that the model says of those asked."""


def year_above(outlook: Outlook, labels: Labels, as_of: Floats, orders: Floats) -> Year | None:
    """Of P questions at some times of a year, and what came of them; None where they do not tell what a year is.

    `orders` are the times of all that there are, ascending.
    """
    times, levels, amounts, said = [], [], [], []
    hazards = _hazards(outlook.purchase)
    for time in np.unique(as_of).tolist():
        at = as_of == time
        # Where nothing at all is known of anybody, records are missing or the shop was shut: that does not come again.
        if at.sum() >= FEWEST_QUESTIONS and not labels.silent[at].all():
            times.append(time)
            levels.append(_levels(labels.interval[at], outlook.purchase[at, -1], hazards[at]))
            amounts.append(_amount(outlook, labels, at & (labels.bought > 0)))
            said.append(logit(np.clip(hazards[at], LEAST, 1.0 - LEAST)))
    if not times or times[-1] - times[0] < LEAST_SPAN or not np.isfinite(amounts).any():
        return None
    level, error = np.moveaxis(np.array(levels), -1, 0)
    level[:, 1:][[_gaps(orders, time) for time in times]] = np.nan
    return Year(np.array(times), level, error, np.array(amounts), said)


def _gaps(orders: Floats, time: float) -> list[bool]:
    """[H] in which intervals after a time nobody ordered for long."""
    ends = [time, *(time + days * DAY for days in HORIZONS)]
    return [has_long_silence(orders, *span) for span in pairwise(ends)]


def _hazards(purchase: Floats) -> Floats:
    """[P, H] of chances by each horizon."""
    none = np.column_stack((np.ones(len(purchase)), 1.0 - purchase))
    hazards: Floats = 1.0 - none[:, 1:] / np.maximum(none[:, :-1], LEAST)
    return hazards


def _levels(interval: Integers, purchase: Floats, hazards: Floats) -> list[tuple[float, float]]:
    """Of buying [P] and of each hazard [P, H] in a window, and their variance by chance."""
    steps = hazards.shape[1]
    reached = [interval >= step for step in range(steps)]
    each = [_level((interval == step)[at], hazards[at, step]) for step, at in enumerate(reached)]
    return [_level(interval < steps, purchase), *each]


def _level(came: Where, chance: Floats) -> tuple[float, float]:
    """Where it came to nobody, as if it had to half a customer; where nobody was left, as sure as half a one makes."""
    if not len(came):
        return 0.0, 8.0
    least = 0.5 / len(came)
    rate: Floats = np.clip(came.mean(keepdims=True), least, 1.0 - least)
    level = level_offset(rate, chance)
    mended = expit(logit(np.clip(chance, LEAST, 1.0 - LEAST)) + level)
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
    window is expected higher than it was: a model that has learned at the height of a season lies above its year. An
    interval has what its window has, and what it had apart from it where that is known, as far as it is more than
    chance in turn; as many buy as the window says.
    """
    logit = np.ma.masked_invalid(year.logit)
    above = logit - logit.mean(axis=0)
    again = np.ma.minimum(SEASON_SHARE * above, logit)
    window = (again[:, :1] * _beyond_chance(above[:, :1], year.error[:, :1])).filled(0.0)
    apart = again[:, 1:] - again[:, :1]
    months = window + (apart * _beyond_chance(apart, SEASON_SHARE**2 * year.error[:, 1:])).filled(0.0)
    levels = [
        _as_many(said + each, said + every) for said, each, every in zip(year.hazards, months, window, strict=True)
    ]
    logits = months + np.array(levels)[:, None]
    spends = SPEND_SHARE * np.nan_to_num(year.log_spend - _usual_spend(year))
    return tuple(map(Season, year.time.tolist(), map(tuple, logits.tolist()), spends.tolist()))


def _as_many(hazards: Floats, others: Floats) -> float:
    """What to add to logits [P, H], for as many to buy as others say."""
    low, high, wanted = -MOST_ADDED, MOST_ADDED, _bought(others)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _bought(hazards + middle) < wanted else (low, middle)
    return low


def _bought(hazards: Floats) -> float:
    return float(-np.expm1(-np.logaddexp(0.0, hazards).sum(axis=1)).mean())


def _beyond_chance(above: Floats, error: Floats) -> Floats:
    """[W, ...] how far what W windows had is more than chance, whose variances [W, ...] are given."""
    spread = np.maximum((above**2 - error).mean(axis=0), 0.0)
    share: Floats = spread / (spread + error)
    return share


def yearly_spend_factor(year: Year) -> float:
    """What buyers spent over expected, in the mean of a year: no season's."""
    return float(np.clip(np.exp(_usual_spend(year)), *SPEND_LIMITS))


def _usual_spend(year: Year) -> float:
    told = year.log_spend[np.isfinite(year.log_spend)]
    return float(told.mean()) if len(told) else 0.0
