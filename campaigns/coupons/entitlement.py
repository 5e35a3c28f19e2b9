"""What a customer may have of each campaign at a moment, or why not. Pure.

What is final is said first, then what may pass: a customer who is held out is told so while the campaign is paused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campaigns.audiences.eligibility import Exclusion
from campaigns.experiments.assignment import HOLDOUT
from campaigns.terms.campaign import CampaignId, State
from campaigns.terms.coupon import Coupon, CouponState
from campaigns.terms.limits import Use
from campaigns.terms.restraint import Stacking
from campaigns.terms.stacking import conflict_of
from campaigns.tiers.tiers import Tier
from rules.document import from_data
from rules.evaluate import evaluate
from rules.fact import Facts
from rules.sentence import Language, Speaker


class Hindrance(StrEnum):
    """Why a customer may have nothing of a campaign now, beside the exclusions of its launch."""

    NOT_LAUNCHED = "NOT_LAUNCHED"
    """It is approved or scheduled, and has no audience yet."""
    ENDED = "ENDED"
    NOT_SCORED = "NOT_SCORED"
    """Nothing is known by which its rule could mean the customer."""
    OUTSIDE_RULE = "OUTSIDE_RULE"
    """Its rule does not mean the customer by the facts of the last rescoring."""
    AFTER_LAUNCH = "AFTER_LAUNCH"
    """The customer fits by now, and did not when the audience was frozen."""
    HOLDOUT = "HOLDOUT"
    """The customer is in the audience and gets nothing, so that there is something to compare with."""
    NOT_ISSUED = "NOT_ISSUED"
    """The launch is under way and has not come to the customer."""
    REDEEMED = "REDEEMED"
    BLOCKED = "BLOCKED"
    """This one code may not be used."""
    EXPIRED = "EXPIRED"
    STOPPED = "STOPPED"
    """By the kill switch."""
    PAUSED = "PAUSED"
    LAUNCHING = "LAUNCHING"
    """Codes are being issued, and none can be redeemed before all are."""
    NOT_STARTED = "NOT_STARTED"
    RESERVED = "RESERVED"
    """The code is held for another order."""
    LIMIT_REACHED = "LIMIT_REACHED"
    """All redemptions of the campaign are used or held."""
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    """All money of the campaign is used or held."""


Reason = Exclusion | Hindrance


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a campaign stands, and the customer with it."""

    campaign_id: CampaignId
    display_name: str
    state: State
    start_time: datetime
    end_time: datetime
    currency: str
    stacking: Stacking
    redemption_limit: int | None
    budget_minor: int | None
    used: Use
    """Of both, held or spent; known only where the customer has a code that is not redeemed."""
    tiers: Collection[str]
    """That it has offers for."""
    rule: Mapping[str, Any] | None
    """The document of its rule."""
    launched: bool
    stop: str | None
    """Why it is stopped, if it is."""
    arm: str | None
    """Of the customer, who is in the audience; None for others."""
    exclusion: Exclusion | None
    """Why the launch left the customer out, where it is on record."""
    coupon: Coupon | None
    held_order: str | None
    """The order that the code is held for, at this moment."""

    @property
    def name(self) -> str:
        """The resource name of the campaign."""
        return f"campaigns/{self.campaign_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the customer, by which campaigns are judged whose audience the customer is not in."""

    tier: Tier | None
    facts: Facts | None
    """None before the first rescoring that met the customer."""
    segments: Collection[str]
    currency: str | None
    """Of the facts that are money; None before the first score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A code that the customer may use now."""

    standing: Standing
    coupon: Coupon
    not_with: tuple[CampaignId, ...]
    """Campaigns of other offers that do not go together with this one on an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A campaign of which the customer may have nothing now."""

    standing: Standing
    reason: Reason
    details: tuple[str, ...] = ()
    """In words, where there is more to say."""


def offered(standings: Sequence[Standing], now: datetime, *, order_id: str | None = None) -> tuple[Offered, ...]:
    """What the customer may use now, by priority; a code that is held for `order_id` may be used on it."""
    usable = [
        (each, each.coupon)
        for each in standings
        if each.coupon is not None and hindrance(each, now, order_id=order_id) is None
    ]
    usable.sort(key=lambda pair: (-pair[0].stacking.priority, pair[1].expire_time, pair[0].campaign_id))
    return tuple(
        Offered(standing=one, coupon=coupon, not_with=tuple(
            other.campaign_id for other, _ in usable
            if other is not one and conflict_of(one.stacking, other.stacking) is not None
        ))
        for one, coupon in usable
    )  # fmt: skip


def withheld(
    standings: Sequence[Standing], known: Known, now: datetime, *, order_id: str | None = None,
    language: Language = Language.ENGLISH,
) -> tuple[Withheld, ...]:  # fmt: skip
    """Every other campaign with the reason, in the order in which they are given."""
    found = (_withheld(each, known, now, order_id, language) for each in standings)
    return tuple(each for each in found if each is not None)


def hindrance(standing: Standing, now: datetime, *, order_id: str | None) -> Hindrance | None:
    """Why the customer may not use the code now; None where nothing hinders it."""
    coupon, free = standing.coupon, standing.held_order is None
    hindrances = {
        Hindrance.ENDED: standing.state is State.ENDED or now >= standing.end_time,
        Hindrance.NOT_ISSUED: coupon is None,
        Hindrance.REDEEMED: coupon is not None and coupon.state is CouponState.REDEEMED,
        Hindrance.BLOCKED: coupon is not None and coupon.state is CouponState.BLOCKED,
        Hindrance.EXPIRED: coupon is not None and now >= coupon.expire_time,
        Hindrance.STOPPED: standing.stop is not None,
        Hindrance.PAUSED: standing.state is State.PAUSED,
        Hindrance.LAUNCHING: standing.state is not State.ACTIVE,
        Hindrance.NOT_STARTED: now < standing.start_time,
        Hindrance.RESERVED: standing.held_order not in (None, order_id),
        Hindrance.LIMIT_REACHED: free and _used_up(standing.redemption_limit, standing.used.redemptions),
        Hindrance.BUDGET_EXHAUSTED: free and _used_up(standing.budget_minor, standing.used.minor),
    }
    return next((each for each, applies in hindrances.items() if applies), None)


def _used_up(limit: int | None, used: int) -> bool:
    return limit is not None and used >= limit


def _withheld(
    standing: Standing, known: Known, now: datetime, order_id: str | None, language: Language
) -> Withheld | None:
    reason: Reason | None = None
    if standing.coupon is not None:
        reason = hindrance(standing, now, order_id=order_id)
    elif standing.state is State.ENDED or now >= standing.end_time:
        reason = Hindrance.ENDED
    elif not standing.launched:
        reason = Hindrance.NOT_LAUNCHED
    elif standing.arm is not None:
        reason = Hindrance.HOLDOUT if standing.arm == HOLDOUT else Hindrance.NOT_ISSUED
    elif standing.exclusion is not None:
        reason = standing.exclusion
    else:
        return _outside(standing, known, language)
    return None if reason is None else Withheld(standing=standing, reason=reason, details=_details(standing, reason))


def _details(standing: Standing, reason: Reason) -> tuple[str, ...]:
    if reason is Hindrance.STOPPED and standing.stop is not None:
        return (standing.stop,)
    return (f"valid from {standing.start_time.isoformat()}",) if reason is Hindrance.NOT_STARTED else ()


def _outside(standing: Standing, known: Known, language: Language) -> Withheld:
    """Why a customer is in no audience, where the launch left no record: as things stand now."""
    if known.tier is None:
        return Withheld(standing=standing, reason=Exclusion.NO_TIER)
    if known.tier not in standing.tiers:
        tier = f"the customer's tier is {known.tier}"
        return Withheld(standing=standing, reason=Exclusion.TIER_WITHOUT_OFFER, details=(tier,))
    if standing.rule is None:
        return Withheld(standing=standing, reason=Hindrance.AFTER_LAUNCH)
    if known.facts is None:
        return Withheld(standing=standing, reason=Hindrance.NOT_SCORED)
    verdict = evaluate(from_data(standing.rule), known.facts, known.segments)
    speaker = Speaker(language=language, currency=known.currency)
    return Withheld(
        standing=standing, reason=Hindrance.AFTER_LAUNCH if verdict.holds else Hindrance.OUTSIDE_RULE,
        details=tuple(map(speaker.reason, verdict.because)),
    )  # fmt: skip
