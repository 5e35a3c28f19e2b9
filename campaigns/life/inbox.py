"""What waits for an approver: each version beside the last one that was approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from campaigns.actor import is_among
from campaigns.life import agreed_rules, notes, versions
from campaigns.life.agreed_rules import Changes
from campaigns.life.differences import AS_ONE, Difference, differences
from campaigns.life.notes import Note
from campaigns.life.versions import CampaignVersion
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, Move
from campaigns.tiers.tiers import Tier
from database.audiences import segments
from database.life import lists
from database.life import versions as stored_versions
from database.session import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A version that somebody has to decide about."""

    campaign: Campaign
    version: CampaignVersion
    approved: int | None
    """The last version that was approved; None where there is none."""
    note: Note | None
    """What its author wants approvers to know."""
    differences: Sequence[Difference]
    """From that to this, in the order of a plan's fields, high tiers first, rules of segments last.

    Where there is none, every field that says anything.
    """
    awaited: Changes
    """Since it was written: it is submitted again before it can be approved."""
    rules: Mapping[str, Mapping[str, Any]]
    """The documents of its segments' rules, as they are now; by the segments' ids."""


def waiting(snapshot: Snapshot, approver: str, *, limit: int) -> list[Waiting]:
    """What this approver may decide about: written by others, not decided yet, the oldest first."""
    return [read(snapshot, campaign) for campaign in to_decide(snapshot, approver, limit=limit)]


def to_decide(snapshot: Snapshot, approver: str, *, limit: int) -> list[Campaign]:
    """The campaigns of which this approver may decide about a version."""
    open_to_them = (
        stored.campaign(row)
        for row, writers, deciders in lists.submitted(snapshot)
        if not is_among(approver, [*writers, *deciders])
    )
    return list(islice(open_to_them, limit))


def read(snapshot: Snapshot, campaign: Campaign) -> Waiting:
    """A campaign's version as an approver reads it; what is proposed while it runs, beside what runs."""
    runs, asked = campaign.proposed_version is not None, campaign.asked_version
    this = versions.get(snapshot, campaign.campaign_id, asked)
    approved = campaign.version if runs else stored_versions.last_approved(snapshot, campaign.campaign_id, before=asked)
    document = this.document
    if approved is not None:
        changed = versions.compare(snapshot, campaign.campaign_id, approved, asked, as_one=AS_ONE)
    else:
        said = {name: value for name, value in document.items() if value not in ([], {})}
        changed = differences({"offers": {}}, said, as_one=AS_ONE)
    fields = list(document)
    ordered = sorted(changed, key=lambda each: (fields.index(each.field), [tier not in each.path for tier in Tier]))
    return Waiting(
        campaign=campaign, version=this, approved=approved,
        note=notes.last(snapshot, campaign, "UPDATE" if runs else Move.SUBMIT), differences=ordered,
        awaited=Changes() if runs else agreed_rules.changed_since(snapshot, this),
        rules={} if runs else {each.segment_id: each.rule for each in segments.rules(snapshot, this.segments)},
    )  # fmt: skip
