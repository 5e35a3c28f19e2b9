"""Refusals about operations."""

from campaigns.errors import NotFound, WrongState


class OperationNotFound(NotFound):
    reason = "OPERATION_NOT_FOUND"


class OperationRunning(WrongState):
    """What is asked for has to wait for its end: only finished operations can be deleted."""

    reason = "OPERATION_RUNNING"


class OperationNotRetryable(WrongState):
    """Only work that failed or was cancelled is begun again."""

    reason = "OPERATION_NOT_RETRYABLE"
