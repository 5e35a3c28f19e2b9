"""What is due by the clock. The clock ticks each minute and may tick twice or not at all: due times are remembered."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TypeVar

from campaigns.actor import BEAT, Cause
from campaigns.coupons import reservation
from campaigns.errors import Refusal
from campaigns.faults import Fault
from campaigns.forecast import forecasts
from campaigns.life import campaigns, scheduling
from campaigns.life.scheduling import Outcome
from campaigns.models.refusals import NoActiveModel
from campaigns.terms.refusals import CampaignNotMovable
from database.coupons import reservations
from database.life import schedules
from database.session import Database, Transaction
from database.work import duties, requests
from database.work.duties import Duty
from database.work.operations import Operation
from worker.clock.tick import Tick, each

Step = TypeVar("Step")
TICK = "tierwise.tick"
TICK_SECONDS = 60
PATIENCE = timedelta(hours=1)
"""For a model, or for the end of what is running already: what can only begin later waits for the next night."""
SWEPT_AT_ONCE = 500
"""Reservations."""
FORGOTTEN_AT_ONCE = 10_000
"""Answers."""
ANSWERS_KEPT = timedelta(days=30)
"""A request id that comes again later than this is a new request (AIP-155 leaves the time to us)."""


def night(at: time | None, now: datetime, *, looked: datetime | None) -> datetime | None:
    """When the night's work was due last, if it is wanted and nobody has `looked` since, or that was just now."""
    if at is None:
        return None
    today = datetime.combine(now.astimezone(UTC).date(), at, tzinfo=UTC)
    due = today if today <= now else today - timedelta(days=1)
    missed = looked is not None and looked < due
    return due if missed or now - due <= PATIENCE else None


def forget_answers(tick: Tick) -> int:
    """Drop what request ids were answered long ago, in transactions that wait for nobody; how many."""
    forgotten, count = 0, FORGOTTEN_AT_ONCE
    while count == FORGOTTEN_AT_ONCE and not tick.enough():
        with tick.database.writing() as transaction:
            count = requests.forget(transaction, tick.now - ANSWERS_KEPT, limit=FORGOTTEN_AT_ONCE)
        forgotten += count
    return forgotten


def in_turn(steps: Sequence[Step], now: datetime) -> list[Step]:
    """The same steps, and each minute another one is the first."""
    first = int(now.timestamp()) // TICK_SECONDS % len(steps)
    return [*steps[first:], *steps[:first]]


def launch_campaigns(database: Database, now: datetime) -> int:
    """Launch what has come due, each in its own transaction; how many. What is refused is missed, on record."""
    with database.reading() as snapshot:
        campaign_ids = schedules.due(snapshot, now)
    return sum(each(partial(_launched, database, campaign_id, now) for campaign_id in campaign_ids))


def end_campaigns(database: Database, now: datetime) -> int:
    """End what should be over, each in its own transaction; how many."""
    with database.reading() as snapshot:
        campaign_ids = schedules.ending(snapshot, now)
    return sum(each(partial(_ended, database, campaign_id, now) for campaign_id in campaign_ids))


def _launched(database: Database, campaign_id: str, now: datetime) -> int:
    """What a series missed does not keep it from what is due now."""
    launched = 0
    while (outcome := _fired(database, campaign_id, now)) is not None:
        launched += outcome is Outcome.LAUNCHED
    return launched


def _fired(database: Database, campaign_id: str, now: datetime) -> Outcome | None:
    cause = Cause(actor=BEAT, now=now)
    try:
        with database.writing() as transaction:
            return scheduling.fire(transaction, cause, campaign_id)
    except Refusal as refusal:
        with database.writing() as transaction:
            return scheduling.miss(transaction, cause, campaign_id, Fault.of_refusal(refusal))


def _ended(database: Database, campaign_id: str, now: datetime) -> bool:
    try:
        with database.writing() as transaction:
            campaigns.end_in_time(transaction, Cause(actor=BEAT, now=now), campaign_id)
    except CampaignNotMovable:
        # Somebody, or another clock, was faster, or moved its end.
        return False
    return True


def sweep_reservations(database: Database, now: datetime) -> int:
    """Give back what lapsed reservations hold, in small transactions that wait for nobody; how many they were."""
    with database.reading() as snapshot:
        campaign_ids = reservations.lapsed_campaigns(snapshot, now)
    swept = 0
    for campaign_id in campaign_ids:
        count = SWEPT_AT_ONCE
        while count == SWEPT_AT_ONCE:
            with database.writing() as transaction:
                count = reservation.sweep(transaction, Cause(actor=BEAT, now=now), campaign_id, limit=SWEPT_AT_ONCE)
            swept += count
    return swept


def close_forecasts(tick: Tick) -> list[str]:
    """Measure what came of campaigns whose time is over; which they were."""

    def close(transaction: Transaction, campaign_id: str) -> str | None:
        return campaign_id if forecasts.close(transaction, tick.cause, campaign_id) else None

    with tick.database.reading() as snapshot:
        waiting = forecasts.due(snapshot, tick.now)
    return [name for name in tick.each(waiting, close) if name]


def nightly(
    database: Database, duty: Duty, begin_due: Callable[..., Operation | None], *, at: time | None, now: datetime
) -> Operation | None:
    """Begin the night's work of a kind if it is wanted, due, possible and not begun; None otherwise.

    Of nights that passed without a tick, the last is made up for at the first.
    """
    with database.reading() as snapshot:
        due = night(at, now, looked=duties.looked(snapshot, duty))
    if due is None:
        return None
    try:
        with database.writing() as transaction:
            return begin_due(transaction, Cause(actor=BEAT, now=now), due=due)
    except NoActiveModel:
        return None
