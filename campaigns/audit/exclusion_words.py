"""Why a campaign left a customer out, with the figures that decided it, in the reader's language. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from campaigns.audiences import channel_words
from campaigns.audiences.eligibility import Exclusion, Person
from campaigns.audit.decision import NOT_KNOWN, Decision, Known
from campaigns.experiments.assignment import position
from campaigns.terms.campaign import CampaignPlan
from rules.sentence import Language

PHRASES: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        Exclusion.NO_TIER: "was never scored, and so has no tier",
        Exclusion.TIER_WITHOUT_OFFER: "is in tier {tier}, and the offers are for {tiers}",
        Exclusion.NO_CONSENT: "agreed to none of the offer's channels: {channels}",
        Exclusion.OTHER_CAMPAIGN: "is in a running campaign that this one leaves its customers to: {campaigns}",
        Exclusion.OFFER_CAP: "offers within {days} days: at most {most}, and already {got} since {since}: {campaigns}",
        Exclusion.AUDIENCE_FULL: "the audience ends at {limit} customers: at place {place} by expected spend",
        Exclusion.OVER_BUDGET: "the budget bears {share:.1%} of the audience: drawn to {drawn:.6f} of 1",
        NOT_KNOWN: "came after the audience was frozen",
    },
    Language.CHINESE: {
        Exclusion.NO_TIER: "从未评分，因此没有层级",
        Exclusion.TIER_WITHOUT_OFFER: "属于 {tier} 层级，而优惠面向 {tiers}",
        Exclusion.NO_CONSENT: "未同意该优惠的任何渠道：{channels}",
        Exclusion.OTHER_CAMPAIGN: "已在另一个进行中的活动里，本活动让出其客户：{campaigns}",
        Exclusion.OFFER_CAP: "{days} 天内的优惠：最多 {most} 个，自 {since} 起已有 {got} 个：{campaigns}",
        Exclusion.AUDIENCE_FULL: "受众上限为 {limit} 位客户：按预期消费排在第 {place} 位",
        Exclusion.OVER_BUDGET: "预算可承担受众的 {share:.1%}：抽签为 {drawn:.6f}（满值 1）",
        NOT_KNOWN: "受众冻结之后才出现",
    },
}  # fmt: skip


class Reach(NamedTuple):
    """Another campaign whose audience has the customer, held out or not."""

    campaign_id: str
    series: str | None
    launch_time: datetime
    finish_time: datetime | None
    """None as long as it has not ended."""

    def running(self, moment: datetime) -> bool:
        """Whether it had not ended by then."""
        return self.finish_time is None or self.finish_time > moment


class Circumstances(NamedTuple):
    """Under which the audience was frozen."""

    time: datetime
    budget_share: float
    others: Sequence[Reach] = ()
    """The customer's, launched before; the last one first."""


def why_left_out(
    plan: CampaignPlan, known: Known, decided: Decision, frozen: Circumstances, language: Language
) -> str | None:
    """None for who is in the audience, and where the rule decided, which is told condition by condition."""
    phrase = PHRASES[language].get(decided.exclusion or "")
    return None if phrase is None else phrase.format(**_facts(plan, known, decided, frozen, language))


def _facts(
    plan: CampaignPlan, known: Known, decided: Decision, frozen: Circumstances, language: Language
) -> dict[str, object]:
    """What the phrases say, each its own exclusion's."""
    person = known.inputs.person(plan, decided.tier, frozen.time)
    match decided.exclusion:
        case Exclusion.TIER_WITHOUT_OFFER:
            return {"tier": decided.tier, "tiers": ", ".join(offer.tier for offer in plan.offers)}
        case Exclusion.NO_CONSENT:
            channels = next(offer.channels for offer in plan.offers if offer.tier is decided.tier)
            return {"channels": ", ".join(channel_words.PHRASES[language].channels[each] for each in channels)}
        case Exclusion.OTHER_CAMPAIGN:
            left_to = set(plan.excluded_campaigns)
            running = [each for each in frozen.others if each.running(frozen.time)]
            return {"campaigns": _named(each for each in running if left_to & {each.campaign_id, each.series})}
        case Exclusion.OFFER_CAP:
            return _of_cap(plan, person, frozen)
        case _:
            drawn = position(f"budget/{known.who.campaign_id}", known.who.customer_id)
            return {"limit": plan.audience_limit, "place": person.place, "share": frozen.budget_share, "drawn": drawn}


def _of_cap(plan: CampaignPlan, person: Person, frozen: Circumstances) -> dict[str, object]:
    """The first cap that was reached."""
    for cap in plan.offer_caps:
        since = cap.since(frozen.time, plan.zone)
        got = sum(each.launch_time >= since for each in person.memberships)
        if got >= cap.offers:
            names = _named(each for each in frozen.others if each.launch_time >= since)
            day = since.astimezone(ZoneInfo(plan.zone)).date().isoformat()
            return {"days": cap.days, "most": cap.offers, "got": got, "since": day, "campaigns": names}
    raise AssertionError("some cap was reached")


def _named(others: Iterable[Reach]) -> str:
    return ", ".join(each.campaign_id for each in others)
