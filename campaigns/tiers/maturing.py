"""What came of a model's scores when their horizon was over, beside what they said. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from math import pi, sqrt
from operator import attrgetter
from typing import NamedTuple

from database.models.readings import Reading

BEYOND_CHANCE = 3.0
"""Standard deviations: several models, tiers and slices are looked at each month."""


class Point(NamedTuple):
    """Customers of similar scores, or of one month."""

    customers: int
    predicted: float
    """Mean probability."""
    observed: float
    """Share who bought."""


class Month(NamedTuple):
    """The scores of one month."""

    month: date
    point: Point


def calibration(readings: Iterable[Reading]) -> list[Point]:
    """All months together, by tenths of the probability."""
    return [point for _, point in _grouped(sorted(readings, key=attrgetter("bin")), "bin")]


def by_month(readings: Iterable[Reading]) -> list[Month]:
    """Oldest first."""
    return [Month(month, point) for month, point in _grouped(sorted(readings, key=attrgetter("month")), "month")]


def error(points: Sequence[Point]) -> float | None:
    """Expected calibration error: mean distance of predicted and observed (Naeini et al., 2015); None without any."""
    total = sum(point.customers for point in points)
    if not total:
        return None
    return sum(point.customers * abs(point.predicted - point.observed) for point in points) / total


def error_by_chance(points: Sequence[Point]) -> float:
    """Which error an exact model would hardly exceed: three standard deviations above its mean.

    What came of a bin is nearly normal, and its distance from what was said half-normal.
    """
    total = sum(point.customers for point in points)
    variances = [point.customers * point.predicted * (1 - point.predicted) for point in points]
    mean = sum(sqrt(variance * 2 / pi) for variance in variances)
    return (mean + BEYOND_CHANCE * sqrt(sum(variances) * (1 - 2 / pi))) / total


def _grouped(readings: Sequence[Reading], key: str) -> Iterable[tuple[date, Point]]:
    for name, group in groupby(readings, key=attrgetter(key)):
        members = list(group)
        customers = sum(each.customers for each in members)
        predicted, bought = sum(each.predicted for each in members), sum(each.bought for each in members)
        yield name, Point(customers, predicted / customers, bought / customers)
