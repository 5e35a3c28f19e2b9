"""What is on record of one customer in one launched campaign."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select

from database.audiences.tables import AudienceRow, ExclusionRow, SegmentRow
from database.coupons.tables import CouponRow
from database.customers.tables import CustomerRow
from database.session import Snapshot
from database.terms.tables import CampaignRow
from database.work.operations import SCORE_ALL_CUSTOMERS
from database.work.tables import OperationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """At most one of `member` and `excluded` is there."""

    member: AudienceRow | None
    excluded: ExclusionRow | None
    coupon: CouponRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a campaign keeps about its audience."""

    document: dict[str, Any] | None
    """None where it was frozen before this was kept."""
    budget_share: float


def recorded(snapshot: Snapshot, campaign_id: str, customer_id: str) -> Recorded:
    """Whether the customer is in the audience, or was left out of it, and what they got."""
    key = (campaign_id, customer_id)
    coupon = select(CouponRow).where(CouponRow.campaign_id == campaign_id, CouponRow.customer_id == customer_id)
    return Recorded(
        member=snapshot.get(AudienceRow, key), excluded=snapshot.get(ExclusionRow, key),
        coupon=snapshot.scalars(coupon).one_or_none(),
    )  # fmt: skip


def frozen(snapshot: Snapshot, campaign_id: str) -> Frozen:
    """Of a campaign that exists."""
    query = select(CampaignRow.frozen_from, CampaignRow.budget_share).where(CampaignRow.campaign_id == campaign_id)
    document, share = snapshot.execute(query).one()
    return Frozen(document=document, budget_share=share)


def others(
    snapshot: Snapshot, campaign_id: str, customer_id: str, *, before: datetime
) -> list[tuple[str, str | None, datetime, datetime | None]]:
    """Id, series, launch and end of the others, launched before, whose audience has the customer; newest first."""
    in_audience = exists().where(
        AudienceRow.campaign_id == CampaignRow.campaign_id, AudienceRow.customer_id == customer_id
    )
    query = (
        select(CampaignRow.campaign_id, CampaignRow.series, CampaignRow.launch_time, CampaignRow.finish_time)
        .where(CampaignRow.campaign_id != campaign_id, CampaignRow.launch_time <= before, in_audience)
        .order_by(CampaignRow.launch_time.desc(), CampaignRow.campaign_id)
    )
    return [(row.campaign_id, row.series, row.launch_time, row.finish_time) for row in snapshot.execute(query)]


def rescored(snapshot: Snapshot) -> datetime | None:
    """When a rescoring last changed scores and facts."""
    last = select(func.max(OperationRow.update_time)).where(OperationRow.kind == SCORE_ALL_CUSTOMERS)
    return snapshot.execute(last).scalar_one()


def known_since(snapshot: Snapshot, customer_id: str) -> datetime | None:
    """When the customer came; None where they are not known."""
    return snapshot.scalar(select(CustomerRow.create_time).where(CustomerRow.customer_id == customer_id))


def built(snapshot: Snapshot, segment_ids: frozenset[str]) -> dict[str, datetime | None]:
    """When each segment was last built; one that was deleted is absent."""
    query = select(SegmentRow.segment_id, SegmentRow.built_at).where(SegmentRow.segment_id.in_(segment_ids))
    return dict(snapshot.execute(query).all())
