"""Versions of campaigns' plans, and the decisions about them: written once, read for ever."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from database.life.tables import ApprovalRow, CampaignVersionRow
from database.session import Snapshot, Transaction


def last(snapshot: Snapshot, campaign_id: str) -> int:
    """The number of the newest version, also of a campaign that was deleted; 0 before the first."""
    newest = select(func.max(CampaignVersionRow.version)).where(CampaignVersionRow.campaign_id == campaign_id)
    return snapshot.execute(newest).scalar_one() or 0


def add(
    transaction: Transaction, campaign_id: str, version: int, *, plan: Mapping[str, Any], authors: Sequence[str],
    segments: Mapping[str, int], rule_authors: Sequence[str], tier_scheme: int | None, now: datetime,
) -> None:  # fmt: skip
    """Write down a version."""
    transaction.execute(
        insert(CampaignVersionRow).values(
            campaign_id=campaign_id, version=version, plan=dict(plan), authors=list(authors), segments=dict(segments),
            rule_authors=list(rule_authors), tier_scheme=tier_scheme, create_time=now,
        )
    )  # fmt: skip


def get(snapshot: Snapshot, campaign_id: str, version: int) -> CampaignVersionRow | None:
    return snapshot.get(CampaignVersionRow, (campaign_id, version))


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, before: int | None = None) -> list[CampaignVersionRow]:
    """Newest first; the next page is `before` the last version of this one."""
    query = select(CampaignVersionRow).where(CampaignVersionRow.campaign_id == campaign_id)
    if before is not None:
        query = query.where(CampaignVersionRow.version < before)
    return list(snapshot.scalars(query.order_by(CampaignVersionRow.version.desc()).limit(limit)))


def decide(
    transaction: Transaction, campaign_id: str, version: int, *, approver: str, verdict: str, comment: str,
    now: datetime,
) -> None:  # fmt: skip
    """Write down what an approver decided."""
    transaction.execute(
        insert(ApprovalRow).values(
            campaign_id=campaign_id, version=version, approver=approver, verdict=verdict, comment=comment,
            create_time=now,
        )
    )  # fmt: skip


def last_approved(snapshot: Snapshot, campaign_id: str, *, before: int) -> int | None:
    """The newest version below `before` of which every decision was an approval, and there was one."""
    all_agreed = func.bool_and(ApprovalRow.verdict == "APPROVED")
    query = select(ApprovalRow.version).where(ApprovalRow.campaign_id == campaign_id, ApprovalRow.version < before)
    query = query.group_by(ApprovalRow.version).having(all_agreed).order_by(ApprovalRow.version.desc()).limit(1)
    return snapshot.scalars(query).one_or_none()


def decisions(snapshot: Snapshot, campaign_id: str, numbers: Sequence[int]) -> list[ApprovalRow]:
    """What approvers decided about these versions, oldest first."""
    query = select(ApprovalRow).where(ApprovalRow.campaign_id == campaign_id, ApprovalRow.version.in_(numbers))
    return list(snapshot.scalars(query.order_by(ApprovalRow.create_time, ApprovalRow.approver)))
