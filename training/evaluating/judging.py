"""A model beside the active one: what both said of a window that neither has learned from, drift, and speed."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from campaigns.models.drift import stability_index
from campaigns.models.gates import Evidence, Rivalry
from campaigns.models.grounds import Ground, Why
from events.event import EventType
from events.history import Histories
from scoring.networks.network import HORIZONS
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from scoring.seen.feature_histograms import Histograms, histograms
from scoring.seen.view import DAY
from training.evaluating.comparison import OURS, compare
from training.metrics import Figure, auc, calibration_error, log_loss

FIGURES: Mapping[str, Figure] = {"auc": auc, "log_loss": log_loss, "ece": calibration_error}
FEWEST_CASES = 50
"""Buyers, and others, below which a window proves nothing."""
TIMED_CUSTOMERS, ROUNDS = 32, 7
SEED = 0


class Accuracy(NamedTuple):
    """How right a model was; None where nobody was asked about, the AUC also where all bought, or nobody did."""

    customers: int
    bought: int
    predicted: float | None
    """Mean probability."""
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    """Interval of 95 %, by a bootstrap over customers."""
    calibration_error: float | None


NOTHING = Accuracy(0, 0, None, None, None, None, None)


def accuracy(scorer: Scorer, histories: Histories, bought: Floats, at: datetime, days: int) -> Accuracy:
    """What a model would have said at a time beside who `bought` [C] within so many days, of who was known then.

    Histories hold what happened before that time; what they hold beyond it does not count.
    """
    known = _known(histories, at.timestamp())
    if not known.any():
        return NOTHING
    said = _chances(scorer, histories, at.timestamp(), days)
    known &= np.isfinite(said)
    if not known.any():
        return NOTHING
    came, said = bought[known], said[known]
    found = compare(came, {OURS: said}, {"auc": auc}, seed=SEED)
    ranks, (low, high) = found.figures[OURS]["auc"], found.intervals[OURS]["auc"]
    ranked = bool(np.isfinite(ranks))
    return Accuracy(
        customers=len(came), bought=int(came.sum()), predicted=float(said.mean()), auc=ranks if ranked else None,
        auc_low=low if ranked else None, auc_high=high if ranked else None,
        calibration_error=calibration_error(came, said),
    )  # fmt: skip


def evidence(candidate: Scorer, active: Scorer, histories: Histories, as_of: datetime) -> Evidence:
    """Of customers with all that happened to them before `as_of`."""
    rivalries, why_not = _rivalries(candidate, active, histories, as_of)
    said = candidate.score_each(histories, np.full(len(histories), as_of.timestamp()))
    return Evidence(
        rivalries=rivalries, why_not=why_not, drifts=drifts(candidate, histories, as_of),
        delay=_delay(candidate, active, histories.some(0, min(TIMED_CUSTOMERS, len(histories))), as_of),
        asked=len(said), unsaid=said.count(None),
    )  # fmt: skip


def drifts(scorer: Scorer, histories: Histories, as_of: datetime) -> dict[str, float]:
    """Population stability index of each feature now against the model's training; nothing where it kept none.

    What is one and the same for all customers of one moment, such as a season, says nothing of the population.
    """
    then: Histograms = scorer.manifest.get("histograms", {})
    known = _known(histories, as_of.timestamp())
    if not then or not known.any():
        return {}
    tabular = scorer.features(histories, np.full(len(histories), as_of.timestamp()))
    now = histograms(scorer.model.normaliser.names, tabular[known])
    found = {name: stability_index(then[name], counts) for name, counts in now.items() if _spread(then[name])}
    return {name: index for name, index in found.items() if index is not None}


def _spread(counts: Sequence[int]) -> bool:
    return sum(count > 0 for count in counts) > 1


def _rivalries(
    candidate: Scorer, active: Scorer, histories: Histories, as_of: datetime
) -> tuple[dict[str, Rivalry], Ground | None]:
    """The figures, or why there are none."""
    cutoff = max(_learned_until(candidate), _learned_until(active))
    closed = [days for days in HORIZONS if cutoff + timedelta(days=days) <= as_of]
    if not closed:
        day = cutoff + timedelta(days=HORIZONS[0])
        return {}, Ground(why=Why.TOO_EARLY, facts={"until": f"{cutoff:%Y-%m-%d}", "day": f"{day:%Y-%m-%d}"})
    days, since = closed[-1], cutoff.timestamp()
    answers = {
        name: _chances(scorer, histories, since, days) for name, scorer in ((OURS, candidate), ("active", active))
    }
    known = _known(histories, since) & np.logical_and.reduce([np.isfinite(each) for each in answers.values()])
    bought = _bought(histories, since, days)[known]
    if min(bought.sum(), (1 - bought).sum()) < FEWEST_CASES:
        facts: dict[str, str | float] = {"fewest": FEWEST_CASES, "days": days, "since": f"{cutoff:%Y-%m-%d}"}
        return {}, Ground(why=Why.TOO_FEW, facts=facts)
    found = compare(bought, {name: each[known] for name, each in answers.items()}, FIGURES, seed=SEED)
    return {
        name: Rivalry(
            ours=found.figures[OURS][name], theirs=found.figures["active"][name],
            low=found.differences["active"][name][0], high=found.differences["active"][name][1],
        )
        for name in FIGURES
    }, None  # fmt: skip


def _learned_until(scorer: Scorer) -> datetime:
    return datetime.fromisoformat(scorer.manifest["as_of"]).astimezone(UTC)


def _known(histories: Histories, before: float) -> np.ndarray:
    """[C] who had done something before this time."""
    rows = histories.customer_of_row[histories.time < before]
    return np.bincount(rows, minlength=len(histories)) > 0


def _bought(histories: Histories, since: float, days: int) -> Floats:
    """[C] 1 for whom there is an order within so many days."""
    within = (histories.time >= since) & (histories.time < since + days * DAY)
    rows = histories.customer_of_row[within & (histories.event_type == EventType.PURCHASE)]
    return (np.bincount(rows, minlength=len(histories)) > 0).astype(np.float64)


def _chances(scorer: Scorer, histories: Histories, at: float, days: int) -> Floats:
    """[C] NaN where it says no number."""
    scores = scorer.score_each(histories, np.full(len(histories), at))
    return np.array([np.nan if score is None else getattr(score, f"purchase_{days}") for score in scores])


def _delay(candidate: Scorer, active: Scorer, histories: Histories, as_of: datetime) -> float:
    """Fastest pass of one in times of the fastest of the other; they take turns, so that both meet the same machine."""
    times = np.full(len(histories), as_of.timestamp())
    fastest = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for place, scorer in enumerate((candidate, active)):
            began = time.perf_counter()
            scorer.score_each(histories, times)
            fastest[place] = min(fastest[place], time.perf_counter() - began)
    return fastest[0] / fastest[1]
