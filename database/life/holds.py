"""Work that stands still with its campaign, as it should."""

from datetime import datetime

from sqlalchemy import text

from database.session import Snapshot
from database.work.operations import HAND_OVER_COUPONS, HELD_WITH_A_CAMPAIGN

QUIET = """
COALESCE(why ->> 'code' IN ('QUIET_HOURS', 'QUIET_UNTIL_OVER')
  AND CAST(split_part(why #>> '{facts,until}', ', ', 1) AS timestamptz) > :now - interval '5 minutes', false)
"""
"""Messages wait for the first end of quiet hours, or for the workers to come to them after it."""
HELD = text(f"""
SELECT operation_id FROM operations JOIN campaigns ON campaign_id = request ->> 'campaign_id'
WHERE operations.state = 'RUNNING' AND (
  kind = ANY(:kinds) AND (
    campaigns.state NOT IN ('LAUNCHING', 'ACTIVE')
    OR EXISTS (SELECT FROM stops WHERE scope IN ('-', campaign_id, series))
  ) OR kind = :hand_over AND (start_time > :now OR {QUIET})
)
""")  # noqa: S608 - made of constants


def held(snapshot: Snapshot, now: datetime) -> frozenset[str]:
    """The ids of operations whose campaign is paused or stopped, or whose messages have to wait."""
    asked = {"now": now, "kinds": list(HELD_WITH_A_CAMPAIGN), "hand_over": HAND_OVER_COUPONS}
    return frozenset(snapshot.scalars(HELD, asked))
