"""How the model that answers is doing: how far its features have moved, and whether what it said comes true."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from campaigns.models.drift import share_moved
from campaigns.models.gates import LARGEST_CALIBRATION_ERROR, LARGEST_DRIFT
from campaigns.tiers import maturing
from campaigns.tiers.maturing import BEYOND_CHANCE
from database.models import drift, explanation_readings, registry
from database.models import readings as model_readings
from database.models.explanation_readings import ExplanationReading
from database.models.readings import Reading, SliceReading
from database.session import Snapshot

HORIZON = 30
"""Days: what comes true first."""
FAITHFUL = 0.8
"""Rank correlation of reasons with what leaving them out does, below which they mislead."""
FEWEST = 200
"""Customers of a month, below which its calibration is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matured:
    """Scores of a month whose horizon is over."""

    month: date
    calibration_error: float
    by_chance: float
    """Which error an exact model would hardly exceed with as many customers."""

    @property
    def off(self) -> bool:
        """Whether what was said is too far from what came, and farther than chance would have it."""
        return self.calibration_error > max(LARGEST_CALIBRATION_ERROR, self.by_chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceMatured:
    """Scores of a tier or a slice in the newest month that came true for enough of its customers."""

    kind: str
    """TIER or SLICE."""
    name: str
    month: date
    customers: int
    predicted: float
    """Mean probability."""
    observed: float
    """Share who bought."""
    calibration_error: float

    @property
    def off(self) -> bool:
        """Whether the mean is too far from what came, and farther than chance would have it."""
        gap = abs(self.predicted - self.observed)
        chance = BEYOND_CHANCE * math.sqrt(self.predicted * (1 - self.predicted) / self.customers)
        return gap > max(LARGEST_CALIBRATION_ERROR, chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wellbeing:
    """As far as it is known."""

    model_id: str
    day: date | None
    """Of the newest reading of its features."""
    drifts: Mapping[str, float]
    """Population stability index of each feature, those that moved most first."""
    matured: Matured | None
    """The newest month that came true, if enough customers were scored in it."""
    slices: Sequence[SliceMatured]
    """Each tier and each slice with enough customers."""
    explained: ExplanationReading | None
    """The newest look at its reasons."""

    @property
    def moved(self) -> float:
        """Share of the features that have another distribution than when it learned."""
        return share_moved(self.drifts)

    @property
    def drifted(self) -> bool:
        """Whether somebody should look, and train another one."""
        return self.moved > LARGEST_DRIFT

    @property
    def miscalibrated(self) -> bool:
        """Whether what it said is too far from what came."""
        return self.matured is not None and self.matured.off

    @property
    def slices_off(self) -> list[SliceMatured]:
        """Tiers and slices of which too much or too little was expected."""
        return [each for each in self.slices if each.off]

    @property
    def unfaithful(self) -> bool:
        """Whether the reasons that it gives are not what moves its scores."""
        agreement = None if self.explained is None else self.explained.left_out
        return agreement is not None and agreement < FAITHFUL

    @property
    def warnings(self) -> dict[str, int]:
        """How much of each kind somebody should look at."""
        return {
            "drift": int(self.drifted), "calibration": int(self.miscalibrated), "slices": len(self.slices_off),
            "explanations": int(self.unfaithful),
        }  # fmt: skip


def of_active(snapshot: Snapshot) -> Wellbeing | None:
    """Of the model that answers; None where none does."""
    active = registry.active(snapshot)
    return None if active is None else of_model(snapshot, active.model_id)


def of_model(snapshot: Snapshot, model_id: str) -> Wellbeing:
    """Of any model."""
    day = drift.latest_day(snapshot, model_id)
    return Wellbeing(
        model_id=model_id, day=day, drifts={} if day is None else drift.of_day(snapshot, model_id, day),
        matured=newest_month(model_readings.of_model(snapshot, model_id, horizon=HORIZON)),
        slices=newest_of_slices(model_readings.of_slices(snapshot, model_id, horizon=HORIZON)),
        explained=explanation_readings.newest(snapshot, model_id),
    )  # fmt: skip


def newest_month(readings: Sequence[Reading]) -> Matured | None:
    """What came of the newest month that had enough customers."""
    months = sorted({reading.month for reading in readings}, reverse=True)
    for month in months:
        points = maturing.calibration(reading for reading in readings if reading.month == month)
        error = maturing.error(points)
        if error is not None and sum(point.customers for point in points) >= FEWEST:
            return Matured(month=month, calibration_error=error, by_chance=maturing.error_by_chance(points))
    return None


def newest_of_slices(readings: Sequence[SliceReading]) -> list[SliceMatured]:
    """What came of the newest month of each tier and slice that had enough customers; readings in their order."""
    found: dict[tuple[str, str], SliceMatured] = {}
    for (kind, name, month), group in groupby(readings, key=lambda each: (each.kind, each.name, each.month)):
        members = list(group)
        customers = sum(each.customers for each in members)
        if customers < FEWEST or (kind, name) in found:
            continue
        predicted, bought = sum(each.predicted for each in members), sum(each.bought for each in members)
        apart = sum(abs(each.predicted - each.bought) for each in members)
        found[kind, name] = SliceMatured(
            kind=kind, name=name, month=month, customers=customers, predicted=predicted / customers,
            observed=bought / customers, calibration_error=apart / customers,
        )  # fmt: skip
    return list(found.values())
