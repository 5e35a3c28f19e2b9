"""Bulk work that failed, and that nobody has begun again."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text

from database.session import Snapshot

# Begun again is the same kind of work for the same campaign, segment, or model that is looked at; where it is for none
# of them, the next of its kind.
SUBJECT = """
ROW(request ->> 'campaign_id', request ->> 'segment_id',
  CASE WHEN kind IN ('JUDGE_MODEL', 'PREVIEW_MODEL') THEN request ->> 'model_id' END)
"""
LEFT = text(f"""
WITH work AS (SELECT kind, state, create_time, update_time, ({SUBJECT})::text AS subject FROM operations)
SELECT kind, count(*) FROM work AS failed WHERE state = 'FAILED' AND update_time >= :since AND NOT EXISTS (
  SELECT FROM work AS later WHERE later.kind = failed.kind AND later.subject = failed.subject
    AND later.create_time >= failed.update_time
) GROUP BY kind
""")  # noqa: S608 - made of constants


def left(snapshot: Snapshot, *, since: datetime) -> Mapping[str, int]:
    """How many of each kind, of those that ended since then."""
    return {str(kind): int(count) for kind, count in snapshot.execute(LEFT, {"since": since})}
