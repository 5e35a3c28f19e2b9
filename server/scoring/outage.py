"""How the log tells the trouble of a thread that tries again each second."""

from functools import partial

import structlog

from database.failures import described
from telemetry.outages import Outage

log = structlog.get_logger("server")


def outage(what: str) -> Outage:
    """Of one thread; `what` fails, in words. Told with a traceback where that is a defect."""
    return Outage(partial(_tell, what))


def _tell(what: str, error: Exception | None) -> None:
    if error is None:
        log.info("over", what=what)
    else:
        log.warning(what, **described(error))
