"""What a customer may have now, from one snapshot: codes with what they take off a basket, and what is withheld."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.audiences.eligibility import Exclusion
from campaigns.coupons import quoting
from campaigns.coupons.entitlement import Known, Offered, Standing, Withheld, offered, withheld
from campaigns.coupons.worths import Worth, worths
from campaigns.customers import profiles
from campaigns.terms import discount_document
from campaigns.terms.basket import Basket, check_basket, placed, unplaced
from campaigns.terms.campaign import CampaignId, Channel, State
from campaigns.terms.coupon import Coupon, CouponState
from campaigns.terms.limits import Use
from campaigns.terms.restraint import Stacking
from campaigns.tiers.tiers import Tier
from database.audiences import facts
from database.coupons import codes, entitlements
from database.coupons.entitlements import Found
from database.events import items
from database.models import scores
from database.session import Snapshot
from rules.sentence import Language

LOOKED_BACK = timedelta(days=30)
"""Campaigns that were over before are not told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The answer to what a customer may have."""

    offered: tuple[Offered, ...]
    """By priority."""
    withheld: tuple[Withheld, ...]
    """Empty unless it was asked for."""
    time: datetime
    """The moment that all of it is of."""
    worths: Mapping[str, Worth]
    """What each offer takes off the basket, by its code; empty without one."""


def offers_for(
    snapshot: Snapshot, customer_id: str, now: datetime, *, full: bool = False, basket: Basket | None = None,
    language: Language = Language.ENGLISH,
) -> Offers:  # fmt: skip
    """The codes that a customer may use now; in `full` every other campaign, too, with the reason.

    So many statements, however many campaigns there are. Raises CustomerNotFound, InvalidOrder.
    """
    if basket is not None:
        check_basket(basket)
    profiles.get(snapshot, customer_id)
    found = entitlements.of(snapshot, customer_id, now, since=now - LOOKED_BACK, every=full)
    standings = [_standing(each, customer_id) for each in found]
    order_id = None if basket is None else basket.order_id
    usable = offered(standings, now, order_id=order_id)
    return Offers(
        offered=usable,
        time=now,
        withheld=withheld(standings, _known(snapshot, customer_id), now, order_id=order_id, language=language)
        if full
        else (),
        worths={} if basket is None else _worths(snapshot, customer_id, usable, basket, now),
    )


def _worths(
    snapshot: Snapshot, customer_id: str, offers: Sequence[Offered], basket: Basket, now: datetime
) -> Mapping[str, Worth]:
    scopes = [each.coupon.discount.scope for each in offers]
    unknown = unplaced(basket) if any(scope is not None and scope.categories for scope in scopes) else set()
    new_only = any(each.coupon.discount.first_order_only for each in offers)
    return worths(
        offers, placed(basket, items.categories_of(snapshot, unknown)) if unknown else basket,
        bought_before=new_only and codes.has_bought(snapshot, customer_id, other_than=basket.order_id),
        there=quoting.on_order(snapshot, basket.order_id, now),
        given_back=quoting.given_back(snapshot, basket.order_id),
    )  # fmt: skip


def _known(snapshot: Snapshot, customer_id: str) -> Known:
    known, tier = facts.stored_facts(snapshot, customer_id), entitlements.tier_of(snapshot, customer_id)
    return Known(
        tier=None if tier is None else Tier(tier), facts=None if known is None else known.facts,
        segments=facts.segments_of(snapshot, customer_id), currency=scores.scored_currency(snapshot),
    )  # fmt: skip


def _standing(found: Found, customer_id: str) -> Standing:
    return Standing(
        campaign_id=CampaignId(found.campaign_id), display_name=found.display_name, state=State(found.state),
        start_time=found.start_time, end_time=found.end_time, currency=found.currency,
        stacking=Stacking(priority=found.priority, group=found.exclusivity_group, alone=found.alone),
        redemption_limit=found.redemption_limit, budget_minor=found.budget_minor,
        used=Use(found.used_count, found.used_minor), tiers=found.tiers, rule=found.rule, launched=found.launched,
        stop=found.stop, arm=found.arm, exclusion=None if found.exclusion is None else Exclusion(found.exclusion),
        coupon=None if found.code is None else _coupon(found, found.code, customer_id),
        held_order=found.held_order,
    )  # fmt: skip


def _coupon(found: Found, code: str, customer_id: str) -> Coupon:
    return Coupon(
        code=code, campaign_id=CampaignId(found.campaign_id), customer_id=customer_id, tier=Tier(found.tier),
        channel=Channel(found.channel), discount=discount_document.from_data(found.discount),
        state=CouponState(found.coupon_state), issue_time=found.issue_time, expire_time=found.expire_time,
        by_hand=found.by_hand,
    )  # fmt: skip
