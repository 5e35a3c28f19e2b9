"""Refusals about experiments."""

from campaigns.errors import Invalid, WrongState


class InvalidExperiment(Invalid):
    reason = "INVALID_EXPERIMENT"


class NothingToCompare(WrongState):
    """Nobody was held out, or a group is empty or too small."""

    reason = "NOTHING_TO_COMPARE"
