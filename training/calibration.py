"""What can be corrected without looking at the window that is predicted: the level of spend, the band, the season."""

from dataclasses import dataclass, replace

import numpy as np

from scoring.actions import Floats
from scoring.answers import BAND, Answers, Calibration, Outlook, Season, outlook_of
from scoring.view import DAY
from training.labels import Labels
from training.metrics import level_offset

SHRINKAGE = 0.5
"""Of what one window showed, how much is expected of the next: half, for one season is as much noise as season."""
SPEND_LIMITS = (0.7, 1.4)
WIDTHS = np.linspace(0.6, 1.6, 21)
FEWEST_QUESTIONS = 100
"""At one cut-off, to speak of its level."""
SEASON_SHARE = 0.75
"""Of what a window had above its year, how much is expected of it a year later."""
LEAST_SPAN = 270 * DAY
"""From the first window to the last, below which they do not tell what a year's level is."""


def spend_factor(outlook: Outlook, labels: Labels) -> float:
    """Shrunk ratio of real to expected spend among those who bought, on windows that training had not seen."""
    bought = labels.bought > 0
    if bought.sum() < FEWEST_QUESTIONS:
        return 1.0
    expected = outlook.buyers_spend[bought].sum()
    ratio = float((labels.spend[bought].sum() / expected) ** SHRINKAGE)
    return float(np.clip(ratio, *SPEND_LIMITS))


def band_width(answers: Answers, calibration: Calibration, labels: Labels, as_of: Floats) -> float:
    """What to multiply sigma by so that bands hold BAND of unseen windows, once the level of buying is mended.

    Those whose band is empty are left out: not buying is likelier than BAND, so no width makes it hold less.
    """
    if (labels.bought > 0).sum() < FEWEST_QUESTIONS:
        return 1.0
    purchase = outlook_of(answers, calibration, as_of).purchase[:, -1]
    mended = replace(calibration, level=calibration.level + level_offset(labels.bought, purchase))
    held = [_held(outlook_of(answers, replace(mended, width=float(width)), as_of), labels) for width in WIDTHS]
    return float(WIDTHS[int(np.argmin(np.abs(np.array(held) - BAND)))])


def _held(outlook: Outlook, labels: Labels) -> float:
    low, high = outlook.band
    wide = high > 0
    return float(((labels.spend >= low) & (labels.spend <= high))[wide].mean()) if wide.any() else BAND


@dataclass(frozen=True, slots=True)
class Year:
    """What W windows of a year had above the model."""

    time: Floats
    """[W] as-of times, ascending, LEAST_SPAN apart at least."""
    logit: Floats
    """[W] of the level of buying."""
    log_spend: Floats
    """[W] of what buyers spent."""


def year_above(outlook: Outlook, labels: Labels, as_of: Floats) -> Year | None:
    """Of P questions at some times of a year, and what came of them; None where they do not tell what a year is."""
    found = []
    for time in np.unique(as_of).tolist():
        at = as_of == time
        buyers = at & (labels.bought > 0)
        if at.sum() >= FEWEST_QUESTIONS and buyers.sum() >= FEWEST_QUESTIONS / 2:
            expected = outlook.buyers_spend[buyers].sum()
            level = level_offset(labels.bought[at], outlook.purchase[at, -1])
            found.append((time, level, float(np.log(labels.spend[buyers].sum() / expected))))
    if not found or found[-1][0] - found[0][0] < LEAST_SPAN:
        return None
    return Year(*np.array(found).T)


def seasons_of(year: Year) -> tuple[Season, ...]:
    """What each window had above or below its year, as far as it is expected again.

    What all windows share is no season: an old window lies above the model for other reasons too, as when the shop was
    young and had no lapsed customers yet.
    """
    logits = SEASON_SHARE * (year.logit - year.logit.mean())
    spends = SHRINKAGE * (year.log_spend - year.log_spend.mean())
    return tuple(map(Season, year.time.tolist(), logits.tolist(), spends.tolist()))


def yearly_spend_factor(year: Year) -> float:
    """What buyers spent over expected, in the mean of a year: no season's."""
    return float(np.clip(np.exp(year.log_spend.mean()), *SPEND_LIMITS))
