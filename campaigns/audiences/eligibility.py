"""Whether a campaign reaches a customer, on which channel, and if not, why. Pure.

`database.audiences.eligibility` decides the same for all customers at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from campaigns.terms.campaign import CampaignPlan, Channel, ChannelChoice, Offer
from campaigns.tiers.tiers import Tier


class ChannelReason(StrEnum):
    """Why this channel and no other."""

    ORDER = "ORDER"
    """The first in the campaign's order on which the customer agreed to be addressed."""
    RESPONSES = "RESPONSES"
    """The customer responded to it most often."""
    PREFERENCE = "PREFERENCE"
    """The customer has responded to none of them, and says to prefer it."""


class Exclusion(StrEnum):
    """Why a campaign does not reach a customer."""

    NO_TIER = "NO_TIER"
    """The customer was never scored, or scored before there were tiers."""
    TIER_WITHOUT_OFFER = "TIER_WITHOUT_OFFER"
    NO_CONSENT = "NO_CONSENT"
    """The customer agreed to none of the offer's channels."""
    OTHER_CAMPAIGN = "OTHER_CAMPAIGN"
    """The customer is in the audience of a running campaign that this one leaves its customers to."""
    OFFER_CAP = "OFFER_CAP"
    """The customer has got as many offers as the plan allows within a span."""
    AUDIENCE_FULL = "AUDIENCE_FULL"
    """The audience has as many customers as the plan allows, and they are expected to spend more."""
    OVER_BUDGET = "OVER_BUDGET"
    """The budget bears fewer coupons than the audience has customers, and the customer was not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That a customer is in the audience of another campaign, held out or not.

    A holdout that counted as free would get the offers that the others are kept from, and be a holdout no more.
    """

    campaign_id: str
    launch_time: datetime
    running: bool
    """Whether the campaign has not ended."""
    series: str | None = None
    """Of which the campaign is an occurrence."""

    def excluded_by(self, plan: CampaignPlan) -> bool:
        """Whether the plan leaves its customers to this campaign, by its name or that of its series."""
        return self.running and bool({self.campaign_id, self.series} & set(plan.excluded_campaigns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is asked of a customer; words for channels are in lower case."""

    tier: Tier | None
    consented: Collection[str] = ()
    preferred: str | None = None
    responses: Mapping[Channel, int] = field(default_factory=dict)
    """Own acts that came by a channel, and uses of coupons that did, in the last 365 days."""
    memberships: Collection[Membership] = ()
    place: int = 1
    """From 1, by expected spend, among those whom nothing else excludes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """The campaign reaches the customer."""

    offer: Offer
    channel: Channel
    channel_reason: ChannelReason


def decide(plan: CampaignPlan, person: Person, now: datetime) -> Eligible | Exclusion:
    """What a plan has for a customer who fits its rule, if its audience is frozen now."""
    if person.tier is None:
        return Exclusion.NO_TIER
    offer = next((offer for offer in plan.offers if offer.tier is person.tier), None)
    if offer is None:
        return Exclusion.TIER_WITHOUT_OFFER
    chosen = choose(offer.channels, plan.channel_choice, person)
    if chosen is None:
        return Exclusion.NO_CONSENT
    restrained = _restrained(plan, person, now)
    return restrained or Eligible(offer=offer, channel=chosen[0], channel_reason=chosen[1])


def _restrained(plan: CampaignPlan, person: Person, now: datetime) -> Exclusion | None:
    """What keeps out a customer who could be reached."""
    if any(each.excluded_by(plan) for each in person.memberships):
        return Exclusion.OTHER_CAMPAIGN
    for cap in plan.offer_caps:
        since = cap.since(now, plan.zone)
        if sum(each.launch_time >= since for each in person.memberships) >= cap.offers:
            return Exclusion.OFFER_CAP
    if plan.audience_limit is not None and person.place > plan.audience_limit:
        return Exclusion.AUDIENCE_FULL
    return None


def choose(channels: Sequence[Channel], choice: ChannelChoice, person: Person) -> tuple[Channel, ChannelReason] | None:
    """Out of the channels of an offer, in its order; None when the customer agreed to none of them."""
    allowed = [channel for channel in channels if not channel.needs_consent or channel.lower() in person.consented]
    if not allowed:
        return None
    if choice is ChannelChoice.ORDER:
        return allowed[0], ChannelReason.ORDER
    # max keeps the first of equals, which is the campaign's order.
    best = max(allowed, key=lambda channel: (person.responses.get(channel, 0), channel.lower() == person.preferred))
    if person.responses.get(best, 0) > 0:
        return best, ChannelReason.RESPONSES
    return best, ChannelReason.PREFERENCE if best.lower() == person.preferred else ChannelReason.ORDER
