"""Why the pool gives no answer."""


class Overloaded(Exception):
    """What waits takes longer than the caller has, or than anybody should wait."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until what waits is likely done."""


class Expired(Exception):
    """The deadline passed before the work began."""


class Closed(Exception):
    """The pool takes no more work."""


class ReplicaDied(Exception):
    """The process ended under its batch: killed, out of memory, or crashed; also the one that was to replace it."""


class ReplicaSilent(ReplicaDied):
    """The process neither answers nor ends: for longer than a newcomer has, or for so long that it was killed."""


class GivenUp(Exception):
    """Nobody wants the process any more that was being started, and it was killed."""


class ComputationFailed(Exception):
    """The network raised something; the message is its traceback."""
