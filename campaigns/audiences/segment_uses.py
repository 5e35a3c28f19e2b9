"""Who asks about a segment: campaigns that are not over, and other segments."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from database.audiences import segments
from database.session import Snapshot
from database.terms import campaigns
from rules.document import from_data
from rules.rule import segments_named


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignUse:
    """A campaign whose audience depends on a segment."""

    campaign_id: str
    display_name: str
    state: str
    directly: bool
    """Else through the rule of another segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Of one segment."""

    campaigns: tuple[CampaignUse, ...] = ()
    """By name."""
    segments: tuple[str, ...] = ()
    """Those whose own rules ask about it, by id."""


NOBODY = Uses()


def uses(snapshot: Snapshot) -> Mapping[str, Uses]:
    """Of each segment that something asks about, also of one that is not there any more."""
    asked = {
        segment_id: segments_named(from_data(document)) for segment_id, document in segments.all_rules(snapshot).items()
    }
    by_campaigns = defaultdict[str, list[CampaignUse]](list)
    for row in campaigns.asking_segments(snapshot):
        named = frozenset[str]() if row.rule is None else segments_named(from_data(row.rule))
        for segment_id in _with_those_that_they_ask(named, asked):
            use = CampaignUse(
                campaign_id=row.campaign_id, display_name=row.display_name, state=row.state,
                directly=segment_id in named,
            )  # fmt: skip
            by_campaigns[segment_id].append(use)
    by_segments = defaultdict[str, list[str]](list)
    for segment_id, named in asked.items():
        for each in named:
            by_segments[each].append(segment_id)
    return {
        each: Uses(campaigns=tuple(by_campaigns[each]), segments=tuple(by_segments[each]))
        for each in {*by_campaigns, *by_segments}
    }


def _with_those_that_they_ask(named: Collection[str], asked: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found, more = frozenset[str](), frozenset(named)
    while more:
        found |= more
        more = frozenset[str]().union(*(asked.get(each, frozenset()) for each in more)) - found
    return found
