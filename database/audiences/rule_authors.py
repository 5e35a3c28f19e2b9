"""Who wrote the rules of segments: written down once, and kept when a segment is deleted."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select

from database.audiences.tables import SegmentRuleRow
from database.session import Snapshot, Transaction, driver_connection

# Whoever approved a version that has a rule has read it, and is none of its authors.
SINCE_AGREED = """
SELECT author FROM unnest(%(segments)s::text[], %(revisions)s::bigint[]) AS used (segment_id, revision)
CROSS JOIN LATERAL (
  SELECT coalesce(max((segments ->> used.segment_id)::bigint), 0) AS agreed FROM campaign_versions
  WHERE segments ? used.segment_id AND (
    SELECT bool_and(verdict = 'APPROVED') FROM approvals
    WHERE approvals.campaign_id = campaign_versions.campaign_id AND approvals.version = campaign_versions.version
  )
) AS known JOIN segment_rules
  ON segment_rules.segment_id = used.segment_id AND rule_revision > agreed AND rule_revision <= revision
GROUP BY author ORDER BY max(segment_rules.create_time), author
"""


def add(transaction: Transaction, segment_id: str, rule_revision: int, author: str, now: datetime) -> None:
    """Write down who gave a segment the rule of this revision."""
    values = {"segment_id": segment_id, "rule_revision": rule_revision, "author": author, "create_time": now}
    transaction.execute(insert(SegmentRuleRow).values(values))


def last_revision(snapshot: Snapshot, segment_id: str) -> int:
    """The newest revision of a rule, also of a segment that was deleted; 0 before the first."""
    newest = select(func.max(SegmentRuleRow.rule_revision)).where(SegmentRuleRow.segment_id == segment_id)
    return snapshot.execute(newest).scalar_one() or 0


def since_agreed(snapshot: Snapshot, revisions: Mapping[str, int]) -> list[str]:
    """Who changed the rules of segments, up to these revisions, since somebody approved a plan that asks about them.

    Whichever campaign's plan it was. Who did so last stands at the end.
    """
    asked = {"segments": list(revisions), "revisions": list(revisions.values())}
    return [str(author) for (author,) in driver_connection(snapshot).execute(SINCE_AGREED.encode(), asked).fetchall()]
