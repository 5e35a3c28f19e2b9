"""A code by hand, for one customer who asks for it: of a campaign that runs, within its budget, outside its experiment.

Who has a code of the campaign is shown that one. Anybody else is outside its audience, and what they do counts in no
group.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from campaigns import trail
from campaigns.actor import Cause
from campaigns.budgets import least
from campaigns.coupons.codes import masked, mint
from campaigns.coupons.refusals import BudgetCommitted, CampaignNotRunning, CustomerHeldOut, NothingForCustomer
from campaigns.customers import profiles
from campaigns.errors import Refusal
from campaigns.experiments.assignment import HOLDOUT
from campaigns.life import campaigns, switches
from campaigns.life.refusals import CouponsStopped
from campaigns.terms import discount_document, stored
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.coupon import Coupon, CouponState, check_left
from campaigns.terms.discount import Discount
from campaigns.terms.limits import Use
from campaigns.terms.refusals import CouponAlreadyRedeemed, CouponBlocked, InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.coupons import by_hand, codes, entitlements
from database.coupons.by_hand import New
from database.coupons.entitlements import Found
from database.session import Snapshot, Transaction
from events.currency import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The customer's code."""

    campaign: Campaign
    coupon: Coupon
    new: bool
    """Whether it was given now; else the customer had it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A campaign that runs, and whether the customer can be given a code of it."""

    campaign: Campaign
    tier: Tier
    """Whose offer it is; LOW for who was never scored."""
    discount: Discount | None
    """What the code takes off; None where the tier has no offer."""
    held: bool
    """Whether the customer has a code that is not used: it is that one which is shown."""
    refusal: Refusal | None
    """At a glance: what coupons that are out may take of the budget is reckoned only when a code is given."""

    @property
    def left_minor(self) -> int | None:
        """Of the budget; None without one."""
        budget = self.campaign.plan.budget
        return None if budget is None else budget.limit_minor - self.campaign.discounted_minor


def choices(snapshot: Snapshot, customer_id: str, now: datetime) -> list[Choice]:
    """Every campaign that is active, by id. Raises CustomerNotFound."""
    profiles.get(snapshot, customer_id)
    found = entitlements.of(snapshot, customer_id, now, since=now, every=True)
    running = [each for each in found if each.state == State.ACTIVE]
    return [_choice(snapshot, campaigns.get(snapshot, each.campaign_id), each, customer_id, now) for each in running]


def give(transaction: Transaction, cause: Cause, campaign_id: str, customer_id: str) -> Given:
    """The customer's code of the campaign: the one that they have, or else a new one; who asks twice gets the same.

    It is nothing that the shop sends, so it takes no consent and counts in no cap. Whoever gives codes of a campaign,
    or changes it, comes one after the other.

    Raises InvalidCampaign without a reason, CampaignNotFound, CustomerNotFound, CampaignNotRunning, CouponsStopped,
    CouponAlreadyRedeemed, CouponBlocked, CustomerHeldOut, NothingForCustomer, RedemptionLimitReached, BudgetExhausted,
    BudgetCommitted.
    """
    if not (cause.reason or "").strip():
        raise InvalidCampaign("say why the customer gets a code", field="reason")
    # An erasure that comes later finds the coupon, and of one that came before nobody is left.
    profiles.locked(transaction, customer_id, None)
    campaign = campaigns.locked(transaction, campaign_id)
    found = entitlements.of(transaction, customer_id, cause.now, since=cause.now, every=True)
    standing = next((each for each in found if each.campaign_id == campaign_id), None)
    if standing is None:
        raise _not_running(campaign)
    choice = _choice(transaction, campaign, standing, customer_id, cause.now)
    if choice.refusal is not None:
        raise choice.refusal
    if not choice.held:
        _issue(transaction, cause, choice, customer_id)
    row = codes.of_customer(transaction, campaign_id, customer_id)
    assert row is not None, "it was there, or was written"
    trail.done(
        transaction, cause, "coupons.give", campaign.name,
        after={"customer": f"customers/{customer_id}", "coupon": masked(row.code), "new": not choice.held},
    )  # fmt: skip
    switches.refuse_if_stopped(transaction, campaign_id)
    return Given(campaign=campaign, coupon=stored.coupon(row), new=not choice.held)


def _issue(transaction: Transaction, cause: Cause, choice: Choice, customer_id: str) -> None:
    """Raises BudgetCommitted, with which all that was written goes."""
    campaign = choice.campaign
    assert choice.discount is not None, "else it is refused"
    discount = discount_document.to_data(choice.discount)
    new = New(mint(1)[0], campaign.campaign_id, customer_id, choice.tier, discount, cause.now)
    while not by_hand.give(transaction, new):
        new = new._replace(code=mint(1)[0])
    budget, currency = campaign.plan.budget, campaign.plan.currency
    if budget is None:
        return
    needed = least.least_minor(transaction, campaign, cause.now, confidence=budget.confidence)
    if needed > budget.limit_minor:
        raise BudgetCommitted(
            f"what {campaign.name} has spent, and what its coupons that are out may take yet, would need "
            f"{amount(needed, currency)} of its {amount(budget.limit_minor, currency)}",
            campaign=campaign.name, limit_minor=budget.limit_minor, least_minor=needed,
        )  # fmt: skip


def _choice(snapshot: Snapshot, campaign: Campaign, found: Found, customer_id: str, now: datetime) -> Choice:
    tier = Tier(entitlements.tier_of(snapshot, customer_id) or Tier.LOW)
    # Of several arms the first, which the others are compared with.
    offers = campaign.plan.offers_in(campaign.plan.design.arms[0].name)
    discount = next((each.discount for each in offers if each.tier is tier), None)
    lacks = f"has no offer for the tier {tier}" if discount is None else None
    if found.code is not None:
        discount = discount_document.from_data(found.discount)
    elif discount is not None and discount.first_order_only:
        bought = codes.has_bought(snapshot, customer_id, other_than=None)
        lacks = "is for a first order, and the customer has ordered" if bought else None
    return Choice(
        campaign=campaign, tier=tier, discount=discount, held=found.code is not None,
        refusal=next(_refusals(campaign, found, lacks, now), None),
    )  # fmt: skip


def _refusals(campaign: Campaign, found: Found, lacks: str | None, now: datetime) -> Iterator[Refusal]:
    """What is in the way, what is final first; a code that is there is shown as long as its campaign is active."""
    name, plan = campaign.name, campaign.plan
    if found.code is not None:
        yield from _of_code(name, found.coupon_state)
    elif found.arm == HOLDOUT:
        yield CustomerHeldOut("the customer is held out, to compare with: choose another campaign", campaign=name)
    if campaign.state is not State.ACTIVE:
        yield _not_running(campaign)
    if found.stop is not None:
        yield CouponsStopped(f"{name} is stopped: {found.stop}", campaign=name)
    if found.code is not None:
        return
    if now < plan.start_time:
        yield CampaignNotRunning(f"{name} begins at {plan.start_time.isoformat()}", campaign=name)
    if found.arm is not None:
        yield CampaignNotRunning(f"the launch of {name} has not come to the customer", campaign=name)
    if lacks is not None:
        yield NothingForCustomer(f"{name} {lacks}", campaign=name)
    try:
        check_left(campaign, Use(campaign.redeemed_count, campaign.discounted_minor), Use(1, 1))
    except Refusal as refusal:
        yield refusal


def _of_code(name: str, state: str) -> Iterator[Refusal]:
    if state == CouponState.REDEEMED:
        yield CouponAlreadyRedeemed("the customer has used their code: choose another campaign", campaign=name)
    if state == CouponState.BLOCKED:
        yield CouponBlocked("the customer's code is blocked: let it be used again, or choose another", campaign=name)


def _not_running(campaign: Campaign) -> CampaignNotRunning:
    # One that is active still is over, and the clock has not come to it yet.
    active = campaign.state is State.ACTIVE
    said = f"ended at {campaign.plan.end_time.isoformat()}" if active else f"is {campaign.state}"
    return CampaignNotRunning(f"{campaign.name} {said}", campaign=campaign.name, state=campaign.state)
