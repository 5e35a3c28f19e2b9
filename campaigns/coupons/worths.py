"""What each of a customer's coupons takes off one basket: by itself, and together with the others. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from campaigns.coupons.entitlement import Offered, Standing
from campaigns.errors import CouponRefused
from campaigns.terms.basket import Basket
from campaigns.terms.coupon import check_currency, check_limits, gave_back, refusal_of, within_limits
from campaigns.terms.discount import NOTHING, Saving
from campaigns.terms.limits import Use
from campaigns.terms.stacking import Candidate, Combination, Used, beside, combine


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one coupon takes off a basket."""

    alone_minor: int = 0
    """Without the other offers, beside what is used on the order already."""
    together_minor: int = 0
    """When the offers are used by priority as far as they go together."""
    refusal: CouponRefused | None = None
    """Why it takes nothing off together with the others; None where it does."""


def worths(
    offers: Sequence[Offered], basket: Basket, *, bought_before: bool, there: Sequence[Used],
    given_back: Collection[str],
) -> Mapping[str, Worth]:  # fmt: skip
    """Of each offer, by its code; `there` is what the order uses or holds, `given_back` what it gave back."""
    candidates = {each.coupon.code: _candidate(each, bought_before=bought_before, there=there) for each in offers}
    alone = {
        each.coupon.code: gave_back(each.standing.name)
        if each.coupon.code in given_back
        else _alone(each, candidates[each.coupon.code], basket, there)
        for each in offers
    }
    kept = {each.code: _kept(each.saving) for each in there if alone.get(each.code) == each.saving}
    usable = [candidates[code] for code, off in alone.items() if isinstance(off, Saving) and code not in kept]
    codes = {each.code for each in usable}
    combination = combine(usable, basket, [each for each in there if each.code not in codes])
    return {
        each.coupon.code: kept.get(each.coupon.code) or _worth(each, alone[each.coupon.code], combination, basket)
        for each in offers
    }


def _candidate(offer: Offered, *, bought_before: bool, there: Sequence[Used]) -> Candidate:
    place = next((each.place for each in there if each.code == offer.coupon.code), None)
    return Candidate(
        code=offer.coupon.code, campaign_id=offer.coupon.campaign_id, discount=offer.coupon.discount,
        stacking=offer.standing.stacking, bought_before=bought_before, place=place,
    )  # fmt: skip


def _alone(offer: Offered, candidate: Candidate, basket: Basket, there: Sequence[Used]) -> Saving | CouponRefused:
    standing = offer.standing
    try:
        check_currency(standing.name, standing.currency, basket)
        off = beside(candidate, basket, [each for each in there if each.code != candidate.code])
        if not isinstance(off, Saving):
            raise refusal_of(off, offer.coupon, basket, standing.stacking)
        promised = next((each.saving for each in there if each.code == candidate.code), None)
        return within_limits(off, promised, partial(_check_left, standing))
    except CouponRefused as refusal:
        return refusal


def _check_left(standing: Standing, need: Use) -> None:
    check_limits(
        standing.name, currency=standing.currency, redemption_limit=standing.redemption_limit,
        budget_minor=standing.budget_minor, used=standing.used, need=need,
    )  # fmt: skip


def _kept(promised: Saving) -> Worth:
    return Worth(alone_minor=promised.total_minor, together_minor=promised.total_minor)


def _worth(offer: Offered, alone: Saving | CouponRefused, combination: Combination, basket: Basket) -> Worth:
    if isinstance(alone, CouponRefused):
        return Worth(refusal=alone)
    together = next((each.saving for each in combination.taken if each.candidate.code == offer.coupon.code), NOTHING)
    left_out = [each.reason for each in combination.left_out if each.candidate.code == offer.coupon.code]
    refusal = refusal_of(left_out[0], offer.coupon, basket, offer.standing.stacking) if left_out else None
    return Worth(alone_minor=alone.total_minor, together_minor=together.total_minor, refusal=refusal)
