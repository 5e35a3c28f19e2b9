"""A call as it comes in, before anything about it is believed."""

import time
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message

from campaigns.actor import Actor
from scoring.pool.refusals import Expired
from server.access.credentials import Credentials
from server.answering.call import Call
from server.answering.hangup import Hangup
from server.front.account import Account
from server.wire.refusals import CallerGone
from server.wire.unreadable import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Made by the event loop; a thread may take it from there."""

    method: str
    """Such as /tierwise.v1.ScoringService/Score."""
    request: Message | Unreadable | None
    """None for a stream of requests."""
    credentials: Credentials
    now: datetime
    deadline: float
    """In the seconds of time.monotonic()."""
    log_id: str
    account: Account
    hangup: Hangup
    expected: float | None
    """When its answer was foretold for, as it was let in; None where nothing was foretold."""

    def abandoned(self) -> Exception:
        """Why its caller waits no longer, in the server's words."""
        if time.monotonic() >= self.deadline:
            return Expired("the deadline passed before the answer was ready")
        return CallerGone("the call was cancelled")

    def call(self, actor: Actor) -> Call:
        """The call, of this caller."""
        return Call(
            method=self.method, actor=actor, now=self.now, deadline=self.deadline, log_id=self.log_id,
            hangup=self.hangup, expected=self.expected, timings=self.account.timings, span=self.account.span,
        )  # fmt: skip
