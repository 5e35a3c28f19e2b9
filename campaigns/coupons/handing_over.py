"""A campaign's coupons handed over to their channels, each at most once, by those who agreed and while it is active.

A chunk has three parts: `take` writes down who is about to be sent what, the worker hands it over with no transaction
open, and `settle` notes what became of it. Killed between them, the same messages leave again under the same keys.

What a channel did not take is tried again after a while, the longest untried batch first, and holds up nobody: there is
a message that its provider never takes, and a channel that is away beside one that is not. What it refused is tried
again only by the next hand-over, which somebody asks for. In a channel's quiet hours its messages are written down to
wait, and none that waits is taken.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, uuid4, uuid5

from campaigns import trail
from campaigns.actor import Cause
from campaigns.coupons.deliveries import FATES, quiet_facts
from campaigns.faults import Code, Fault
from campaigns.life import campaigns, switches
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.work import jobs
from channels.message import Message, Note, Receipt
from channels.quiet_hours import QuietHours
from database.coupons import messages
from database.coupons.messages import SENDING, Claimed, Settled
from database.session import Transaction
from database.work import operations
from database.work.operations import HAND_OVER_COUPONS, Operation

ACTION = "coupons.handOver"
START = ""
"""The cursor before the first customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What leaves together."""

    name: str
    claim_time: datetime
    messages: Sequence[Message] = ()
    """None of a chunk that only counted, or met nobody who agreed."""
    again: bool = False
    """Whether it was taken to its channels before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a worker may take."""

    channels: Sequence[str]
    """Those that it knows the way to."""
    limit: int
    abandoned: datetime
    """Whoever took a batch before then is gone."""
    tried: datetime
    """Where something waits that was taken since then, nothing else that waits is."""
    quiet_hours: Mapping[str, QuietHours] = field(default_factory=dict)

    def quiet(self, now: datetime, zone: str) -> dict[str, datetime]:
        """The channels of it that are to be left alone now, and until when."""
        ends = {name: self.quiet_hours[name].until(now, zone) for name in self.channels if name in self.quiet_hours}
        return {name: until for name, until in ends.items() if until is not None}


def begin(transaction: Transaction, cause: Cause, campaign_id: str) -> Operation:
    """Hand over what was not yet, and what was refused; one that is under way is answered again.

    Raises CampaignNotFound, CampaignNotMovable.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    if campaign.state is not State.ACTIVE:
        raise CampaignNotMovable(
            f"{campaign.name} is {campaign.state}: its coupons are handed over while it is active",
            campaign=campaign.name, state=campaign.state,
        )  # fmt: skip
    under_way = operations.running(transaction, HAND_OVER_COUPONS, campaign_id=campaign_id)
    if under_way is not None:
        jobs.go_on(transaction, under_way, cause.now)
        return under_way
    return jobs.begin(
        transaction, cause, uuid4().hex, HAND_OVER_COUPONS, {"campaign_id": campaign_id}, total_count=None,
        action=ACTION, object_name=campaign.name,
    )  # fmt: skip


def begin_where_it_leads(transaction: Transaction, cause: Cause, campaign_id: str, channels: Collection[str]) -> None:
    """After a launch: begin if one of the campaign's channels has an address."""
    if needed(campaigns.get(transaction, campaign_id)) & set(channels):
        begin(transaction, cause, campaign_id)


def needed(campaign: Campaign) -> set[str]:
    """The channels of a campaign by which coupons leave the house; on the site they wait for the customer."""
    return {way.value for offer in campaign.plan.offers for way in offer.channels if way.needs_consent}


def take(transaction: Transaction, operation: Operation, share: Share, cause: Cause) -> Batch | None:
    """Write down the next messages: first those that waited long enough or whose worker is gone, then new ones.

    None when there is nothing to do for this worker: another was faster or is still at it, the campaign has not begun,
    or all is done.
    Raises CouponsStopped or CouponSuspended, with nothing written, while the campaign stands still.
    """
    current = operations.at_end(transaction, operation)
    if current is None:
        return None
    campaign = campaigns.get(transaction, operation.request["campaign_id"])
    if campaign.state is State.ENDED:
        # What a living worker has is told by it.
        messages.lapse(transaction, campaign.campaign_id, cause.now, abandoned=share.abandoned)
        if not messages.open_channels(transaction, campaign.campaign_id):
            operations.cancel(transaction, operation.operation_id, cause.now)
        return None
    if cause.now < campaign.plan.start_time:
        # No till would take the code that somebody has just been written of.
        facts = {"campaign": campaign.name, "start_time": campaign.plan.start_time.isoformat()}
        jobs.stumble(transaction, operation.operation_id, Fault(code=Code.CAMPAIGN_NOT_BEGUN, facts=facts))
        return None
    if current.cursor is None:
        # Those to which no way is known are told as well.
        due = messages.count_due(transaction, campaign.campaign_id, needed(campaign) | {*share.channels}, cause.now)
        operations.expect(transaction, operation.operation_id, sum(due.get(name, 0) for name in share.channels))
        messages.reopen(transaction, campaign.campaign_id, share.channels)
        operations.advance(transaction, operation, START, count=0, now=cause.now)
        return Batch(name="", claim_time=cause.now)
    quiet = share.quiet(cause.now, campaign.plan.zone)
    again = _claim_again(transaction, campaign.campaign_id, share, quiet, cause.now)
    claimed = again or _claim(transaction, current, share, quiet, cause.now)
    if claimed:
        # Whoever stops or pauses a campaign is heard until the last moment before the messages leave.
        switches.refuse_if_stopped(transaction, campaign.campaign_id)
        return _batch(campaign.campaign_id, claimed, cause.now, again=bool(again))
    waiting = messages.open_channels(transaction, campaign.campaign_id)
    if not waiting:
        _finish(transaction, current, cause)
    elif waiting <= quiet.keys():
        # Else what is the matter with another channel is what has to be told.
        fault = _waits(campaign, {name: quiet[name] for name in waiting})
        jobs.stumble(transaction, operation.operation_id, fault)
    return None


def settle(
    transaction: Transaction, campaign_id: str, batch: Batch, receipts: Sequence[Receipt], now: datetime
) -> None:
    """Note what became of each message of a batch."""
    settled = [
        Settled(message.customer_id, receipt.fate, receipt.note)
        for message, receipt in zip(batch.messages, receipts, strict=True)
    ]
    messages.settle(transaction, campaign_id, settled, now, claim_time=batch.claim_time)


def _claim_again(
    transaction: Transaction, campaign_id: str, share: Share, quiet: Collection[str], now: datetime
) -> Sequence[Claimed]:
    channels = [name for name in share.channels if name not in quiet]
    waiting = messages.open_batch(
        transaction, campaign_id, channels, abandoned=share.abandoned, tried=share.tried, now=now
    )
    if waiting is None:
        return ()
    return messages.claim_again(transaction, campaign_id, channels, waiting, abandoned=share.abandoned, now=now)


def _claim(
    transaction: Transaction, operation: Operation, share: Share, quiet: Collection[str], now: datetime
) -> Sequence[Claimed]:
    campaign_id: str = operation.request["campaign_id"]
    claimed = messages.claim(
        transaction, campaign_id, share.channels, after=operation.cursor or START, limit=share.limit, now=now,
        quiet=quiet, note=Note.QUIET,
        batch=f"{campaign_id}-{operation.operation_id}-{operation.done_count:09}",
    )  # fmt: skip
    if claimed:
        operations.advance(transaction, operation, claimed[-1].customer_id, count=len(claimed), now=now)
    return claimed


def _batch(campaign_id: str, claimed: Sequence[Claimed], now: datetime, *, again: bool) -> Batch:
    leaving = [_message(campaign_id, each) for each in claimed if each.state == SENDING]
    return Batch(name=claimed[0].batch, claim_time=now, messages=leaving, again=again)


def _message(campaign_id: str, claimed: Claimed) -> Message:
    return Message(
        key=str(uuid5(NAMESPACE_URL, f"campaigns/{campaign_id}/customers/{claimed.customer_id}")),
        campaign_id=campaign_id, customer_id=claimed.customer_id, channel=claimed.channel, tier=claimed.tier,
        code=claimed.code, discount=claimed.discount, currency=claimed.currency, expire_time=claimed.expire_time,
    )  # fmt: skip


def _waits(campaign: Campaign, quiet: Mapping[str, datetime]) -> Fault:
    """For the end of quiet hours of these channels; first those are told whose messages will not be sent at all."""
    never = {name: until for name, until in quiet.items() if until >= campaign.plan.end_time}
    told = sorted((never or quiet).items(), key=lambda each: (each[1], each[0]))
    facts = {"zone": campaign.plan.zone, **quiet_facts(told)}
    if never:
        return Fault(code=Code.QUIET_UNTIL_OVER, facts={"campaign": campaign.name, **facts})
    return Fault(code=Code.QUIET_HOURS, facts=facts)


def _finish(transaction: Transaction, operation: Operation, cause: Cause) -> None:
    campaign_id = operation.request["campaign_id"]
    counts = dict.fromkeys(FATES, 0)
    for tally in messages.tallies(transaction, campaign_id):
        if tally.state in counts:
            counts[tally.state] += tally.messages
    operations.finish(transaction, operation.operation_id, counts, cause.now)
    trail.done(transaction, cause, f"{ACTION}.finish", f"campaigns/{campaign_id}", after=counts)
