"""Offers, and whom they are for, to start a campaign from."""

from enum import StrEnum

from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier
from rules.rule import Compare, Every, Operator, Rule, Some, Within


class Template(StrEnum):
    """By the name that operators use."""

    VALUE_TIERS = "value-tiers"
    """The better the customer, the better the offer; who is in LOW and never bought gets a coupon for a first order."""
    WIN_BACK = "win-back"
    """Customers who have not bought for a season; the better they were, the more they are worth winning back."""
    WELCOME = "welcome"
    """Whoever has never bought gets a coupon for a first order."""


# A message where the customer agreed to one, and the shop's own pages for everybody else.
REACH = (Channel.EMAIL, Channel.PUSH, Channel.ON_SITE)
HIGH, MID, LOW, WELCOME = 20, 10, 5, 15
"""Percent; shares fit any currency."""
SEASON_DAYS = 90
NEVER_BOUGHT = Compare("has_bought", Operator.EQUALS, value=False)


def offers_of(template: Template) -> tuple[Offer, ...]:
    """Highest tier first."""
    match template:
        case Template.VALUE_TIERS:
            return (
                _offer(Tier.HIGH, Discount(reward=Percent(percent=HIGH)), *REACH),
                _offer(Tier.MID, Discount(reward=Percent(percent=MID)), *REACH),
                _offer(Tier.LOW, Discount(reward=Percent(percent=WELCOME), first_order_only=True), Channel.ON_SITE),
            )
        case Template.WIN_BACK:
            shares = {Tier.HIGH: HIGH, Tier.MID: MID, Tier.LOW: LOW}
            return tuple(
                _offer(tier, Discount(reward=Percent(percent=share)), *REACH) for tier, share in shares.items()
            )
        case Template.WELCOME:
            welcome = Discount(reward=Percent(percent=WELCOME), first_order_only=True)
            return tuple(_offer(tier, welcome, *REACH) for tier in Tier)


def rule_of(template: Template) -> Rule | None:
    """Who of the offered tiers; None means all of them."""
    match template:
        case Template.VALUE_TIERS:
            # Of LOW only those who can use a coupon for a first order. Inside another group, conditions that are added
            # narrow it.
            return Every((Some((Within("tier", (Tier.HIGH.value, Tier.MID.value)), NEVER_BOUGHT)),))
        case Template.WIN_BACK:
            return Compare("days_since_purchase", Operator.AT_LEAST, SEASON_DAYS)
        case Template.WELCOME:
            return NEVER_BOUGHT


def _offer(tier: Tier, discount: Discount, channel: Channel, *fallbacks: Channel) -> Offer:
    return Offer(tier=tier, discount=discount, channel=channel, fallbacks=fallbacks)
