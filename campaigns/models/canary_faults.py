"""When a canary is set aside by itself: the rule that each server follows for what it sees. Pure."""

from collections import deque

from campaigns.faults import Code, Fault

LAST, MOST_FAILED = 50, 10
"""Of the last so many questions that it was asked, failures that the active model had to make good."""
DEATHS, WITHIN = 3, 60.0
"""Replicas that died one after the other with its questions, and in how many seconds."""


class Record:
    """What one process saw of one canary."""

    def __init__(self) -> None:
        self._failed = deque[bool](maxlen=LAST)
        self._deaths = deque[float](maxlen=DEATHS)
        self._silent = False

    def asked(self, *, failed: bool) -> None:
        """It answered a question, or could not and the active model could."""
        self._failed.append(failed)

    def fell_silent(self) -> None:
        """It was asked and never answered: a replica had to be killed, and nobody was answered meanwhile."""
        self._silent = True

    def died(self, now: float, *, with_it: bool) -> None:
        """A replica died; one that computed the active model's answers says that the canary is not at fault."""
        if with_it:
            self._deaths.append(now)
        else:
            self._deaths.clear()

    def fault(self) -> Fault | None:
        """Why it should be set aside; None where it should not."""
        if self._silent:
            return Fault(code=Code.CANARY_SILENT)
        if sum(self._failed) >= MOST_FAILED:
            return Fault(code=Code.CANARY_FAILED, facts={"failed": sum(self._failed), "asked": len(self._failed)})
        if len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] <= WITHIN:
            return Fault(code=Code.REPLICAS_DIED, facts={"replicas": DEATHS, "seconds": round(WITHIN)})
        return None
