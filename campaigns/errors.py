"""The kinds of refusal. What is refused, and why, stands in each room's `refusals.py`.

A refusal carries the facts that a caller can act on; a door maps its kind, and programs match on its reason.
"""

from typing import ClassVar, Self, TypeVar

Fact = str | int | None
Found = TypeVar("Found")


class Refusal(Exception):
    """Raised before anything is written, or it undoes what was: a refused call changes nothing."""

    reason: ClassVar[str]
    """UPPER_SNAKE, stable: programs match on it."""

    def __init__(self, message: str, **facts: Fact) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = {name: str(fact) for name, fact in facts.items() if fact is not None}


class Unidentified(Refusal):
    """Who calls is not proven."""


class NotFound(Refusal):
    """There is no such thing; its reason is KIND_NOT_FOUND."""

    @classmethod
    def of(cls, name: str) -> Self:
        """By its resource name, which is the fact of that kind."""
        return cls(f"there is no {name}", **{cls.reason.removesuffix("_NOT_FOUND").lower(): name})

    @classmethod
    def unless(cls, found: Found | None, name: str) -> Found:
        """What was looked for. Raises it where that is None."""
        if found is None:
            raise cls.of(name)
        return found


class AlreadyExists(Refusal):
    """The name is taken."""


class Invalid(Refusal):
    """A value makes no sense; the fact `field` names it."""


class Changed(Refusal):
    """Another change came first: read again and repeat. Its reason is KIND_CHANGED."""

    @classmethod
    def check(cls, name: str, etag: str | None, current_etag: str) -> None:
        """Raises it for the etag of an older revision; whoever gives none changes whatever is there."""
        if etag and etag != current_etag:
            kind = {cls.reason.removesuffix("_CHANGED").lower(): name}
            raise cls(f"{name} changed since it was read: read it again", **kind, etag=etag, current_etag=current_etag)


class WrongState(Refusal):
    """Things are not in the state that the call needs."""


class CouponRefused(Refusal):
    """The code is real and does not buy anything here."""


class TooMany(Refusal):
    """Asked for too often; the fact `retry_after_seconds` says when it will do again."""

    def __init__(self, message: str, *, retry_after: float, **facts: Fact) -> None:
        """Seconds."""
        super().__init__(message, **facts, retry_after_seconds=f"{retry_after:.3f}")
        self.retry_after = retry_after
