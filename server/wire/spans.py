"""The span of time that a List request asks for."""

from datetime import datetime
from typing import Any, NamedTuple

from server.wire.refusals import InvalidRequest
from server.wire.stamps import moment


class Span(NamedTuple):
    """From `since` on, before `until`; None is without an end."""

    since: datetime | None
    until: datetime | None


def span(request: Any) -> Span:  # noqa: ANN401 - any List request with a start_time and an end_time
    """Raises InvalidRequest for one that holds no time."""
    since = moment(request.start_time) if request.HasField("start_time") else None
    until = moment(request.end_time) if request.HasField("end_time") else None
    if since is not None and until is not None and until <= since:
        raise InvalidRequest.of("end_time", "must be after start_time")
    return Span(since, until)
