"""What a version of a plan was written with and does not say itself: rules of saved segments, and a tier scheme.

Whoever approves the version agrees to them. Another rule or scheme changes who gets what, so it is approved anew.
Members may come and go, and scores may change.
"""

from dataclasses import dataclass

from campaigns.audiences import segments
from campaigns.life import versions
from campaigns.life.refusals import SegmentRulesChanged, TiersChanged
from campaigns.life.versions import CampaignVersion
from campaigns.terms.campaign import Campaign, State
from database.audiences import segments as stored_segments
from database.session import Snapshot, Transaction
from database.tiers import schemes

BEFORE_LAUNCH = (State.SUBMITTED, State.APPROVED, State.SCHEDULED)
"""Where somebody is asked to agree to the version, or has agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is not as it was when a version was written; false where all is."""

    segments: tuple[str, ...] = ()
    """Whose rules are others, by their ids."""
    tier_scheme: int | None = None
    """The version by which customers have their tiers now, where it is another one."""

    def __bool__(self) -> bool:
        return bool(self.segments) or self.tier_scheme is not None


def changed(snapshot: Snapshot, campaign: Campaign) -> Changes:
    """Since the campaign's version."""
    return changed_since(snapshot, versions.get(snapshot, campaign.campaign_id, campaign.version))


def changed_since(snapshot: Snapshot, version: CampaignVersion) -> Changes:
    """Since a version that has been read."""
    current, scheme = segments.rule_revisions(snapshot, version.plan.rule), schemes.giver(snapshot)
    others = tuple(sorted(name for name, revision in current.items() if version.segments.get(name) != revision))
    same = version.tier_scheme is None or scheme == version.tier_scheme
    return Changes(segments=others, tier_scheme=None if same else scheme)


def awaited(snapshot: Snapshot, campaign: Campaign) -> Changes:
    """For whose sake a campaign has to be submitted again before it can be approved or launched."""
    return changed(snapshot, campaign) if campaign.state in BEFORE_LAUNCH else Changes()


def check(transaction: Transaction, campaign: Campaign) -> None:
    """Raises SegmentRulesChanged, TiersChanged. Until the transaction ends nobody changes the rules."""
    agreed = versions.get(transaction, campaign.campaign_id, campaign.version)
    stored_segments.hold(transaction, agreed.segments)
    others = changed_since(transaction, agreed)
    since = (
        f"since version {campaign.version} of {campaign.name} was written, and nobody has agreed to it: look at it and "
    )
    if others.segments:
        names = ", ".join(f"segments/{each}" for each in others.segments)
        raise SegmentRulesChanged(
            f"the rule of {names} changed {since}submit the campaign again",
            campaign=campaign.name, version=campaign.version, segments=names,
        )  # fmt: skip
    if others.tier_scheme is not None:
        name = f"tierSchemes/{others.tier_scheme}"
        raise TiersChanged(
            f"customers have their tiers by {name} {since}submit the campaign again",
            campaign=campaign.name, version=campaign.version, tier_scheme=name,
        )  # fmt: skip
