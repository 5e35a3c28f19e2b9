"""Refusals about tier schemes and rescorings."""

from campaigns.errors import Changed, Invalid, NotFound, WrongState


class TierSchemeNotFound(NotFound):
    reason = "TIER_SCHEME_NOT_FOUND"


class InvalidTierScheme(Invalid):
    reason = "INVALID_TIER_SCHEME"


class TierSchemeChanged(Changed):
    """The etag is of an older revision."""

    reason = "TIER_SCHEME_CHANGED"


class NoActiveTierScheme(WrongState):
    """No version of the thresholds is in force."""

    reason = "NO_ACTIVE_TIER_SCHEME"


class CustomersNotScored(WrongState):
    """A launch needs scores with tiers: run ScoreAllCustomers first."""

    reason = "CUSTOMERS_NOT_SCORED"


class RescoringRunning(WrongState):
    """One rescoring at a time: two would mix models in one table."""

    reason = "RESCORING_RUNNING"


class ModelPreviewRunning(WrongState):
    """One preview of a model at a time: each takes the place of the one before."""

    reason = "MODEL_PREVIEW_RUNNING"


class ModelNotPreviewed(WrongState):
    """There are no shadow scores of the model: run PreviewModel first."""

    reason = "MODEL_NOT_PREVIEWED"
