"""Refusals that only a door can give; the others stand in the rooms of `campaigns`."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from campaigns.errors import Invalid, Refusal


class FieldViolation(NamedTuple):
    """What is wrong with one field."""

    field: str
    """Path from the request's root, such as requests[3].event.type."""
    description: str


class InvalidRequest(Invalid):
    """Fields are malformed."""

    reason = "INVALID_REQUEST"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        first, *others = violations
        # The details may have no room for all.
        count = len(violations) if others else None
        super().__init__(f"{first.field}: {first.description}", field=first.field, violations=count)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str) -> Self:
        """For one field."""
        return cls([FieldViolation(field, description)])


class PageTokenInvalid(Invalid):
    """The token belongs to another request, to another database, or is too old."""

    reason = "PAGE_TOKEN_INVALID"


class CallerGone(Refusal):
    """Nobody waits for the answer any more."""

    reason = "CANCELLED"


class StreamStalled(Refusal):
    """The caller neither reads nor writes on."""

    reason = "STREAM_STALLED"


class Unavailable(Refusal):
    """Something that is needed is not there at the moment."""


class ModelUnavailable(Unavailable):
    """No network is loaded, or it failed, and nothing was stored to answer with."""

    reason = "MODEL_UNAVAILABLE"
