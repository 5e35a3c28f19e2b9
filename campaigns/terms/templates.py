"""Offers to start a campaign from."""

from enum import StrEnum

from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier


class Template(StrEnum):
    """By the name that operators use."""

    VALUE_TIERS = "value-tiers"
    """The better the customer, the better the offer; who is worth little yet gets a coupon for a first order."""


# A message where the customer agreed to one, and the shop's own pages for everybody else.
REACH = (Channel.EMAIL, Channel.PUSH, Channel.ON_SITE)
HIGH, MID, WELCOME = 20, 10, 15
"""Percent; shares fit any currency."""


def offers_of(template: Template) -> tuple[Offer, ...]:
    """Highest tier first."""
    match template:
        case Template.VALUE_TIERS:
            return (
                _offer(Tier.HIGH, Discount(reward=Percent(percent=HIGH)), *REACH),
                _offer(Tier.MID, Discount(reward=Percent(percent=MID)), *REACH),
                _offer(Tier.LOW, Discount(reward=Percent(percent=WELCOME), first_order_only=True), Channel.ON_SITE),
            )


def _offer(tier: Tier, discount: Discount, channel: Channel, *fallbacks: Channel) -> Offer:
    return Offer(tier=tier, discount=discount, channel=channel, fallbacks=fallbacks)
