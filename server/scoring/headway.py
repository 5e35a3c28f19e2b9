"""Whether a call for many scores comes to its end in time, by how fast it came along so far."""

import math

from scoring.pool.refusals import Overloaded

SLACK = 1.5
"""Times the seconds that are left that the rest may be foretold to take."""
WINDOWS = 2
"""Of answers that are timed before anything is foretold: of one alone a stall would be taken for the pace."""


class Headway:
    """Of one call, at its fastest. The first answers count for nothing: they waited for what was before them."""

    def __init__(self, asked: int, *, every: int) -> None:
        """For so many, looked at after `every` so many."""
        self._asked, self._every = asked, every
        self._answered = 0
        self._since, self._fastest = 0.0, math.inf

    def answered(self, now: float, deadline: float) -> None:
        """One more. Raises Overloaded where the rest would take longer than there is: nobody hears a part of it."""
        self._answered += 1
        if self._answered % self._every:
            return
        if self._answered > self._every:
            self._fastest = min(self._fastest, now - self._since)
        self._since = now
        if self._answered <= WINDOWS * self._every:
            return
        each = self._fastest / self._every
        rest, left = each * (self._asked - self._answered), max(deadline - now, 0.0)
        if rest > SLACK * left:
            raise Overloaded(
                f"{self._asked} customers take about {each * self._asked:.1f} s at present, and after "
                f"{self._answered} of them {left:.1f} s are left: ask about fewer at a time, or allow more time",
                retry_after=rest,
            )
