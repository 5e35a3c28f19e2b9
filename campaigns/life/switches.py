"""The kill switch: nothing is issued, handed over, reserved or redeemed while everything, or its campaign, is stopped.

Whoever gives something away asks last in its transaction, after every lock that it may have to wait for, and nobody
remembers the answer: what commits later than a moment after the stop is nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from campaigns import trail
from campaigns.actor import Cause
from campaigns.life import campaigns
from campaigns.life.refusals import CouponsStopped
from campaigns.terms.campaign import State
from campaigns.terms.refusals import CouponSuspended, InvalidCampaign
from campaigns.work import jobs
from database.life import stops
from database.life.stops import EVERYTHING
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import HELD_WITH_A_CAMPAIGN


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What stands still, and why."""

    scope: str
    """A campaign's id, whose occurrences stand still with it where it is a series; or `-` for everything."""
    reason: str
    stopped_by: str
    stop_time: datetime


def stop(transaction: Transaction, cause: Cause, scope: str) -> Stop:
    """Let nothing be issued, reserved or redeemed any more; what is stopped stays so, by whom it was.

    Waits only for whoever stops the same or lets it go on, and comes after them.
    Raises InvalidCampaign without a reason, CampaignNotFound.
    """
    _check(transaction, cause, scope)
    row = stops.add(transaction, scope, reason=cause.reason or "", stopped_by=str(cause.actor), now=cause.now)
    trail.done(transaction, cause, "switches.stop", _name(scope))
    return row.held(Stop)


def allow(transaction: Transaction, cause: Cause, scope: str) -> None:
    """Let it go on: held launches and hand-overs are handed to the workers, who go on at their cursors.

    A stop of everything and one of a campaign are lifted one by one. What is not stopped stays as it is.
    Raises InvalidCampaign without a reason, CampaignNotFound.
    """
    _check(transaction, cause, scope)
    before = stops.get(transaction, scope)
    if before is None or not stops.remove(transaction, scope):
        return
    # Those that something else still holds find that out, and wait on.
    for kind in HELD_WITH_A_CAMPAIGN:
        for operation in operations.under_way(transaction, kind):
            jobs.go_on(transaction, operation, cause.now)
    facts = {"reason": before.reason, "stopped_by": before.stopped_by, "stop_time": before.stop_time.isoformat()}
    trail.done(transaction, cause, "switches.allow", _name(scope), before=facts)


def page(snapshot: Snapshot, *, limit: int, after: str = "") -> list[Stop]:
    """What is stopped, everything first; the next page is `after` the last scope of this one."""
    return [row.held(Stop) for row in stops.page(snapshot, limit=limit, after=after)]


def is_stopped(snapshot: Snapshot, campaign_id: str) -> bool:
    """Whether a campaign is held, by itself, with its series or with everything."""
    return stops.standing(snapshot, campaign_id) is not None


def refuse_if_stopped(snapshot: Snapshot, campaign_id: str) -> None:
    """Raises CouponsStopped, or CouponSuspended for a campaign that was paused or ended in this moment."""
    state, standing = stops.state(snapshot, campaign_id)
    name = _name(campaign_id)
    if standing is not None:
        raise _stopped(name, *standing)
    if state != State.ACTIVE:
        raise CouponSuspended(f"{name} is {state}", campaign=name, state=state)


def refuse_if_held(snapshot: Snapshot, campaign_id: str) -> None:
    """The same of a campaign in whatever state. Raises CouponsStopped."""
    standing = stops.standing(snapshot, campaign_id)
    if standing is not None:
        raise _stopped(_name(campaign_id), *standing)


def _stopped(name: str, scope: str, reason: str) -> CouponsStopped:
    what = "everything" if scope == EVERYTHING else name
    return CouponsStopped(f"{what} is stopped: {reason}", campaign=name)


def _check(snapshot: Snapshot, cause: Cause, scope: str) -> None:
    if not (cause.reason or "").strip():
        raise InvalidCampaign("say why, for those who find it so", field="reason")
    if scope != EVERYTHING:
        campaigns.get(snapshot, scope)


def _name(scope: str) -> str:
    return f"campaigns/{scope}"
