"""How many codes that do not exist a caller may try: a token bucket, kept as the one time at which it is full again.

(The generic cell rate algorithm, ITU-T I.371.) Every such try is charged, also beyond the limit, so over time the rate
holds exactly; what a caller can be ahead of it is what they have under way at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from database.callers import guesses
from database.session import Transaction

UNDER_WAY = 2000
"""Tries of one caller that may be charged beyond the limit: each server answers so many at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Of one caller."""

    burst: int
    """Tries at once."""
    per_second: float
    """Tries in the long run."""

    @property
    def cost(self) -> timedelta:
        """Of one try."""
        return timedelta(seconds=1 / self.per_second)

    @property
    def most(self) -> timedelta:
        """That anybody can owe."""
        return (self.burst + UNDER_WAY) * self.cost

    def opens(self, paid_until: datetime) -> datetime:
        """From when on one more may be tried."""
        return paid_until - (self.burst - 1) * self.cost


USUAL = Allowance(burst=1000, per_second=10)
"""Over a year that is 300 million tries: with a million codes live, one in 3,700 such guessers finds one."""


def charge(transaction: Transaction, allowance: Allowance, caller: str, now: datetime) -> datetime:
    """Count one try; from when on the caller may try again, which may be a time gone by."""
    return allowance.opens(guesses.charge(transaction, caller, allowance.cost, allowance.most, now))
