"""Refusals about experiments."""

from campaigns.errors import Invalid


class InvalidExperiment(Invalid):
    reason = "INVALID_EXPERIMENT"
