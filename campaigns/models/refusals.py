"""Refusals about models."""

from campaigns.errors import Changed, Invalid, NotFound, WrongState


class ModelNotFound(NotFound):
    reason = "MODEL_NOT_FOUND"


class InvalidStage(Invalid):
    """The share of a canary is none."""

    reason = "INVALID_STAGE"


class ModelChanged(Changed):
    """The etag is of an older revision."""

    reason = "MODEL_CHANGED"


class ModelUnusable(WrongState):
    """The model's folder is missing or damaged."""

    reason = "MODEL_UNUSABLE"


class FolderTaken(WrongState):
    """Another registered model has its files there: two would change and vanish together."""

    reason = "FOLDER_TAKEN"


class MarketsLost(WrongState):
    """Markets whose adapter answers would be answered as everybody is."""

    reason = "MARKETS_LOST"


class NoActiveModel(WrongState):
    """Nothing can be scored before a model is activated."""

    reason = "NO_ACTIVE_MODEL"


class ModelNotMovable(WrongState):
    """The table of moves has no such move from this state."""

    reason = "MODEL_NOT_MOVABLE"


class StageTaken(WrongState):
    """One model at a time is the shadow, and one the canary."""

    reason = "STAGE_TAKEN"


class ModelNotJudged(WrongState):
    """Whether the model is good enough to answer is not known."""

    reason = "MODEL_NOT_JUDGED"


class GatesNotPassed(WrongState):
    """The model did not prove that it is good enough to answer."""

    reason = "GATES_NOT_PASSED"


class RetrainingRunning(WrongState):
    """One training at a time: it takes a processor for minutes."""

    reason = "RETRAINING_RUNNING"


class TrainedInPrivate(WrongState):
    """Whoever trains again in private spends anew what was promised to customers, which a clock must not decide."""

    reason = "TRAINED_IN_PRIVATE"


class ModelJudging(WrongState):
    """A model is judged once at a time."""

    reason = "MODEL_JUDGING"


class NoEarlierModel(WrongState):
    """Nothing answered before the model that should be rolled back."""

    reason = "NO_EARLIER_MODEL"


class ModelNeverCanary(WrongState):
    """There are no customers whom it answered beside those of another model."""

    reason = "MODEL_NEVER_CANARY"
