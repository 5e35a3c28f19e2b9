"""Versions of a campaign's plan: each change makes one, and none is ever changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.actor import Cause, is_among
from campaigns.audiences import segments
from campaigns.life.approval import Approval, Verdict
from campaigns.life.differences import Difference, differences
from campaigns.life.refusals import CampaignNotFound, CampaignVersionNotFound
from campaigns.terms import stored
from campaigns.terms.campaign import CampaignId, CampaignPlan
from database.audiences import rule_authors
from database.life import versions
from database.life.tables import ApprovalRow, CampaignVersionRow
from database.session import Snapshot, Transaction
from database.tiers import schemes


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignVersion:
    """A plan as it was at one version, and what was decided about it."""

    campaign_id: CampaignId
    version: int
    plan: CampaignPlan
    authors: tuple[str, ...]
    """Who changed it since a version was approved, the last one at the end."""
    segments: Mapping[str, int]
    """The saved segments that its audience depends on, each with the revision of its rule."""
    rule_authors: tuple[str, ...]
    """Who changed these rules since a plan that asks about them was approved, the last one at the end."""
    tier_scheme: int | None
    """The version that gave the tiers when it was written; None where that is not known."""
    approvals: tuple[Approval, ...]
    """Oldest first."""
    create_time: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return f"campaigns/{self.campaign_id}/versions/{self.version}"

    @property
    def writers(self) -> tuple[str, ...]:
        """Everybody whose work it is, who changed the plan last at the end: none of them decides about it."""
        rules = (each for each in self.rule_authors if not is_among(each, self.authors))
        return (*rules, *self.authors)

    @property
    def document(self) -> dict[str, Any]:
        """What an approver agrees to, as JSON."""
        scheme = {} if self.tier_scheme is None else {"tier_scheme": self.tier_scheme}
        return {**stored.plan_document(self.plan), "segments": dict(self.segments), **scheme}


def following(snapshot: Snapshot, campaign_id: str) -> int:
    """The number of the next version: numbers go on where a deleted campaign left them."""
    return versions.last(snapshot, campaign_id) + 1


def keep(
    transaction: Transaction, cause: Cause, campaign_id: str, version: int, plan: CampaignPlan, *,
    authors: Sequence[str],
) -> None:  # fmt: skip
    """Write down the plan as this version."""
    revisions = segments.rule_revisions(transaction, plan.rule)
    versions.add(
        transaction, campaign_id, version, plan=stored.plan_document(plan), authors=authors, segments=revisions,
        rule_authors=rule_authors.since_agreed(transaction, revisions), tier_scheme=schemes.giver(transaction),
        now=cause.now,
    )  # fmt: skip


def keep_amended(
    transaction: Transaction, cause: Cause, running: CampaignVersion, version: int, plan: CampaignPlan, *,
    authors: Sequence[str],
) -> None:  # fmt: skip
    """Write down the plan as this version of a campaign that runs.

    Its audience is frozen: rules of segments and tier scheme are those of the version that runs, and nobody who agrees
    to it agrees to others.
    """
    versions.add(
        transaction, running.campaign_id, version, plan=stored.plan_document(plan), authors=authors,
        segments=running.segments, rule_authors=(), tier_scheme=running.tier_scheme, now=cause.now,
    )  # fmt: skip


def get(snapshot: Snapshot, campaign_id: str, version: int) -> CampaignVersion:
    """One version. Raises CampaignNotFound, CampaignVersionNotFound."""
    row = versions.get(snapshot, campaign_id, version)
    if row is None:
        if not versions.last(snapshot, campaign_id):
            raise CampaignNotFound.of(f"campaigns/{campaign_id}")
        raise CampaignVersionNotFound.of(f"campaigns/{campaign_id}/versions/{version}")
    return _version(row, versions.decisions(snapshot, campaign_id, [version]))


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, before: int | None = None) -> list[CampaignVersion]:
    """Newest first; the next page is `before` the last version of this one. Raises CampaignNotFound."""
    rows = versions.page(snapshot, campaign_id, limit=limit, before=before)
    if not rows and before is None:
        raise CampaignNotFound.of(f"campaigns/{campaign_id}")
    decided = versions.decisions(snapshot, campaign_id, [row.version for row in rows])
    return [_version(row, decided) for row in rows]


def compare(
    snapshot: Snapshot, campaign_id: str, before: int, after: int, *, as_one: Collection[str] = ()
) -> tuple[Difference, ...]:
    """The `differences` of two versions. Raises CampaignNotFound, CampaignVersionNotFound."""
    old, new = (get(snapshot, campaign_id, version).document for version in (before, after))
    return differences(old, new, as_one=as_one)


def _version(row: CampaignVersionRow, decided: Sequence[ApprovalRow]) -> CampaignVersion:
    approvals = tuple(
        Approval(approver=each.approver, verdict=Verdict(each.verdict), comment=each.comment, time=each.create_time)
        for each in decided
        if each.version == row.version
    )
    return CampaignVersion(
        campaign_id=CampaignId(row.campaign_id), version=row.version, plan=stored.plan(row.plan),
        authors=tuple(row.authors), segments=row.segments, rule_authors=tuple(row.rule_authors),
        tier_scheme=row.tier_scheme, approvals=approvals, create_time=row.create_time,
    )  # fmt: skip
