"""A decision about one customer, made again from what it was made from. Pure."""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

from campaigns.audiences.eligibility import ChannelReason, Exclusion, decide
from campaigns.audiences.frozen import FrozenFrom, Standard
from campaigns.audiences.inputs import Inputs
from campaigns.experiments.assignment import HOLDOUT, group_of, position
from campaigns.terms.campaign import CampaignPlan, Channel
from campaigns.terms.discount import Discount
from campaigns.tiers.tiers import Measured, Tier, measured
from database.audiences.inputs import BELOW
from rules.evaluate import Reason, evaluate

RULE = "RULE"
"""The customer does not fit the rule."""
NOT_KNOWN = "NOT_KNOWN"
"""The customer came after the audience was frozen."""
OUTSIDE = frozenset({Exclusion.NO_TIER, Exclusion.TIER_WITHOUT_OFFER, RULE, NOT_KNOWN})
"""Reasons that nothing is written down for."""


class Sameness(IntEnum):
    """How a decision made again compares; the numbers are the exit codes of `tierwise audit explain`."""

    SAME = 0
    DIFFERS = 1
    NOT_REPLAYABLE = 2
    """Something that it was made from is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a campaign decided about a customer."""

    exclusion: str | None = None
    """Why the customer is not in the audience; None for who is."""
    tier: Tier | None = None
    group: str | None = None
    """The arm, or `holdout`."""
    channel: Channel | None = None
    channel_reason: ChannelReason | None = None
    discount: Discount | None = None
    """None for who gets nothing."""


class Who(NamedTuple):
    """Whom a decision is about, and whose it is."""

    campaign_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the customer whom a decision is about."""

    who: Who
    tier: Tier | None
    score: Measured | None
    """None where only the tier is kept."""
    standard: Standard | None
    """What gave the tier; None where it has no thresholds on record."""
    inputs: Inputs
    was_there: bool = True
    """False for who came after the audience was frozen."""
    borne: bool = False
    """Whether the budget bore the customer's coupon when the launch began the first time."""
    reachable: bool = True
    """Whether consent and other campaigns are among the inputs; what they exclude is written down, so for others they
    need not be."""


def replay(frozen: FrozenFrom, plan: CampaignPlan, budget_share: float, known: Known) -> Decision:
    """The decision that these inputs give."""
    tier = tier_again(known)
    exclusion = _outside(plan, tier, known)
    if exclusion is not None or tier is None:
        return Decision(exclusion=exclusion, tier=tier)
    if not known.reachable:
        return _drawn(plan, budget_share, known, Decision(tier=tier))
    decided = decide(plan, known.inputs.person(plan, tier, frozen.time), frozen.time)
    if isinstance(decided, Exclusion):
        return Decision(exclusion=decided, tier=tier)
    chosen = Decision(tier=tier, channel=decided.channel, channel_reason=decided.channel_reason)
    return _drawn(plan, budget_share, known, chosen)


def tier_again(known: Known) -> Tier | None:
    """The tier that the score gives; who has a higher one keeps it within the margin, and for the grace period."""
    if known.tier is None or known.score is None or known.standard is None:
        return known.tier
    bounds, value = known.standard.bounds, measured(known.standard.measure, known.score)
    reached = bounds.reached(value)
    if reached.rank >= known.tier.rank:
        return reached
    kept = bounds.kept(value)
    return known.tier if kept.rank >= known.tier.rank or known.inputs.others.get(BELOW) else kept


def because(plan: CampaignPlan, known: Known) -> tuple[Reason, ...]:
    """The conditions of the rule that decided it."""
    return () if plan.rule is None else evaluate(plan.rule, known.inputs.facts, known.inputs.segments).because


def differences(issued: Decision, replayed: Decision) -> tuple[str, ...]:
    """The parts in which they are not the same; who is outside without a record may be there for any such reason."""
    if issued.exclusion == "" and replayed.exclusion in OUTSIDE:
        return ()
    return tuple(each.name for each in fields(Decision) if getattr(issued, each.name) != getattr(replayed, each.name))


def _outside(plan: CampaignPlan, tier: Tier | None, known: Known) -> str | None:
    """Why the customer is not among those who could be in the audience."""
    if not known.was_there:
        return NOT_KNOWN
    if tier is None:
        return Exclusion.NO_TIER
    if all(offer.tier is not tier for offer in plan.offers):
        return Exclusion.TIER_WITHOUT_OFFER
    fits = plan.rule is None or evaluate(plan.rule, known.inputs.facts, known.inputs.segments).holds
    return None if fits else RULE


def _drawn(plan: CampaignPlan, budget_share: float, known: Known, chosen: Decision) -> Decision:
    """With what the draws decide."""
    who = known.who
    if not known.borne and position(f"budget/{who.campaign_id}", who.customer_id) >= budget_share:
        return Decision(exclusion=Exclusion.OVER_BUDGET, tier=chosen.tier)
    group = group_of(plan.design, campaign_id=who.campaign_id, customer_id=who.customer_id)
    offers = {offer.tier: offer.discount for offer in plan.offers_in(group)}
    discount = None if group == HOLDOUT or chosen.tier is None else offers[chosen.tier]
    return Decision(
        tier=chosen.tier, group=group, channel=chosen.channel, channel_reason=chosen.channel_reason, discount=discount
    )
