"""Trouble of a thread that tries again each second: told when it begins, when its reason changes, when it is over."""

import structlog

from database.failures import described

log = structlog.get_logger("server")


class Outage:
    """Of one thread."""

    def __init__(self, what: str) -> None:
        """`what` fails, in words."""
        self._what = what
        self._told: object = None

    def note(self, error: Exception) -> None:
        """An attempt failed: with its traceback where that is a defect."""
        facts = described(error)
        if facts["why"] != self._told:
            log.warning(self._what, **facts)
        self._told = facts["why"]

    def over(self) -> None:
        """An attempt went well."""
        if self._told is not None:
            log.info("over", what=self._what)
        self._told = None
