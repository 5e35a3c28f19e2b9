"""Coupons that may cost something as groups with their worth: one way for previews, for launches and for budgets."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from campaigns.budgets.liability import Group, PastTier, beliefs
from campaigns.experiments.calibration import Belief
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent
from campaigns.terms.usual_saving import Prices, gifts, usual_saving
from database.coupons import exposure
from database.coupons.exposure import Exposed
from database.events import items
from database.models import scores
from database.session import Snapshot

PAST_CAMPAIGNS = 10
"""The latest, from which it is learned how coupons are used."""


def groups_of(snapshot: Snapshot, plan: CampaignPlan, exposed: Sequence[Exposed]) -> tuple[Group, ...]:
    """With what one coupon of each arm and tier is worth."""
    discounts = {
        (arm.name, offer.tier.value): offer.discount for arm in plan.design.arms for offer in plan.offers_in(arm.name)
    }
    # Who is in no arm gets what the first one has.
    first = plan.offers_in(plan.design.arms[0].name)
    discounts |= {(exposure.BY_HAND, offer.tier.value): offer.discount for offer in first}
    wanted = gifts(discounts.values())
    prices = items.prices(snapshot, wanted, currency=plan.currency) if wanted else {}
    foreign = scores.scored_currency(snapshot) not in (None, plan.currency)
    return tuple(
        _group(each, discounts[each.arm, each.tier], plan.currency, prices, foreign=foreign)
        for each in _prudent(exposed)
    )


def known(snapshot: Snapshot, now: datetime) -> Mapping[str, Belief]:
    """By tier, how coupons are used: from the campaigns that ended last."""
    fared = exposure.past(snapshot, now, campaigns=PAST_CAMPAIGNS)
    return beliefs([PastTier(**each._asdict()) for each in fared])


def most_minor(discount: Discount, prices: Prices) -> int | None:
    """The most that a discount can take off any order; None where nothing bounds it."""
    match discount.reward:
        case Percent(maximum_minor=maximum) | FreeShipping(maximum_minor=maximum):
            return maximum
        case Fixed(amount_minor=amount):
            return amount
        case Gift(item_id=item_id):
            return prices.get(item_id)


def _prudent(exposed: Sequence[Exposed]) -> list[Exposed]:
    """Orders of those who were given a code by hand are no less than those of the others."""
    others = [each for each in exposed if each.arm != exposure.BY_HAND]
    spend, buyers = sum(each.spend_minor for each in others), sum(each.buyers for each in others)
    usual = spend / buyers if buyers else 0.0
    return [
        each._replace(spend_minor=max(each.spend_minor, usual * each.buyers)) if each.arm == exposure.BY_HAND else each
        for each in exposed
    ]


def _group(each: Exposed, discount: Discount, currency: str, prices: Prices, *, foreign: bool) -> Group:
    """Its value is that of what a buyer is expected to spend, as if it were one order that meets the conditions.

    Where that is foreign money, or a coupon was given by hand, it is the most that the discount can take off.
    """
    by_hand = each.arm == exposure.BY_HAND
    order = round(each.spend_minor / each.buyers) if each.buyers else 0
    order = max(order, discount.minimum_minor or 1)
    usual, most = usual_saving(discount, order, currency=currency, prices=prices), most_minor(discount, prices)
    return Group(
        arm=each.arm, tier=each.tier, coupons=each.coupons, buyers=each.buyers,
        value_minor=most if (foreign or by_hand) and most is not None else usual, most_minor=most, sure=by_hand,
    )  # fmt: skip
