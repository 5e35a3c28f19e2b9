"""Who was kept out of an audience, counted by the group that a customer would have been drawn into."""

from collections import defaultdict

from sqlalchemy import func, select

from database.audiences.tables import ExclusionRow
from database.experiments.assignment import Groups, group
from database.session import Snapshot


def by_group(snapshot: Snapshot, campaign_id: str, groups: Groups) -> dict[str, dict[str, int]]:
    """Of each reason, in alphabetical order, the customers of every group that lost any."""
    drawn = group(groups, campaign_id, ExclusionRow.customer_id).label("drawn")
    query = select(ExclusionRow.reason, drawn, func.count()).where(ExclusionRow.campaign_id == campaign_id)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for reason, name, count in snapshot.execute(query.group_by("reason", "drawn").order_by("reason", "drawn")):
        counts[reason][name] = count
    return dict(counts)


def by_reason(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """How many customers each reason kept out."""
    query = select(ExclusionRow.reason, func.count()).where(ExclusionRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(ExclusionRow.reason).order_by(ExclusionRow.reason)).all())
