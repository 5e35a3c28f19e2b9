"""A message of a campaign for whoever wants to see it: by its real channel, marked as a test, with an example as code.

No coupon is used, and no figure of the campaign knows of it: what became of it stands in its operation and the audit
log. It goes by the limits of the channel, and is tried once: a test that comes hours later helps nobody.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.coupons.refusals import InvalidTestMessage, NoConsent, TooManyTests
from campaigns.customers.refusals import CustomerErased
from campaigns.life import campaigns, switches
from campaigns.life.refusals import CampaignNotFound
from campaigns.terms import discount_document
from campaigns.terms.campaign import Campaign, CampaignPlan, Channel, State
from campaigns.terms.discount import Discount
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.tiers.tiers import Tier
from campaigns.work import jobs
from channels.message import Fate, Message, Note, Receipt
from channels.quiet_hours import QuietHours
from database.customers import known, tombstones
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import SEND_TEST_MESSAGE, Operation

ACTION = "messages.test"
EXAMPLE = "TESTTESTTESTS"
"""As long as a code of ours, with a check symbol that is none: no till takes it, and no shop can bring it along."""
NOT_TAKEN = "NOT_TAKEN"
"""What is elsewhere tried again."""
SENT = "sent"
"""The cursor behind the only message."""
RECIPIENT = re.compile(r"customers/[^/\x00-\x1f\x7f]{1,128}")
MOST, SPAN = 20, timedelta(hours=1)
"""Tests of a campaign, whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be seen, and where; the first of what is left open."""

    recipient: str
    """Resource name of whoever gets it, as the channel's provider knows them; the shop need not."""
    arm: str | None = None
    tier: Tier | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the messages that a campaign sends."""

    arm: str
    tier: Tier
    channel: Channel
    discount: Discount

    @property
    def key(self) -> str:
        """Which of its campaign's."""
        return f"{self.arm}.{self.tier}.{self.channel}"

    def for_(self, recipient: str) -> Wanted:
        """This one, for somebody."""
        return Wanted(recipient=recipient, arm=self.arm, tier=self.tier, channel=self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test, and what became of it."""

    operation: Operation
    recipient: str
    tier: str
    channel: str
    arm: str
    fate: Fate | None
    note: str | None

    @property
    def outcome(self) -> str | None:
        """None while it is on its way, or when it came to no end."""
        return None if self.fate is None else outcome_of(self.fate)

    @classmethod
    def of(cls, operation: Operation) -> "Trial":
        asked, said = operation.request, operation.response or {}
        return cls(
            operation=operation, recipient=asked["recipient"], tier=asked["tier"], channel=asked["channel"],
            arm=asked["arm"], fate=Fate(said["fate"]) if said else None, note=said.get("note"),
        )  # fmt: skip


def outcome_of(fate: Fate) -> str:
    """Of a message that is tried once."""
    return NOT_TAKEN if fate is Fate.WAITING else fate


def samples(plan: CampaignPlan) -> Sequence[Sample]:
    """Every message that leaves the house, in the order of the plan."""
    return list(_samples(plan))


def _samples(plan: CampaignPlan) -> Iterator[Sample]:
    for arm in plan.design.arms:
        for offer in plan.offers_in(arm.name):
            for channel in offer.channels:
                if channel.needs_consent:
                    yield Sample(arm=arm.name, tier=offer.tier, channel=channel, discount=offer.discount)


def begin(transaction: Transaction, cause: Cause, campaign_id: str, wanted: Wanted) -> Operation:
    """Let a worker send one.

    Raises CampaignNotFound, CampaignNotMovable for one that is over, InvalidTestMessage, CouponsStopped, NoConsent,
    CustomerErased, TooManyTests.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    if campaign.state is State.ENDED:
        raise CampaignNotMovable(
            f"{campaign.name} is {campaign.state}: it sends no messages any more", campaign=campaign.name,
            state=campaign.state,
        )  # fmt: skip
    sample = _chosen(campaign, wanted)
    _check_recipient(transaction, wanted.recipient, sample.channel)
    _check_number(transaction, campaign, cause.now)
    request = {
        "campaign_id": campaign_id, "recipient": wanted.recipient, "arm": sample.arm, "tier": sample.tier,
        "channel": sample.channel, "discount": discount_document.to_data(sample.discount),
        "currency": campaign.plan.currency, "expire_time": campaign.plan.end_time.isoformat(),
    }  # fmt: skip
    begun = jobs.begin(
        transaction, cause, uuid4().hex, SEND_TEST_MESSAGE, request, total_count=1, action=ACTION,
        object_name=campaign.name,
    )  # fmt: skip
    switches.refuse_if_held(transaction, campaign_id)
    return begun


def why_not(
    snapshot: Snapshot, operation: Operation, addressed: Mapping[str, object], quiet_hours: Mapping[str, QuietHours],
    now: datetime,
) -> Note | None:  # fmt: skip
    """What keeps a worker from sending it; much may have happened since it was asked for."""
    campaign_id, channel = operation.request["campaign_id"], operation.request["channel"]
    try:
        campaign = campaigns.get(snapshot, campaign_id)
        _check_recipient(snapshot, operation.request["recipient"], Channel(channel))
    except CampaignNotFound:
        return Note.OVER
    except (CustomerErased, NoConsent):
        return Note.UNWANTED
    if campaign.state is State.ENDED:
        return Note.OVER
    if channel not in addressed:
        return Note.UNADDRESSED
    if channel in quiet_hours and quiet_hours[channel].until(now, campaign.plan.zone) is not None:
        return Note.QUIET
    return Note.STOPPED if switches.is_stopped(snapshot, campaign_id) else None


def message(operation: Operation) -> Message:
    """The same each time."""
    asked = operation.request
    return Message(
        key=operation.operation_id, campaign_id=asked["campaign_id"],
        customer_id=asked["recipient"].removeprefix(trail.CUSTOMER), channel=asked["channel"], tier=asked["tier"],
        code=EXAMPLE, discount=asked["discount"], currency=asked["currency"],
        expire_time=datetime.fromisoformat(asked["expire_time"]), test=True,
    )  # fmt: skip


def batch(operation: Operation) -> str:
    """Of which the message is the only one."""
    return f"{operation.request['campaign_id']}-test-{operation.operation_id}"


def finish(transaction: Transaction, operation: Operation, receipt: Receipt, cause: Cause) -> None:
    """Note what became of it; where another worker sent it too, what that one was told stays."""
    said = {"fate": receipt.fate, "note": receipt.note}
    if not operations.advance(transaction, operation, SENT, count=1, now=cause.now):
        return
    operations.finish(transaction, operation.operation_id, said, cause.now)
    trail.done(
        transaction, cause, f"{ACTION}.finish", f"campaigns/{operation.request['campaign_id']}",
        after={"operation": operation.operation_id, **said},
    )  # fmt: skip


def newest(snapshot: Snapshot, campaign_id: str, *, limit: int) -> Sequence[Trial]:
    """The last tests of a campaign, newest first."""
    return [Trial.of(each) for each in _latest(snapshot, campaign_id, limit)]


def _latest(snapshot: Snapshot, campaign_id: str, limit: int) -> Sequence[Operation]:
    return operations.latest(snapshot, SEND_TEST_MESSAGE, limit=limit, campaign_id=campaign_id)


def _chosen(campaign: Campaign, wanted: Wanted) -> Sample:
    found = samples(campaign.plan)
    if not found:
        raise InvalidTestMessage(f"{campaign.name} sends no messages: its coupons wait on the site", field="channel")
    for field, asked in (("arm", wanted.arm), ("tier", wanted.tier), ("channel", wanted.channel)):
        left = [each for each in found if asked is None or getattr(each, field) == asked]
        if not left:
            possible = ", ".join(dict.fromkeys(getattr(each, field) for each in found))
            raise InvalidTestMessage(f"{campaign.name} sends no such message; there is: {possible}", field=field)
        found = left
    return found[0]


def _check_recipient(snapshot: Snapshot, customer: str, channel: Channel) -> None:
    """Of whom the shop knows nothing, whoever types the name has to know."""
    if not RECIPIENT.fullmatch(customer):
        raise InvalidTestMessage("name who gets it: an id of at most 128 symbols, without a slash", field="recipient")
    customer_id = customer.removeprefix(trail.CUSTOMER)
    if tombstones.among(snapshot, [customer_id]):
        raise CustomerErased(f"{customer} asked to be forgotten", customers=customer)
    found = known.get(snapshot, customer_id)
    if found is not None and channel.lower() not in (each.lower() for each in found.customer.consented_channels):
        raise NoConsent(f"{customer} does not agree to {channel}", customer=customer, channel=channel)


def _check_number(snapshot: Snapshot, campaign: Campaign, now: datetime) -> None:
    found = _latest(snapshot, campaign.campaign_id, MOST)
    opens = found[-1].create_time + SPAN if len(found) == MOST else now
    if opens > now:
        left = (opens - now).total_seconds()
        raise TooManyTests(
            f"too many test messages of {campaign.name}; try again in {left:.0f} s", retry_after=left,
            campaign=campaign.name,
        )  # fmt: skip
