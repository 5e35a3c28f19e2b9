"""Bulk work that failed, and that nobody has begun again."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text

from database.session import Snapshot

# Begun again is the same kind of work for the same campaign, customer, segment, or model that is looked at; where it is
# for none of them, the next of its kind. That it begins later is said of :since too, for the index.
SUBJECT = """
ROW({work}.request ->> 'campaign_id', {work}.request ->> 'customer_id', {work}.request ->> 'segment_id',
  CASE WHEN {work}.kind IN ('JUDGE_MODEL', 'PREVIEW_MODEL') THEN {work}.request ->> 'model_id' END)::text
"""
LEFT = text(f"""
SELECT kind, count(*) FROM operations AS failed WHERE state = 'FAILED' AND update_time >= :since AND NOT EXISTS (
  SELECT FROM operations AS later WHERE later.create_time >= :since AND later.create_time >= failed.update_time
    AND later.kind = failed.kind AND {SUBJECT.format(work="later")} = {SUBJECT.format(work="failed")}
) GROUP BY kind
""")  # noqa: S608 - made of constants


def left(snapshot: Snapshot, *, since: datetime) -> Mapping[str, int]:
    """How many of each kind, of those that ended since then."""
    return {str(kind): int(count) for kind, count in snapshot.execute(LEFT, {"since": since})}
