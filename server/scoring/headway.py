"""Whether a call for many scores comes to its end in time, by how fast it came along so far."""

from scoring.pool.refusals import Overloaded

SLACK = 1.5
"""Times the seconds that are left that the rest may be foretold to take: no stall refuses what would be in time."""


class Headway:
    """Of one call. The first answers count for nothing: they waited for what was before them."""

    def __init__(self, asked: int, *, every: int) -> None:
        """For so many, looked at after `every` so many."""
        self._asked, self._every = asked, every
        self._answered = 0
        self._since = 0.0

    def answered(self, now: float, deadline: float) -> None:
        """One more. Raises Overloaded where the rest would take longer than there is: nobody hears a part of it."""
        self._answered += 1
        if self._answered == self._every:
            self._since = now
        elif self._answered % self._every == 0:
            each = (now - self._since) / (self._answered - self._every)
            rest, left = each * (self._asked - self._answered), max(deadline - now, 0.0)
            if rest > SLACK * left:
                raise Overloaded(
                    f"{self._asked} customers take about {each * self._asked:.1f} s at present, and after "
                    f"{self._answered} of them {left:.1f} s are left: ask about fewer at a time, or allow more time",
                    retry_after=rest,
                )
