"""What the networks say about P questions, before and after calibration, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, ndtri

from scoring.networks.network import HORIZONS, Network
from scoring.networks.passing import Forward, Networks
from scoring.seen.actions import Floats, Pairs
from scoring.seen.blocks import PASSES, Passes, blocks
from scoring.seen.sequence import Tokens, batch_of, lengths_of
from scoring.seen.sittings import sittings
from scoring.seen.view import DAY

YEAR_DAYS = 365.0
SEASON_REACH_DAYS = 21.0
"""A level seen a year ago counts when it was measured within so many days of this season."""
BAND = 0.8
"""Share of customers whose spend their band holds."""
LEAST = 1e-12
"""Chances and factors, below which they are not divided by and have no logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the heads say."""

    hazards: Floats
    """[P, H] logits."""
    log_mean: Floats
    """[P] of spend in minor units, given an order."""
    log_sigma: Floats
    """[P]"""
    silence: Floats
    """[P] logit of no event at all, given no order."""


def ask(
    networks: Sequence[Network], tokens: Tokens, pairs: Pairs, tabular: npt.NDArray[np.float32], device: torch.device
) -> Answers:
    """The means of what networks on the device say, as they are; one pass answers what is asked about a customer."""
    speaking, values = Networks(networks), np.zeros((len(pairs), len(HORIZONS) + 3))
    order, starts = sittings(pairs)
    latest = pairs.some(order[starts[1:] - 1])
    for block in blocks(lengths_of(latest), PASSES[device.type]):
        place = starts[block, None] + np.arange(np.diff(starts)[block].max())
        real = place < starts[block + 1, None]
        question = order[np.where(real, place, 0)]
        batch = batch_of(
            tokens, latest.first[block], latest.last[block], np.where(real, pairs.as_of[question], np.nan),
            np.where(real[..., None], tabular[question], np.float32(0)),
        )  # fmt: skip
        with torch.inference_mode():
            values[question[real]] = speaking.means(batch.to(device)).cpu().numpy()[real]
    return _answers(values)


def ask_each(
    forward: Forward, tokens: Tokens, pairs: Pairs, tabular: npt.NDArray[np.float32], passes: Passes
) -> Answers:
    """Each customer one question: one forward pass, or several of similar length."""
    values = np.zeros((len(pairs), len(HORIZONS) + 3))
    for block in blocks(lengths_of(pairs), passes):
        batch = batch_of(tokens, pairs.first[block], pairs.last[block], pairs.as_of[block, None], tabular[block, None])
        values[block] = forward(batch).numpy()
    return _answers(values)


def _answers(values: Floats) -> Answers:
    """Of [P, H + 3]."""
    split = len(HORIZONS)
    return Answers(
        hazards=values[:, :split],
        log_mean=values[:, split],
        log_sigma=values[:, split + 1],
        silence=values[:, split + 2],
    )


@dataclass(frozen=True, slots=True)
class Season:
    """How far a year's season differs from what the model says without one, in a window that is closed."""

    time: float
    """As-of time of that window."""
    logits: tuple[float, ...]
    """[H] to add to the hazard logits."""
    log_spend: float
    """To add to the mean of log spend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What closed windows showed beside the answers."""

    level: float = 0.0
    """Added to every hazard logit."""
    spend_factor: float = 1.0
    """Multiplies expected spend given an order."""
    seasons: tuple[Season, ...] = ()
    """Of past windows: what was seen there is expected again a year later."""

    def logits(self, hazards: Floats, season: Floats) -> Floats:
        """[P, H] calibrated logits of hazards [P, H] in a season [P, H + 1]."""
        return hazards + self.level + season[:, :-1]

    def season(self, as_of: Floats) -> Floats:
        """[P, H + 1] logits and log spend that a year before promises for these times; 0 where nothing was seen."""
        if not self.seasons:
            return np.zeros((len(as_of), len(HORIZONS) + 1))
        seen = np.array([(each.time, *each.logits, each.log_spend) for each in self.seasons])
        distance = np.abs(as_of[:, None] - YEAR_DAYS * DAY - seen[:, 0])
        nearest = distance.argmin(axis=1)
        near = distance[np.arange(len(as_of)), nearest] <= SEASON_REACH_DAYS * DAY
        return np.where(near[:, None], seen[nearest, 1:], 0.0)

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From the manifest."""
        seasons = tuple(map(_season, value["seasons"]))
        return cls(seasons=seasons, level=float(value["level"]), spend_factor=float(value["spend_factor"]))


def _season(value: Mapping[str, Any]) -> Season:
    """One `logit` of all intervals is what a folder says in which they were not told apart."""
    logits = value["logits"] if "logits" in value else [value["logit"]] * len(HORIZONS)
    return Season(float(value["time"]), tuple(map(float, logits)), float(value["log_spend"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Calibrated probabilities and spend."""

    purchase: Floats
    """[P, H] rising along H."""
    churn: Floats
    """[P] at most 1 - purchase over the longest horizon."""
    log_mean: Floats
    sigma: Floats

    @property
    def buyers_spend(self) -> Floats:
        """[P] expected spend over the longest horizon, given an order, minor units."""
        mean: Floats = np.exp(self.log_mean + self.sigma**2 / 2)
        return mean

    @property
    def spend(self) -> Floats:
        """[P] expected spend over the longest horizon, minor units."""
        return self.purchase[:, -1] * self.buyers_spend

    def within(self, purchase: Floats, times: Floats) -> Self:
        """Of another horizon: chances [P] of an order within it, and so many times [P] the expected spend."""
        given = times * self.purchase[:, -1] / np.maximum(purchase, LEAST)
        return replace(self, purchase=purchase[:, None], log_mean=self.log_mean + np.log(np.maximum(given, LEAST)))

    @property
    def median_spend(self) -> Floats:
        """[P] median of spend over the longest horizon, minor units: 0 where not buying is likelier than buying.

        Of all single amounts it has the least mean absolute error; its sum is no total.
        """
        return self._quantile(np.full(len(self.sigma), 0.5))

    @property
    def band(self) -> tuple[Floats, Floats]:
        """[P] ends of a band that holds BAND of what may happen.

        It leaves out as much below as above; where not buying is likelier than that, it starts at 0 and leaves out the
        top alone.
        """
        none = 1.0 - self.purchase[:, -1]
        tail = (1.0 - BAND) / 2
        low = np.where(none < tail, tail, 0.0)
        return np.where(low > 0, self._quantile(low), 0.0), self._quantile(low + BAND)

    def _quantile(self, share: Floats) -> Floats:
        bought = self.purchase[:, -1]
        within = (share - (1.0 - bought)) / np.maximum(bought, 1e-12)
        reach = self.sigma * ndtri(np.clip(within, 1e-12, 1.0 - 1e-12))
        return np.where(within > 0, np.exp(self.log_mean + reach), 0.0)


def outlook_of(answers: Answers, calibration: Calibration, as_of: Floats) -> Outlook:
    """Calibrated answers; the probability of no order by a horizon is the product of those up to it."""
    season = calibration.season(as_of)
    none = np.exp(-np.logaddexp(0.0, calibration.logits(answers.hazards, season)).cumsum(axis=1))
    return Outlook(
        purchase=1.0 - none,
        churn=none[:, -1] * expit(answers.silence),
        log_mean=answers.log_mean + np.log(calibration.spend_factor) + season[:, -1],
        sigma=np.exp(answers.log_sigma),
    )


def longest_logit(answers: Answers, calibration: Calibration, as_of: Floats) -> Floats:
    """[P] logit of an order within the longest horizon, exact also far from one half."""
    survived = -np.logaddexp(0.0, calibration.logits(answers.hazards, calibration.season(as_of))).sum(axis=1)
    logit: Floats = np.log(-np.expm1(survived)) - survived
    return logit
