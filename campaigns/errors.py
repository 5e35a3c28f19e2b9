"""The kinds of refusal. What is refused, and why, stands in each room's `refusals.py`.

A refusal carries the facts that a caller can act on; a door maps its kind, and programs match on its reason.
"""

from typing import ClassVar

Fact = str | int | None


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
    """There is no such thing."""


class AlreadyExists(Refusal):
    """The name is taken."""


class Invalid(Refusal):
    """A value makes no sense; the fact `field` names it."""


class Changed(Refusal):
    """Another change came first: read again and repeat."""


class WrongState(Refusal):
    """Things are not in the state that the call needs."""


class CouponRefused(Refusal):
    """The code is real and does not buy anything here."""
