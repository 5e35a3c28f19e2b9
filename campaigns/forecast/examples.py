"""Customers for example: what each would get from a campaign, and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from campaigns.audiences import channel_words
from campaigns.audiences.eligibility import ChannelReason
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.forecast.example_words import WORDS
from campaigns.terms.campaign import Campaign, Channel
from campaigns.terms.discount import Discount
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Measure, Tier, measured
from database.audiences import facts
from database.forecast.prospects import Prospect
from database.models import scores
from database.session import Snapshot
from rules.evaluate import COMPARISONS, Reason, evaluate
from rules.rule import Compare, Operator
from rules.sentence import Language, Speaker


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


def examples(
    snapshot: Snapshot, campaign: Campaign, drawn: Sequence[Prospect], *, size: int,
    language: Language = Language.ENGLISH,
) -> tuple[Example, ...]:  # fmt: skip
    """Up to `size` of those drawn, the tiers in turn.

    Of each tier the commonest treatment comes first, and none comes twice before all have come once.
    """
    kinds: dict[tuple[str, str, str], list[tuple[Prospect, str]]] = defaultdict(list)
    for each in drawn:
        arm = group_of(campaign.plan.design, campaign_id=campaign.campaign_id, customer_id=each.customer_id)
        kinds[each.tier, each.channel, arm].append((each, arm))
    by_tier: dict[str, list[tuple[Prospect, str]]] = defaultdict(list)
    turns = ((turn, -len(members), kind) for kind, members in kinds.items() for turn in range(len(members)))
    for turn, _, kind in sorted(turns):
        by_tier[kind[0]].append(kinds[kind][turn])
    in_turn = zip_longest(*(by_tier[tier] for tier in Tier if tier in by_tier))
    said = _Said(snapshot, campaign, language)
    return tuple(said.example(*each) for each in islice(filter(None, chain.from_iterable(in_turn)), size))


class _Said:
    """Customers of one campaign, in one language."""

    def __init__(self, snapshot: Snapshot, campaign: Campaign, language: Language) -> None:
        self._snapshot, self._plan = snapshot, campaign.plan
        self._language, self._words = language, WORDS[language]
        self._speaker = Speaker(language=language, currency=scores.scored_currency(snapshot))

    def example(self, prospect: Prospect, arm: str) -> Example:
        tier = Tier(prospect.tier)
        offers = {offer.tier: offer for offer in self._plan.offers_in(arm)}
        return Example(
            customer_id=prospect.customer_id, tier=tier, channel=Channel(prospect.channel), arm=arm,
            discount=None if arm == HOLDOUT else offers[tier].discount,
            reasons=(
                self._tier_reason(prospect),
                *self._rule_reasons(prospect.customer_id),
                channel_words.chosen(
                    Channel(prospect.channel), ChannelReason(prospect.channel_reason), self._language
                ),
                self._words.held_out if arm == HOLDOUT else self._words.arm.format(arm=arm),
            ),
        )  # fmt: skip

    def _tier_reason(self, prospect: Prospect) -> str:
        scheme = schemes.get(self._snapshot, prospect.tier_scheme)
        value = measured(scheme.measure, prospect)
        said = self._words.tier.format(tier=prospect.tier, scheme=scheme.version)
        if scheme.thresholds is None:
            return said
        fact = {Measure.EXPECTED_VALUE: "expected_spend", Measure.PURCHASE_90: "purchase_90"}[scheme.measure]
        lowest = {Tier.HIGH: scheme.thresholds.high, Tier.MID: scheme.thresholds.mid, Tier.LOW: scheme.thresholds.mid}
        comparison = Operator.LESS_THAN if prospect.tier == Tier.LOW else Operator.AT_LEAST
        leaf = Compare(fact, comparison, lowest[Tier(prospect.tier)])
        holds = COMPARISONS[comparison](value, leaf.value)
        reason = self._speaker.reason(Reason("", leaf, holds, value))
        return said + self._words.because + reason + ("" if holds else self._words.late)

    def _rule_reasons(self, customer_id: str) -> tuple[str, ...]:
        if self._plan.rule is None:
            return ()
        known = facts.stored_facts(self._snapshot, customer_id)
        if known is None:
            return (self._words.erased,)
        verdict = evaluate(self._plan.rule, known.facts, facts.segments_of(self._snapshot, customer_id))
        return tuple(self._speaker.reason(reason) for reason in verdict.because)
