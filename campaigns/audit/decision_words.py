"""Why a decision is what it is, in words, in the order in which it was decided. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from campaigns.audiences import channel_words
from campaigns.audit.decision import Decision, Known, because
from campaigns.audit.exclusion_words import Circumstances, why_left_out
from campaigns.experiments.assignment import HOLDOUT, position
from campaigns.terms.campaign import CampaignPlan
from campaigns.tiers import tier_words
from campaigns.tiers.tiers import Measure, measured
from rules.sentence import Language, Speaker


class _Phrases(NamedTuple):
    """What a language puts around values."""

    tier: str
    measures: Mapping[Measure, str]
    held_out: str
    arm: str


PHRASES: Mapping[Language, _Phrases] = {
    Language.ENGLISH: _Phrases(
        tier="tier {tier}: {measure} is {value}, HIGH begins at {high} and MID at {mid}",
        measures=tier_words.TITLES,
        held_out="held out: drawn to {:.6f} of 1", arm="in the arm {}: drawn to {:.6f} of 1",
    ),
    Language.CHINESE: _Phrases(
        tier="{tier} 层级：{measure}为 {value}，HIGH 自 {high} 起，MID 自 {mid} 起",
        measures={Measure.EXPECTED_VALUE: "预期消费", Measure.PURCHASE_90: "90 天内购买的概率"},
        held_out="对照组，不发优惠：抽签为 {:.6f}（满值 1）",
        arm="实验组 {}：抽签为 {:.6f}（满值 1）",
    ),
}  # fmt: skip


def reasons(
    plan: CampaignPlan, known: Known, decided: Decision, frozen: Circumstances, language: Language, *, currency: str
) -> list[str]:
    """Of the tier, the rule's conditions, what left the customer out, the channel and the draw: what decided it.

    `currency` is that of scores and facts, which need not be the plan's.
    """
    phrases, speaker = PHRASES[language], Speaker(language=language, currency=currency)
    said = []
    if known.standard is not None and known.score is not None:
        measure, levels = known.standard.measure, known.standard.bounds.thresholds
        value, high, mid = (
            tier_words.worth(measure, each, currency)
            for each in (measured(measure, known.score), levels.high, levels.mid)
        )
        said.append(
            phrases.tier.format(tier=decided.tier, measure=phrases.measures[measure], value=value, high=high, mid=mid)
        )
    said += [speaker.reason(each) for each in because(plan, known)]
    left_out = why_left_out(plan, known, decided, frozen, language)
    if left_out is not None:
        said.append(left_out)
    if decided.channel is not None and decided.channel_reason is not None:
        said.append(channel_words.chosen(decided.channel, decided.channel_reason, language))
    if decided.group is not None:
        place = position(*known.who)
        held = decided.group == HOLDOUT
        said.append(phrases.held_out.format(place) if held else phrases.arm.format(decided.group, place))
    return said
