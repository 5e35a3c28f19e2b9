"""The rules of saved segments that a version of a plan was written with: whoever approves the version agrees to them.

A rule that changes later changes who gets coupons, so it needs the approval anew. Members may come and go.
"""

from campaigns.audiences import segments
from campaigns.life import versions
from campaigns.life.refusals import SegmentRulesChanged
from campaigns.life.versions import CampaignVersion
from campaigns.terms.campaign import Campaign, State
from database.audiences import segments as stored_segments
from database.session import Snapshot, Transaction

BEFORE_LAUNCH = (State.SUBMITTED, State.APPROVED, State.SCHEDULED)
"""Where somebody is asked to agree to the version, or has agreed."""


def changed(snapshot: Snapshot, campaign: Campaign) -> tuple[str, ...]:
    """Segments whose rules are others than those of the campaign's version, by their ids."""
    return changed_since(snapshot, versions.get(snapshot, campaign.campaign_id, campaign.version))


def changed_since(snapshot: Snapshot, version: CampaignVersion) -> tuple[str, ...]:
    """Likewise of a version that has been read."""
    current = segments.rule_revisions(snapshot, version.plan.rule)
    return tuple(sorted(name for name, revision in current.items() if version.segments.get(name) != revision))


def awaited(snapshot: Snapshot, campaign: Campaign) -> tuple[str, ...]:
    """Segments for whose sake a campaign has to be submitted again before it can be approved or launched."""
    return changed(snapshot, campaign) if campaign.state in BEFORE_LAUNCH else ()


def check(transaction: Transaction, campaign: Campaign) -> None:
    """Raises SegmentRulesChanged. Until the transaction ends nobody changes the rules."""
    agreed = versions.get(transaction, campaign.campaign_id, campaign.version)
    stored_segments.hold(transaction, agreed.segments)
    others = changed_since(transaction, agreed)
    if others:
        names = ", ".join(f"segments/{each}" for each in others)
        raise SegmentRulesChanged(
            f"the rule of {names} changed since version {campaign.version} of {campaign.name} was written, and nobody "
            "has agreed to it: look at it and submit the campaign again",
            campaign=campaign.name, version=campaign.version, segments=names,
        )  # fmt: skip
