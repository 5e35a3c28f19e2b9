"""Who tries codes that do not exist is slowed down, over all servers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from campaigns.callers import guessing
from campaigns.callers.guessing import Allowance
from campaigns.callers.refusals import TooManyGuesses
from campaigns.coupons.refusals import CouponNotFound, InvalidCode
from database import patience
from database.session import Database
from server.answering import call

CHARGE_SECONDS = 2.0
"""Not the deadline of the call: a caller in a hurry does not guess for nothing."""


class Guesses:
    """Counts in the database what fails, and asks it nothing about what does not.

    A server learns from the tries that it answers itself whether a caller has used theirs up. So a caller who has is
    told about one more code, or as many as they have under way, by each server that does not know yet, and pays.
    """

    def __init__(self, database: Database, allowance: Allowance) -> None:
        self._database = database
        self._allowance = allowance
        self._shut: dict[str, float] = {}
        """Callers who may not try before that time of time.monotonic()."""
        self._charging = threading.Lock()
        """One at a time: tries of the same caller would wait for one another anyway, each with a connection in hand."""

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Around what looks a code up, for the call of this thread. Raises TooManyGuesses."""
        caller, now = call.current().actor.name, call.current().now
        opens = self._shut.get(caller)
        if opens is not None and (left := opens - time.monotonic()) > 0:
            raise TooManyGuesses(f"too many codes that do not exist; try again in {left:.1f} s", retry_after=left)
        try:
            yield
        except (CouponNotFound, InvalidCode):
            self._charge(caller, now)
            raise

    def _charge(self, caller: str, now: datetime) -> None:
        with self._charging, self._database.writing() as transaction:
            patience.limit(transaction, CHARGE_SECONDS)
            opens = guessing.charge(transaction, self._allowance, caller, now)
        if opens > now:
            self._shut[caller] = time.monotonic() + (opens - now).total_seconds()
        else:
            self._shut.pop(caller, None)
