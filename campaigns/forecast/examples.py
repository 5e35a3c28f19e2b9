"""Customers for example: what each would get from a campaign, and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.audiences.eligibility import ChannelReason
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.terms.campaign import Campaign, Channel
from campaigns.terms.discount import Discount
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Measure, Tier, measured
from database import facts
from database.prospects import Prospect
from database.session import Snapshot
from rules.evaluate import COMPARISONS, Reason, evaluate
from rules.rule import Compare, Operator
from rules.sentence import Speaker

WAYS = {
    ChannelReason.ORDER: "",
    ChannelReason.RESPONSES: ", and responded to it most often",
    ChannelReason.PREFERENCE: ", and says to prefer it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One customer of the audience."""

    customer_id: str
    tier: Tier
    channel: Channel
    arm: str
    """`holdout` for those who would get nothing."""
    discount: Discount | None
    """None for those who would get nothing."""
    reasons: tuple[str, ...]
    """Why this tier, whom the rule means, why this channel, and which draw."""


def examples(snapshot: Snapshot, campaign: Campaign, drawn: Sequence[Prospect], *, size: int) -> tuple[Example, ...]:
    """Up to `size` of those drawn; no treatment is shown twice before all have been shown once."""
    kinds: dict[tuple[str, str, str], list[tuple[Prospect, str]]] = defaultdict(list)
    for each in drawn:
        arm = group_of(campaign.plan.design, campaign_id=campaign.campaign_id, customer_id=each.customer_id)
        kinds[each.tier, each.channel, arm].append((each, arm))
    turns = sorted((turn, kind) for kind, members in kinds.items() for turn in range(len(members)))
    return tuple(_example(snapshot, campaign, *kinds[kind][turn]) for turn, kind in turns[:size])


def _example(snapshot: Snapshot, campaign: Campaign, prospect: Prospect, arm: str) -> Example:
    tier = Tier(prospect.tier)
    offers = {offer.tier: offer for offer in campaign.plan.offers_in(arm)}
    return Example(
        customer_id=prospect.customer_id, tier=tier, channel=Channel(prospect.channel), arm=arm,
        discount=None if arm == HOLDOUT else offers[tier].discount,
        reasons=(
            _tier_reason(snapshot, campaign, prospect),
            *_rule_reasons(snapshot, campaign, prospect.customer_id),
            _channel_reason(prospect),
            "held out by the draw, to compare with" if arm == HOLDOUT else f"in the arm {arm} by the draw",
        ),
    )  # fmt: skip


def _tier_reason(snapshot: Snapshot, campaign: Campaign, prospect: Prospect) -> str:
    scheme = schemes.get(snapshot, prospect.tier_scheme)
    value = measured(scheme.measure, prospect)
    said = f"tier {prospect.tier} by scheme {scheme.version}"
    if scheme.thresholds is None:
        return said
    fact = {Measure.EXPECTED_VALUE: "expected_spend", Measure.PURCHASE_90: "purchase_90"}[scheme.measure]
    lowest = {Tier.HIGH: scheme.thresholds.high, Tier.MID: scheme.thresholds.mid, Tier.LOW: scheme.thresholds.mid}
    comparison = Operator.LESS_THAN if prospect.tier == Tier.LOW else Operator.AT_LEAST
    leaf = Compare(fact, comparison, lowest[Tier(prospect.tier)])
    holds = COMPARISONS[comparison](value, leaf.value)
    reason = Speaker(currency=campaign.plan.currency).reason(Reason("", leaf, holds, value))
    return f"{said}: {reason}" + ("" if holds else ", and tiers fall late")


def _rule_reasons(snapshot: Snapshot, campaign: Campaign, customer_id: str) -> tuple[str, ...]:
    if campaign.plan.rule is None:
        return ()
    known = facts.stored_facts(snapshot, customer_id)
    if known is None:
        return ("erased in this moment",)
    verdict = evaluate(campaign.plan.rule, known.facts, facts.segments_of(snapshot, customer_id))
    speaker = Speaker(currency=campaign.plan.currency)
    return tuple(speaker.reason(reason) for reason in verdict.because)


def _channel_reason(prospect: Prospect) -> str:
    agreed = "agreed to it" if Channel(prospect.channel).needs_consent else "which needs no consent"
    return f"by {prospect.channel}, {agreed}{WAYS[ChannelReason(prospect.channel_reason)]}"
