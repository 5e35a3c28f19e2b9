"""How urgent a row is."""

from collections.abc import Mapping
from enum import StrEnum


class Lane(StrEnum):
    """Who waits for the answer."""

    INTERACTIVE = "interactive"
    """One caller for one answer."""
    BATCH = "batch"
    """One caller for many answers."""
    BACKGROUND = "background"
    """Nobody at this moment."""


LAG: Mapping[Lane, float] = {Lane.INTERACTIVE: 0.0, Lane.BATCH: 0.1, Lane.BACKGROUND: 1.0}
"""Seconds that a row of a lane stands behind an interactive one of the same moment; so none waits for ever."""
