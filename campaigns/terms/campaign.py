"""A campaign: which tier gets which discount, on which channel, and the states it goes through. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from campaigns.experiments.assignment import Design
from campaigns.terms.arms import ArmPlan, arms_of
from campaigns.terms.discount import Discount
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.terms.restraint import OfferCap, Stacking
from campaigns.tiers.tiers import Tier
from rules.rule import Rule

CampaignId = NewType("CampaignId", str)
"""The caller's: a lower-case letter, then letters, digits and hyphens, at most 63 symbols."""


class State(StrEnum):
    """Moved only by the moves below."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    """A version waits for approval."""
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    """Launched by the clock when it is due."""
    LAUNCHING = "LAUNCHING"
    """The audience is frozen and codes are being issued; none can be redeemed yet."""
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    """Nothing is redeemed; nothing is issued either where the launch was not over."""
    ENDED = "ENDED"


class Move(StrEnum):
    """What may happen to a campaign."""

    EDIT = "EDIT"
    """A changed plan is a new version, which nobody has approved. What runs is amended: that moves it nowhere."""
    SUBMIT = "SUBMIT"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    SCHEDULE = "SCHEDULE"
    UNSCHEDULE = "UNSCHEDULE"
    LAUNCH = "LAUNCH"
    ACTIVATE = "ACTIVATE"
    """By the worker, when every code is issued."""
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CONTINUE = "CONTINUE"
    """What resuming means where the launch was not over."""
    END = "END"


MOVES: Mapping[tuple[State, Move], State] = {
    (State.DRAFT, Move.EDIT): State.DRAFT,
    (State.SUBMITTED, Move.EDIT): State.DRAFT,
    (State.APPROVED, Move.EDIT): State.DRAFT,
    (State.SCHEDULED, Move.EDIT): State.DRAFT,
    (State.DRAFT, Move.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Move.APPROVE): State.APPROVED,
    (State.SUBMITTED, Move.REJECT): State.DRAFT,
    (State.APPROVED, Move.SCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Move.UNSCHEDULE): State.APPROVED,
    (State.APPROVED, Move.LAUNCH): State.LAUNCHING,
    (State.SCHEDULED, Move.LAUNCH): State.LAUNCHING,
    (State.LAUNCHING, Move.LAUNCH): State.LAUNCHING,
    (State.LAUNCHING, Move.ACTIVATE): State.ACTIVE,
    (State.LAUNCHING, Move.PAUSE): State.PAUSED,
    (State.ACTIVE, Move.PAUSE): State.PAUSED,
    (State.PAUSED, Move.RESUME): State.ACTIVE,
    (State.PAUSED, Move.CONTINUE): State.LAUNCHING,
    (State.SCHEDULED, Move.END): State.ENDED,
    (State.LAUNCHING, Move.END): State.ENDED,
    (State.ACTIVE, Move.END): State.ENDED,
    (State.PAUSED, Move.END): State.ENDED,
}
"""The whole of the state machine. LAUNCH from LAUNCHING takes up a launch whose operation failed."""
OURS = (Move.ACTIVATE, Move.CONTINUE)
"""Moves that nobody asks for by name."""


class Channel(StrEnum):
    """How a coupon reaches its customer."""

    ON_SITE = "ON_SITE"
    """Shown on the shop's own pages when the customer comes: addressed to nobody, so it needs no consent."""
    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"

    @property
    def needs_consent(self) -> bool:
        """Direct marketing (GDPR article 6, ePrivacy article 13): silence is not consent."""
        return self is not Channel.ON_SITE


class ChannelChoice(StrEnum):
    """Which of an offer's channels reaches a customer who agreed to several."""

    ORDER = "ORDER"
    """The first in the campaign's order."""
    BEHAVIOUR = "BEHAVIOUR"
    """The one that the customer responds to, else the one that the customer prefers, else the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one tier gets."""

    tier: Tier
    discount: Discount
    channel: Channel
    """The first choice."""
    fallbacks: tuple[Channel, ...] = ()
    """For customers whom it must not or should not take; in this order."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All of them, in the campaign's order."""
        return (self.channel, *self.fallbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """What an operator decides about a campaign: one version of it. A change before the launch makes another."""

    display_name: str
    offers: tuple[Offer, ...]
    """At most one for each tier, highest tier first; a tier without one gets nothing."""
    start_time: datetime
    end_time: datetime
    """Exclusive."""
    currency: str
    """Of fixed amounts, maxima and the orders that coupons apply to."""
    zone: str = "UTC"
    """IANA time zone in which the campaign is planned."""
    recurrence: Recurrence | None = None
    """A series: each occurrence between start and end is a campaign of its own. None means it happens once."""
    redemption_limit: int | None = None
    """Redemptions over the whole campaign; None means one for each coupon."""
    budget: Budget | None = None
    """Money over the whole campaign; None means without limit."""
    refund_gives_code_back: bool = False
    """Whether a code may be used again, and counts no more, when everything that it took off is refunded."""
    rule: Rule | None = None
    """Who of the offered tiers; None means all of them."""
    holdout_percent: int = 10
    """Of the audience, drawn by hash: gets no coupon, so that there is something to compare with."""
    channel_choice: ChannelChoice = ChannelChoice.ORDER
    arms: tuple[ArmPlan, ...] = ()
    """Variants of the discounts that are tried against each other; none means one arm with those of `offers`."""
    offer_caps: tuple[OfferCap, ...] = ()
    """Whoever has got as many offers already is left out of the audience; none means without limit."""
    excluded_campaigns: tuple[CampaignId, ...] = ()
    """Whoever is in the audience of one of these while it runs is left out of this one's."""
    audience_limit: int | None = None
    """Customers in the audience, held-out ones among them: those who are expected to spend most."""
    stacking: Stacking = Stacking()  # noqa: RUF009 - frozen
    """With the coupons of other campaigns on one order."""
    margin_percent: int | None = None
    """Of a price, what is left after the cost of the goods; None where it is not known."""

    @property
    def design(self) -> Design:
        """How the audience is divided."""
        return Design(holdout=self.holdout_percent / 100, arms=arms_of(self.arms))

    @property
    def local_start(self) -> datetime:
        """The start, in the zone."""
        return self.start_time.astimezone(ZoneInfo(self.zone))

    def offers_in(self, arm: str) -> tuple[Offer, ...]:
        """What the tiers get in one arm, highest tier first."""
        changed = dict(next((each.discounts for each in self.arms if each.name == arm), ()))
        return tuple(replace(offer, discount=changed.get(offer.tier, offer.discount)) for offer in self.offers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it stands."""

    campaign_id: CampaignId
    plan: CampaignPlan
    version: int
    """Of the plan; counted from 1."""
    state: State
    issued_count: int
    redeemed_count: int
    discounted_minor: int
    held_out_count: int
    """Customers of the audience who get no coupon."""
    launch_time: datetime | None
    """When the audience was frozen."""
    activate_time: datetime | None
    """When every coupon was issued."""
    revision: int
    create_time: datetime
    update_time: datetime
    by_hand_count: int = 0
    """Of the coupons, those that were given by hand to customers outside the audience."""
    over_budget_count: int = 0
    """Customers whom the launch left out because the budget could not bear their coupons."""
    series: CampaignId | None = None
    """Whose occurrence this campaign is."""
    due_time: datetime | None = None
    """When the clock launches it, or its next occurrence."""
    finish_time: datetime | None = None
    """When it became ENDED."""
    ran_to_its_end: bool = False
    """Whether it was active when its time was over: neither ended before, nor paused or stopped over it."""
    proposed_version: int | None = None
    """Of the plan, while it runs by `version`: put in force when it is approved."""
    frozen_version: int | None = None
    """By which the audience was frozen: comparison and forecast are planned by it, whatever is amended later."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"campaigns/{self.campaign_id}"

    @property
    def asked_version(self) -> int:
        """The one that approvers are asked about, where they are."""
        return self.version if self.proposed_version is None else self.proposed_version

    @property
    def audience_count(self) -> int:
        """Customers in the frozen audience, as far as their coupons are issued; held-out ones among them."""
        return self.issued_count - self.by_hand_count + self.held_out_count

    @property
    def over_time(self) -> datetime:
        """When its offers stop: at the planned end, or earlier where it was ended."""
        return self.plan.end_time if self.finish_time is None else min(self.finish_time, self.plan.end_time)

    @property
    def etag(self) -> str:
        """Changes with every change that an operator makes."""
        return str(self.revision)


def moved(campaign: Campaign, move: Move) -> State:
    """The state that a move leads to. Raises CampaignNotMovable."""
    state = MOVES.get((campaign.state, move))
    if state is None:
        possible = sorted(verb for start, verb in MOVES if start is campaign.state and verb not in OURS)
        raise CampaignNotMovable(
            f"{campaign.name} is {campaign.state} and cannot {move.lower()}; possible: "
            f"{', '.join(verb.lower() for verb in possible) or 'nothing'}",
            campaign=campaign.name, state=campaign.state, move=move,
        )  # fmt: skip
    return state


def resumption(campaign: Campaign) -> Move:
    """What resuming a paused campaign means: a launch that was not over goes on."""
    return Move.CONTINUE if campaign.activate_time is None else Move.RESUME
