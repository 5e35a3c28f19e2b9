"""Kinds of customers of whom a shop asks different questions: who stays, comes back, buys again, or begins."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from scoring.networks.network import HORIZONS
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

ACTIVE_DAYS = float(HORIZONS[-1])
"""As long as the window that is foretold: who ordered within it before would, at the same pace, order in it again."""


class Slice(StrEnum):
    """By what stands before the as-of time; every customer is in one."""

    ESTABLISHED = "established"
    """Two orders or more, the last within ACTIVE_DAYS: who stays?"""
    LAPSING = "lapsing"
    """Two orders or more, the last longer ago: who comes back?"""
    ONE_ORDER = "one_order"
    """One order: who is activated, by a second one?"""
    NO_ORDER = "no_order"
    """Seen, and no order yet: who becomes a customer?"""


MEANINGS: Mapping[Slice, str] = {
    Slice.ESTABLISHED: f"Established (two orders or more, the last within {ACTIVE_DAYS:.0f} days): who stays?",
    Slice.LAPSING: f"Lapsing (two orders or more, the last longer than {ACTIVE_DAYS:.0f} days ago): who comes back?",
    Slice.ONE_ORDER: "One order: who is activated, by a second one?",
    Slice.NO_ORDER: "No order yet: who becomes a customer?",
}  # fmt: skip
"""For a reader."""


def slices_of(raw: Floats) -> Mapping[Slice, npt.NDArray[np.bool_]]:
    """Which of P customers, by raw features [P, F], are in each."""
    orders, silent = raw[:, NAMES.index("orders")], raw[:, NAMES.index("days_since_order")]
    several, active = orders > 1, silent <= ACTIVE_DAYS
    return {
        Slice.ESTABLISHED: several & active,
        Slice.LAPSING: several & ~active,
        Slice.ONE_ORDER: orders == 1,
        Slice.NO_ORDER: orders == 0,
    }
