"""What a decision read of a customer, as the database keeps it, in the terms of those who decide. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.audiences.eligibility import Membership, Person
from campaigns.terms.campaign import CampaignPlan, Channel
from campaigns.tiers.tiers import Tier
from database.audiences.inputs import AGREED, EXCLUDED, FACT, GOT, PLACE, RESPONSES, SEGMENT, WISH
from rules.fact import Facts, FactValue, Kind
from rules.facts import FACTS

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is not known is absent."""

    facts: Facts
    """Of a set of texts only those that the rule names."""
    segments: frozenset[str]
    """Of those that the rule asks about."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """The rest, by the names of `database.audiences.inputs`."""

    def person(self, plan: CampaignPlan, tier: Tier | None, now: datetime) -> Person:
        """The customer as `eligibility.decide` asks for them."""
        responses = {channel: self.others.get(RESPONSES.format(channel), 0) for channel in Channel}
        return Person(
            tier=tier, consented=self.others.get(AGREED) or (), preferred=self.others.get(WISH), responses=responses,
            memberships=self._memberships(plan, now), place=self.others.get(PLACE, 1),
        )  # fmt: skip

    def _memberships(self, plan: CampaignPlan, now: datetime) -> list[Membership]:
        """As many as were counted, and not the ones that they were: their campaigns go on."""
        found: list[Membership] = []
        for number, cap in sorted(enumerate(plan.offer_caps), key=lambda each: each[1].days):
            missing = (self.others.get(GOT.format(number)) or 0) - len(found)
            since = cap.since(now, plan.zone)
            found += [Membership(campaign_id="", launch_time=since, running=False)] * missing
        if self.others.get(EXCLUDED):
            found.append(Membership(campaign_id=plan.excluded_campaigns[0], launch_time=LONG_AGO, running=True))
        return found


def read(values: Mapping[str, Any]) -> Inputs:
    """From what is kept: JSON, null where nothing was known."""
    facts, segments, others = {}, set(), {}
    for name, value in values.items():
        if name.startswith(FACT) and value is not None:
            facts[name.removeprefix(FACT)] = _fact(name.removeprefix(FACT), value)
        elif name.startswith(SEGMENT) and value:
            segments.add(name.removeprefix(SEGMENT))
        elif not name.startswith((FACT, SEGMENT)):
            others[name] = value
    return Inputs(facts=facts, segments=frozenset(segments), others=others)


def _fact(name: str, value: Any) -> FactValue:  # noqa: ANN401 - JSON
    match FACTS[name].kind:
        case Kind.TEXTS:
            return frozenset(value)
        case Kind.TIME:
            return datetime.fromisoformat(value)
        case _:
            return FACTS[name].meant(value)
